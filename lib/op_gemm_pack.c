/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm_pack.h"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_gemm_pack_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t most = 0x7fffffff;
    const size_t k = a->b.shape[a->trans_b ? 1 : 0], n = a->b.shape[a->trans_b ? 0 : 1];

    CLG_TRY(clg_tensor_check_storage(ctx, "gemm_pack", "b", &a->b, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_REQUIRE(ctx, k <= most && n <= most, CLGRPO_E_SHAPE, "gemm_pack: b is %zu x %zu: an extent is over %zu",
                a->b.shape[0], a->b.shape[1], most);
    CLG_TRY(clg_tensor_check_storage(ctx, "gemm_pack", "packed", &a->packed, 1,
                                     CLG_SHAPE(clgrpo_gemm_pack_elems(ctx, k, n))));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_gemm_pack, "gemm_pack", CLG_OUT(a, packed), CLG_IN(a, b))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_gemm_pack_args *a)
{
    return clg_gemm_pack_run(seq, &a->b, a->trans_b, &a->packed);
}

CLG_OPERATION(clgrpo_gemm_pack, "gemm_pack", check, views, run)
