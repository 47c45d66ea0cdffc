/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <string.h>

#include "tier.h"
#include "tune.h"

enum { GROUPS_PER_CORE = 8, MAX_SIMT_GROUPS = 8192 };

/* Units whose kernels sum over a group. */
static bool
sums(const char *unit)
{
    static const char *const units[] = {"rmsnorm", "rmsnorm_backward", "global_norm"};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i], unit) == 0)
            return true;
    return false;
}

enum clgrpo_status
clg_rows_kernel(struct clgrpo_context *ctx, const char *unit, const char *entry, enum clgrpo_dtype act,
                const char *more, cl_kernel *out)
{
    const bool cpu = ctx->family == CLGRPO_FAMILY_CPU;
    const char *tier = !cpu && sums(unit) ? clg_tier_defines(ctx, CLG_TIER_SUBGROUP_SUM) : "";
    char defines[256];

    snprintf(defines, sizeof defines, "-DC_CPU=%d%s%s%s%s%s", cpu, more[0] != '\0' ? " " : "", more,
             tier[0] != '\0' ? " " : "", tier, clg_act_define(act));
    if (!cpu)
        clg_tune_defines(ctx, CLG_TUNE_ROWS_SIMT, 0, defines, sizeof defines);
    return clg_kernel_get(ctx, unit, entry, defines, out);
}

size_t
clg_rows_group(const struct clgrpo_context *ctx)
{
    return ctx->family == CLGRPO_FAMILY_CPU ? 1 : (size_t)clg_tune_get(ctx, CLG_TUNE_ROWS_SIMT_GROUP, 0);
}

struct clg_grid
clg_rows_grid(const struct clgrpo_context *ctx, size_t n)
{
    size_t most =
        ctx->family == CLGRPO_FAMILY_CPU ? (size_t)ctx->info.compute_units * GROUPS_PER_CORE : MAX_SIMT_GROUPS;

    return clg_rows_fixed(ctx, n < most ? n : most);
}

struct clg_grid
clg_rows_fixed(const struct clgrpo_context *ctx, size_t n_groups)
{
    return clg_grid1(n_groups, clg_rows_group(ctx));
}

enum clgrpo_status
clg_rows_run(struct clg_seq *seq, const char *unit, const char *entry, enum clgrpo_dtype act, const char *more,
             struct clg_grid grid, const struct clg_arg *args, cl_uint n_args)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_kernel kernel;

    CLG_TRY(clg_rows_kernel(seq->ctx, unit, entry, act, more, &kernel));
    CLG_TRY(clg_launch(seq, kernel, &grid, args, n_args));
out:
    return st;
}
