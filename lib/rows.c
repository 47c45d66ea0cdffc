/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

enum { GROUPS_PER_CORE = 8, MAX_SIMT_GROUPS = 8192 };

enum clgrpo_status
clg_rows_kernel(struct clgrpo_context *ctx, const char *unit, const char *entry, const char *more, cl_kernel *out)
{
    char defines[128];

    snprintf(defines, sizeof defines, "-DC_CPU=%d%s%s", ctx->family == CLGRPO_FAMILY_CPU, more[0] != '\0' ? " " : "",
             more);
    return clg_kernel_get(ctx, unit, entry, defines, out);
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
    return clg_grid1(n_groups, ctx->family == CLGRPO_FAMILY_CPU ? 1 : CLG_ROWS_GROUP);
}
