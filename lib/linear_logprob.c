/* SPDX-License-Identifier: Apache-2.0 */
#include "linear_logprob.h"

#include <math.h>

#include "cast.h"

enum clgrpo_status
clg_logprob_check(struct clgrpo_context *ctx, const char *op, const struct clgrpo_tensor *x,
                  const struct clgrpo_tensor *w, const struct clgrpo_tensor *target, const struct clgrpo_tensor *lse,
                  float inv_temperature)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t most = 0x7fffffff - CLG_LSE_SEGMENT, n = x->shape[0], e = x->shape[1], v = w->shape[0];

    CLG_TRY(clg_tensor_check_storage(ctx, op, "x", x, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_TRY(clg_tensor_check_storage(ctx, op, "w", w, 2, CLG_SHAPE(CLG_ANY, e)));
    CLG_REQUIRE(ctx, v >= 1 && v <= most && n <= most && e <= most, CLGRPO_E_SHAPE,
                "%s: %zu rows of width %zu over %zu tokens; need 1 or more tokens and no extent over %zu", op, n, e, v,
                most);
    CLG_TRY(clg_tensor_check(ctx, op, "target", target, CLGRPO_I32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, op, "lse", lse, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_REQUIRE(ctx, inv_temperature > 0.0f && isfinite(inv_temperature), CLGRPO_E_VALUE,
                "%s: inv_temperature is %g, need a positive number", op, (double)inv_temperature);
out:
    return st;
}

static void
write_defines(const struct clgrpo_context *ctx, bool with_entropy, const struct clg_simt_tile *tile,
              const struct clgrpo_tensor *x, const struct clgrpo_tensor *w, char text[CLG_LOGPROB_DEFINES])
{
    const bool aligned = (x->offset | x->stride[0] | w->offset | w->stride[0]) % 4 == 0;
    char of_tile[CLG_SIMT_TILE_DEFINES];

    if (ctx->family == CLGRPO_FAMILY_CPU) {
        snprintf(text, CLG_LOGPROB_DEFINES, "-DC_ENTROPY=%d", with_entropy);
        return;
    }
    clg_simt_tile_defines(tile, of_tile);
    snprintf(text, CLG_LOGPROB_DEFINES, "-DC_ENTROPY=%d -DC_ALIGNED=%d -DC_B=%s%s", with_entropy, aligned,
             clg_storage_name(w->dtype), of_tile);
}

enum clgrpo_status
clg_logprob_choose(struct clgrpo_context *ctx, const struct clg_logprob_shape *s, const char *entry,
                   struct clg_simt_tile *tile, char defines[CLG_LOGPROB_DEFINES], cl_kernel *kernel)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t most = ctx->info.max_work_group, items;

    *kernel = NULL;
    *tile = clg_simt_tile_head(ctx, s->n_rows, s->across, most);
    for (;;) {
        write_defines(ctx, s->with_entropy, tile, s->x, s->w, defines);
        if (ctx->family == CLGRPO_FAMILY_CPU) /* has no tile */
            break;
        CLG_TRY(clg_kernel_get_most(ctx, "linear_logprob_simt", entry, defines, kernel, &most));
        items = clg_simt_tile_items(tile);
        if (items <= most)
            break;
        *tile = clg_simt_tile_head(ctx, s->n_rows, s->across, most);
        if (clg_simt_tile_items(tile) >= items)
            break;
    }
out:
    return st;
}

size_t
clg_logprob_x_elems(const struct clgrpo_tensor *x)
{
    return x->dtype == CLGRPO_F32 ? 0 : clg_round_up(clgrpo_tensor_elems(x), 16);
}

enum clgrpo_status
clg_logprob_x_run(struct clg_seq *seq, struct clgrpo_tensor *x, const struct clgrpo_workspace *w, size_t at)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_tensor y;

    if (x->dtype == CLGRPO_F32)
        return CLGRPO_OK;
    y = clgrpo_tensor_view(w->buf, w->offset_bytes / sizeof(float) + at, CLGRPO_F32, 2, x->shape);
    CLG_TRY(clg_cast_run(seq, x, &y));
    *x = y;
out:
    return st;
}
