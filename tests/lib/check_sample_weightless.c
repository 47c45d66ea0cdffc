/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of logits that are no distribution. */
#include "sample_case.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static float
logit_of(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Every cut there is, and the largest logit. */
static const struct cut {
    float temperature;
    unsigned top_k;
    float top_p;
} kinds_of_cut[] = {{1.0f, 0, 1.0f}, {0.3f, 3, 1.0f}, {0.3f, 0, 0.5f}, {1.0f, 3, 0.9f}, {0.0f, 0, 1.0f}};
enum { CUTS = sizeof kinds_of_cut / sizeof kinds_of_cut[0], ROWS = 3 };

/* Draws of ROWS rows, of which the middle one is `row`, by each cut: its token must be `want` and its log-probability
 * NaN, and the others must not notice it. */
static void
check_no_distribution(struct clgrpo_context *ctx, const char *what, size_t vocab, const float *row, float below,
                      int32_t want)
{
    float *all = fx_random(ROWS * vocab, 2.0f, 64 + vocab), *middle = all + vocab;

    for (size_t c = 0; c < CUTS; c += fx_small() ? 3 : 1) {
        const struct cut *k = &kinds_of_cut[c];
        struct sample_draw good, bad;

        if (k->temperature > below)
            continue;
        good = sample_draw(ctx, all, false, ROWS, vocab, 4, k->temperature, k->top_k, k->top_p);
        for (size_t v = 0; v < vocab; v++)
            middle[v] = row[v];
        bad = sample_draw(ctx, all, false, ROWS, vocab, 4, k->temperature, k->top_k, k->top_p);
        ck_assert_msg(bad.token[1] == want && isnan(bad.logprob[1]),
                      "%s, V = %zu, cut %zu: token %d, log-probability %g", what, vocab, c, bad.token[1],
                      (double)bad.logprob[1]);
        for (int b = 0; b < ROWS; b += 2) {
            ck_assert_int_eq(bad.token[b], good.token[b]);
            ck_assert_msg(bad.logprob[b] == good.logprob[b], "%s, V = %zu, cut %zu: row %d noticed", what, vocab, c, b);
        }
        sample_draw_free(&good);
        sample_draw_free(&bad);
    }
    free(all);
}

/* A row in which no token has a weight, or in which a weight is not a number: token 0, and no log-probability. */
START_TEST(rows_without_a_distribution)
{
    static const size_t sizes[] = {5, 1, 127, 129, 16390};
    static const struct {
        const char *what;
        uint32_t logit;
        float below; /* temperatures up to it */
    } kinds[] = {{"-inf", 0xff800000, 1.0f},
                 {"-FLT_MAX", 0xff7fffff, 1.0f},
                 {"-1e31", 0xf2fc6f7c, 1.0f},
                 {"-1e30 colder", 0xf149f2ca, 0.3f},
                 {"NaN", 0x7fc00000, 1.0f},
                 {"-NaN", 0xffc00000, 1.0f},
                 {"a NaN of all bits", 0xffffffff, 1.0f}};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t i = 0; i < (fx_small() ? 1 : sizeof sizes / sizeof sizes[0]); i++)
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k += fx_small() ? 3 : 1) {
            float *row = fx_random(sizes[i], 2.0f, 65);

            if (isnan(logit_of(kinds[k].logit))) { /* one is enough, wherever it is */
                row[sizes[i] / 2] = logit_of(kinds[k].logit);
                check_no_distribution(ctx, kinds[k].what, sizes[i], row, kinds[k].below, 0);
            }
            for (size_t v = 0; v < sizes[i]; v++)
                row[v] = logit_of(kinds[k].logit);
            check_no_distribution(ctx, kinds[k].what, sizes[i], row, kinds[k].below, 0);
            free(row);
        }
}
END_TEST

static void
check_over_temperature(struct clgrpo_context *ctx, size_t vocab, const float *row, int32_t want)
{
    struct sample_draw d = sample_draw(ctx, row, true, 2, vocab, 4, 0.3f, 0, 1.0f);

    ck_assert_int_eq(d.token[1], want);
    ck_assert_float_nan(d.logprob[1]);
    sample_draw_free(&d);
}

/* An infinite logit is drawn, the first if there are more, also one that is infinite over the temperature alone. */
START_TEST(infinite_logits_are_drawn)
{
    static const size_t sizes[] = {5, 1, 129, 16390};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t i = 0; i < (fx_small() ? 1 : sizeof sizes / sizeof sizes[0]); i++) {
        float *row = fx_random(sizes[i], 2.0f, 66);
        const size_t at = 3 * sizes[i] / 4;

        row[at] = 0.9f * FLT_MAX;
        if (!fx_small())
            check_over_temperature(ctx, sizes[i], row, (int32_t)at);
        row[at] = INFINITY;
        check_no_distribution(ctx, "inf", sizes[i], row, 1.0f, (int32_t)at);
        row[sizes[i] - 1] = INFINITY;
        row[0] = -INFINITY;
        check_no_distribution(ctx, "two inf", sizes[i], row, 1.0f, (int32_t)(sizes[i] > 1 ? at : 0));
        free(row);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("sample_weightless");

    fx_family_tests(tc, rows_without_a_distribution, infinite_logits_are_drawn);
    return fx_main();
}
