/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_case.h"

#include <stdlib.h>

struct sample_draw
sample_draw(struct clgrpo_context *ctx, const float *logits, bool one_row, size_t n_rows, size_t vocab, uint64_t seed,
            float temperature, unsigned top_k, float top_p)
{
    struct clgrpo_sample_args a = CLGRPO_SAMPLE_ARGS_INIT;
    uint64_t *keys = malloc((2 * n_rows + 1) * sizeof *keys);
    struct sample_draw d;
    size_t bytes;

    for (size_t b = 0; b < n_rows; b++) {
        keys[2 * b] = seed;
        keys[2 * b + 1] = b;
    }
    a.logits = fx_upload_strided(ctx, one_row ? 1 : n_rows, vocab, vocab + 5, logits);
    if (one_row) {
        a.logits.shape[0] = n_rows;
        a.logits.stride[0] = 0;
    }
    a.key = fx_upload(ctx, CLGRPO_U64, 2, FX_SHAPE(n_rows, 2), keys);
    a.token = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(n_rows));
    a.logprob = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(n_rows));
    a.temperature = temperature;
    a.top_k = top_k;
    a.top_p = top_p;
    fx_ok(ctx, clgrpo_sample_workspace(ctx, &a, &bytes));
    a.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_sample(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    d.token = fx_download(ctx, &a.token);
    d.logprob = fx_download(ctx, &a.logprob);
    fx_release_all(&a.logits, &a.key, &a.token, &a.logprob);
    fx_workspace_release(&a.workspace);
    free(keys);
    return d;
}

void
sample_draw_free(struct sample_draw *d)
{
    free(d->token);
    free(d->logprob);
}
