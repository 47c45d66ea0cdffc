/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/advantage.h"

static enum mg_status
translate(struct clgrpo_context *ctx, enum clgrpo_status status, struct mg_err *err)
{
    if (status == CLGRPO_OK)
        return MG_OK;
    mg_fail(err, MG_FAIL, "%s", clgrpo_error_text(ctx));
    clgrpo_error_clear(ctx);
    return MG_FAIL;
}

static enum mg_status
upload(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t n, const void *host, struct clgrpo_tensor *out,
       struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(translate(ctx, clgrpo_tensor_create(ctx, dtype, 1, &n, out), err));
    MG_TRY(translate(ctx, clgrpo_tensor_write(ctx, clgrpo_context_queue(ctx), out, host, n * clgrpo_dtype_bytes(dtype)),
                     err));
out:
    return st;
}

enum mg_status
mg_advantages(struct clgrpo_context *ctx, const struct mg_config *c, const float *reward, const float *weight,
              uint32_t n, const int32_t *offsets, uint32_t n_groups, float *advantage, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_advantage_args args = CLGRPO_ADVANTAGE_ARGS_INIT;

    if (n == 0)
        return MG_OK;
    MG_TRY(upload(ctx, CLGRPO_F32, n, reward, &args.reward, err));
    if (weight != NULL)
        MG_TRY(upload(ctx, CLGRPO_F32, n, weight, &args.weight, err));
    MG_TRY(upload(ctx, CLGRPO_I32, n_groups + 1, offsets, &args.offsets, err));
    args.advantage = args.reward;
    args.kind = mg_advantage_kinds[c->advantage].kind;
    args.eps = (float)c->advantage_eps;
    if (args.kind == CLGRPO_ADVANTAGE_BATCH)
        MG_TRY(translate(ctx, clgrpo_tensor_create(ctx, CLGRPO_F32, 1, &(size_t){1}, &args.batch_deviation), err));
    MG_TRY(translate(ctx, clgrpo_advantage(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL), err));
    MG_TRY(translate(
        ctx, clgrpo_tensor_read(ctx, clgrpo_context_queue(ctx), &args.advantage, advantage, n * sizeof *advantage),
        err));
out:
    clgrpo_tensor_destroy(&args.reward);
    clgrpo_tensor_destroy(&args.weight);
    clgrpo_tensor_destroy(&args.offsets);
    clgrpo_tensor_destroy(&args.batch_deviation);
    return st;
}
