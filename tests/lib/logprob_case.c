/* SPDX-License-Identifier: Apache-2.0 */
#include "logprob_case.h"

#include <stdlib.h>
#include <string.h>

struct head
head_make(struct clgrpo_context *ctx, struct shape s, bool with_entropy, float inv_temperature)
{
    struct head h = {.s = s, .fwd = CLGRPO_LINEAR_LOGPROB_ARGS_INIT};

    h.x = fx_random(s.n * s.e, 2.0f, 21);
    h.w = fx_random(s.v * s.e, 1.5f, 22);
    h.g = fx_random(s.n, 1.0f, 23);
    h.h = fx_random(s.n, 0.5f, 24);
    h.target = fx_random_i32(s.n, (int32_t)s.v, 25);
    h.fwd.x = fx_upload_strided(ctx, s.n, s.e, s.e + PAD, h.x);
    h.fwd.w = fx_upload_strided(ctx, s.v, s.e, s.e + PAD, h.w);
    h.fwd.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(s.n), h.target);
    h.fwd.logprob = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(s.n));
    h.fwd.lse = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(s.n));
    if (with_entropy)
        h.fwd.entropy = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(s.n));
    h.fwd.inv_temperature = inv_temperature;
    h.x64 = fx_widen(h.x, s.n * s.e);
    h.w64 = fx_widen(h.w, s.v * s.e);
    h.g64 = fx_widen(h.g, s.n);
    h.h64 = fx_widen(h.h, s.n);
    h.ref = (struct ref_linear_logprob_args){.n = s.n,
                                             .e = s.e,
                                             .v = s.v,
                                             .x = h.x64,
                                             .w = h.w64,
                                             .g = h.g64,
                                             .h = with_entropy ? h.h64 : NULL,
                                             .target = h.target,
                                             .inv_temperature = inv_temperature};
    return h;
}

void
head_release(struct head *h)
{
    struct clgrpo_tensor *all[] = {&h->fwd.x,       &h->fwd.w,        &h->fwd.target,   &h->fwd.logprob, &h->fwd.lse,
                                   &h->fwd.entropy, &h->bwd.dlogprob, &h->bwd.dentropy, &h->bwd.dx,      &h->bwd.dw};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        fx_release(all[i]);
    fx_workspace_release(&h->fwd.workspace);
    fx_workspace_release(&h->bwd.workspace);
    ref_linear_logprob_free(&h->ref);
    free(h->x);
    free(h->w);
    free(h->g);
    free(h->h);
    free(h->target);
    free(h->x64);
    free(h->w64);
    free(h->g64);
    free(h->h64);
}

void
head_forward(struct clgrpo_context *ctx, struct head *h)
{
    size_t bytes;

    fx_workspace_release(&h->fwd.workspace);
    fx_ok(ctx, clgrpo_linear_logprob_workspace(ctx, &h->fwd, &bytes));
    h->fwd.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_linear_logprob(ctx, &h->fwd, clgrpo_context_queue(ctx), 0, NULL, NULL));
}

void
head_backward(struct clgrpo_context *ctx, struct head *h)
{
    const bool with_entropy = h->fwd.entropy.buf != NULL;
    size_t bytes;

    h->bwd = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;
    h->bwd.x = h->fwd.x;
    h->bwd.w = h->fwd.w;
    h->bwd.target = h->fwd.target;
    h->bwd.lse = h->fwd.lse;
    h->bwd.entropy = h->fwd.entropy;
    h->bwd.inv_temperature = h->fwd.inv_temperature;
    h->bwd.dlogprob = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(h->s.n), h->g);
    if (with_entropy)
        h->bwd.dentropy = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(h->s.n), h->h);
    h->bwd.dx = fx_upload_strided(ctx, h->s.n, h->s.e, h->s.e + PAD, NULL);
    h->bwd.dw = fx_upload_strided(ctx, h->s.v, h->s.e, h->s.e + PAD, h->w);
    fx_ok(ctx, clgrpo_linear_logprob_backward_workspace(ctx, &h->bwd, &bytes));
    h->bwd.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_linear_logprob_backward(ctx, &h->bwd, clgrpo_context_queue(ctx), 0, NULL, NULL));
}

void
sampler_agrees(struct clgrpo_context *ctx, struct shape s, size_t first, size_t n, float temperature)
{
    struct head h = head_make(ctx, s, false, 1.0f / temperature);
    struct clgrpo_gemm_args gemm = CLGRPO_GEMM_ARGS_INIT;
    struct clgrpo_sample_args sample = CLGRPO_SAMPLE_ARGS_INIT;
    uint64_t *keys = malloc((2 * n + 1) * sizeof *keys);
    float *trained, *sampled;
    int32_t *token;
    size_t bytes;

    for (size_t i = 0; i < 2 * n; i++)
        keys[i] = 77 + 3 * i;
    gemm.a = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(n, s.e), h.x + first * s.e);
    gemm.b = h.fwd.w;
    gemm.trans_b = true;
    gemm.c = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(n, s.v));
    fx_ok(ctx, clgrpo_gemm_workspace(ctx, &gemm, &bytes));
    gemm.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_gemm(ctx, &gemm, clgrpo_context_queue(ctx), 0, NULL, NULL));
    sample.logits = gemm.c;
    sample.key = fx_upload(ctx, CLGRPO_U64, 2, FX_SHAPE(n, 2), keys);
    sample.token = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(n));
    sample.logprob = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(n));
    sample.temperature = temperature;
    sample.top_k = 40;
    sample.top_p = 0.95f;
    fx_ok(ctx, clgrpo_sample_workspace(ctx, &sample, &bytes));
    sample.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_sample(ctx, &sample, clgrpo_context_queue(ctx), 0, NULL, NULL));
    token = fx_download(ctx, &sample.token);
    sampled = fx_download(ctx, &sample.logprob);
    memcpy(h.target + first, token, n * sizeof *token);
    fx_release(&h.fwd.target);
    h.fwd.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(s.n), h.target);
    head_forward(ctx, &h);
    trained = fx_download(ctx, &h.fwd.logprob);
    fx_same_bits("log-probability of sampler and trainer", sampled, trained + first, n * sizeof *sampled);
    fx_release_all(&gemm.a, &gemm.c, &sample.key, &sample.token, &sample.logprob);
    fx_workspace_release(&gemm.workspace);
    fx_workspace_release(&sample.workspace);
    free(keys);
    free(token);
    free(sampled);
    free(trained);
    head_release(&h);
}
