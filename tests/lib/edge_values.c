/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what operations answer to inputs that have no good answer, for each family: the table bench/results/edge-values.tsv. */
#include "sample_case.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *family, *platform;

static void
answer(const char *operation, const char *input, const char *text)
{
    printf("%s\t%s\t%s\t%s\t%s\n", platform, family, operation, input, text);
}

/* ---- Sampling: 10 equal logits, of which one may be another ---- */

enum { TOKENS = 10 };

static void
sample_answers(struct clgrpo_context *ctx)
{
    static const struct {
        const char *name;
        float all, sixth, temperature;
    } rows[] = {{"all -inf", -INFINITY, -INFINITY, 1.0f},
                {"all -1e31", -1e31f, -1e31f, 1.0f},
                {"all -1e30, temperature 0.3", -1e30f, -1e30f, 0.3f},
                {"all NaN", NAN, NAN, 1.0f},
                {"one NaN", 0.5f, NAN, 1.0f},
                {"one +inf", 0.5f, INFINITY, 1.0f}};
    static const struct {
        const char *name;
        unsigned top_k;
        float top_p;
    } cuts[] = {{"", 0, 1.0f}, {", top_k 3", 3, 1.0f}, {", top_p 0.5", 0, 0.5f}};
    float logits[TOKENS];
    char what[64], text[64];

    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
        for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
            struct sample_draw d;

            for (int v = 0; v < TOKENS; v++)
                logits[v] = v == 6 ? rows[r].sixth : rows[r].all;
            d = sample_draw(ctx, logits, true, 1, TOKENS, 1, rows[r].temperature, cuts[c].top_k, cuts[c].top_p);
            snprintf(what, sizeof what, "%s%s", rows[r].name, cuts[c].name);
            snprintf(text, sizeof text, "token %d, logprob %g", d.token[0], (double)fabsf(d.logprob[0]));
            answer("sample", what, text);
            sample_draw_free(&d);
        }
}

/* ---- The head: two logits, by a row x of width 1 ---- */

static void
head_answer(struct clgrpo_context *ctx, const char *input, float x, float w0, float w1)
{
    const float w[2] = {w0, w1};
    const int32_t target = 0;
    struct clgrpo_linear_logprob_args a = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    char text[64];
    size_t bytes;
    float *got;

    a.x = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(1, 1), &x);
    a.w = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(2, 1), w);
    a.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(1), &target);
    a.logprob = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(1));
    a.lse = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(1));
    fx_ok(ctx, clgrpo_linear_logprob_workspace(ctx, &a, &bytes));
    a.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_linear_logprob(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download(ctx, &a.logprob);
    snprintf(text, sizeof text, isnan(*got) ? "logprob nan" : "logprob %.4g", (double)*got);
    answer("linear_logprob", input, text);
    free(got);
    fx_release_all(&a.x, &a.w, &a.target, &a.logprob, &a.lse);
    fx_workspace_release(&a.workspace);
}

/* ---- Attention: rows 0 .. 2 of one head; the NaN is in row 1 ---- */

static void
attention_answer(struct clgrpo_context *ctx, int which)
{
    enum { N = 3, D = 32 };
    static const char *const inputs[] = {"no NaN", "NaN in q of row 1", "NaN in k of row 1", "NaN in v of row 1"};
    const int32_t offsets[2] = {0, N};
    struct clgrpo_attention_args a = CLGRPO_ATTENTION_ARGS_INIT;
    struct clgrpo_tensor *const views[] = {&a.q, &a.k, &a.v};
    char text[64];
    float *o;
    int n[N] = {0};

    for (int i = 0; i < 3; i++) {
        float *host = fx_random(N * D, 1.0f, 1 + (uint64_t)i);

        if (which == i + 1)
            host[D + 5] = NAN;
        *views[i] = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, 1, D), host);
        free(host);
    }
    a.offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), offsets);
    a.o = fx_output(ctx, CLGRPO_F32, 3, FX_SHAPE(N, 1, D));
    a.max_len = N;
    a.scale = 0.2f;
    fx_ok(ctx, clgrpo_attention(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    o = fx_download(ctx, &a.o);
    for (int i = 0; i < N * D; i++)
        n[i / D] += isnan(o[i]);
    snprintf(text, sizeof text, "NaN of %d in rows 0, 1, 2: %d, %d, %d", D, n[0], n[1], n[2]);
    answer("attention", inputs[which], text);
    free(o);
    for (int i = 0; i < 3; i++)
        fx_release(views[i]);
    fx_release_all(&a.offsets, &a.o);
}

/* ---- Advantages of a group of two ---- */

static void
advantage_answer(struct clgrpo_context *ctx, float first, float second)
{
    const float reward[2] = {first, second};
    const int32_t offsets[2] = {0, 2};
    struct clgrpo_advantage_args a = CLGRPO_ADVANTAGE_ARGS_INIT;
    char what[64], text[64];
    float *got;

    a.reward = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(2), reward);
    a.offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), offsets);
    a.advantage = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(2));
    a.eps = 0.0f;
    fx_ok(ctx, clgrpo_advantage(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download(ctx, &a.advantage);
    snprintf(what, sizeof what, "rewards %.4g and %.4g, eps 0", (double)first, (double)second);
    snprintf(text, sizeof text, "%.4g and %.4g", (double)got[0], (double)got[1]);
    answer("advantage", what, text);
    free(got);
    fx_release_all(&a.reward, &a.offsets, &a.advantage);
}

START_TEST(table)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    platform = fx_platform(ctx);
    family = fx_family_name(fx_family(_i));
    if (_i == 0)
        printf("# platform\tfamily\toperation\tinput\tanswer\n");
    sample_answers(ctx);
    head_answer(ctx, "NaN in x", NAN, 1.0f, 2.0f);
    head_answer(ctx, "NaN in w", 1.0f, 1.0f, NAN);
    head_answer(ctx, "a logit overflows to +inf", 1e38f, 1.0f, 90.0f);
    head_answer(ctx, "all logits overflow to -inf", 1e38f, -90.0f, -90.0f);
    head_answer(ctx, "one logit overflows to -inf", 1e38f, 1.0f, -90.0f);
    for (int i = 0; i < 4; i++)
        attention_answer(ctx, i);
    advantage_answer(ctx, FLT_MAX, -FLT_MAX);
    advantage_answer(ctx, 1e20f, 3e20f);
    advantage_answer(ctx, 1e-30f, 3e-30f);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("edge_values");

    fx_family_tests(tc, table);
    return fx_main();
}
