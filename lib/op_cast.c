/* SPDX-License-Identifier: Apache-2.0 */
#include "cast.h"

enum clgrpo_status
clgrpo_cast(struct clgrpo_context *ctx, const struct clgrpo_cast_args *args, cl_command_queue queue, cl_uint n_wait,
            const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};

    CLG_CHECK_ARGS(ctx, args, "cast");
    CLG_REQUIRE(ctx, args->x.rank == 1 || args->x.rank == 2, CLGRPO_E_SHAPE, "cast: x has rank %u, need 1 or 2",
                args->x.rank);
    CLG_TRY(clg_tensor_check_storage(ctx, "cast", "x", &args->x, args->x.rank, args->x.shape));
    CLG_TRY(clg_tensor_check_storage(ctx, "cast", "y", &args->y, args->x.rank, args->x.shape));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    CLG_TRY(clg_cast_run(&seq, &args->x, &args->y));
out:
    return clg_seq_end(&seq, st);
}
