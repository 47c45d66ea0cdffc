/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm.h"

#include <math.h>

/* Extents agree and fit the kernels' 32-bit counts. */
static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t most = 0x7fffffff;
    size_t m, n, k;

    CLG_REQUIRE(ctx, args->a.rank == 2 && args->c.rank == 2, CLGRPO_E_SHAPE, "gemm: a has rank %u and c %u, not 2",
                args->a.rank, args->c.rank);
    m = args->c.shape[0];
    n = args->c.shape[1];
    k = args->a.shape[args->trans_a ? 0 : 1];
    CLG_REQUIRE(ctx, m <= most && n <= most && k <= most, CLGRPO_E_SHAPE,
                "gemm: %zu x %zu x %zu: an extent is over %zu", m, n, k, most);
    CLG_REQUIRE(ctx, isfinite(args->alpha), CLGRPO_E_VALUE, "gemm: alpha is %g, need a finite number",
                (double)args->alpha);
    CLG_TRY(clg_tensor_check_storage(ctx, "gemm", "a", &args->a, 2, args->trans_a ? CLG_SHAPE(k, m) : CLG_SHAPE(m, k)));
    CLG_TRY(clg_tensor_check_storage(ctx, "gemm", "c", &args->c, 2, CLG_SHAPE(m, n)));
    if (args->b_packed.buf == NULL) {
        CLG_TRY(
            clg_tensor_check_storage(ctx, "gemm", "b", &args->b, 2, args->trans_b ? CLG_SHAPE(n, k) : CLG_SHAPE(k, n)));
        goto out;
    }
    CLG_REQUIRE(ctx,
                args->b.rank == 2 && args->b.shape[args->trans_b ? 0 : 1] == n &&
                    args->b.shape[args->trans_b ? 1 : 0] == k,
                CLGRPO_E_SHAPE, "gemm: b is %zu x %zu, c has %zu columns and a %zu terms", args->b.shape[0],
                args->b.shape[1], n, k);
    CLG_TRY(clg_tensor_check_storage(ctx, "gemm", "b_packed", &args->b_packed, 1,
                                     CLG_SHAPE(clgrpo_gemm_pack_elems(ctx, k, n))));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_gemm, "gemm", CLG_OUT(a, c), CLG_IN(a, a),
          a->b_packed.buf != NULL ? CLG_IN(a, b_packed) : CLG_IN(a, b))

CLG_OPERATION_WITH_SPACE(clgrpo_gemm, "gemm", check, views, clg_gemm_workspace_bytes, clg_gemm_run)
