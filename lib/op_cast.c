/* SPDX-License-Identifier: Apache-2.0 */
#include "cast.h"

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_cast_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, a->x.rank == 1 || a->x.rank == 2, CLGRPO_E_SHAPE, "cast: x has rank %u, need 1 or 2", a->x.rank);
    CLG_TRY(clg_tensor_check_storage(ctx, "cast", "x", &a->x, a->x.rank, a->x.shape));
    CLG_TRY(clg_tensor_check_storage(ctx, "cast", "y", &a->y, a->x.rank, a->x.shape));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_cast, "cast", CLG_OUT(a, y), CLG_IN(a, x))

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_cast_args *a)
{
    return clg_cast_run(seq, &a->x, &a->y);
}

CLG_OPERATION(clgrpo_cast, "cast", check, views, run)
