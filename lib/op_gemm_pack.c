/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm_pack.h"

enum clgrpo_status
clgrpo_gemm_pack(struct clgrpo_context *ctx, const struct clgrpo_gemm_pack_args *args, cl_command_queue queue,
                 cl_uint n_wait, const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t most = 0x7fffffff;
    struct clg_seq seq = {0};
    size_t k, n;

    CLG_CHECK_ARGS(ctx, args, "gemm_pack");
    CLG_TRY(clg_tensor_check_storage(ctx, "gemm_pack", "b", &args->b, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    k = args->b.shape[args->trans_b ? 1 : 0];
    n = args->b.shape[args->trans_b ? 0 : 1];
    CLG_REQUIRE(ctx, k <= most && n <= most, CLGRPO_E_SHAPE, "gemm_pack: b is %zu x %zu: an extent is over %zu",
                args->b.shape[0], args->b.shape[1], most);
    CLG_TRY(clg_tensor_check_storage(ctx, "gemm_pack", "packed", &args->packed, 1,
                                     CLG_SHAPE(clgrpo_gemm_pack_elems(ctx, k, n))));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    CLG_TRY(clg_gemm_pack_run(&seq, &args->b, args->trans_b, &args->packed));
out:
    return clg_seq_end(&seq, st);
}
