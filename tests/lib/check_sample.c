/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_sample.h"
#include "sample_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Counts against the expected ones; tokens expected fewer than five times are pooled. */
static void
check_counts(const int32_t *token, size_t n, const double *probability, size_t vocab)
{
    size_t *count = calloc(vocab, sizeof *count), pooled = 0;
    double chi = 0.0, freedom = -1.0, pooled_want = 0.0;

    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(token[i] >= 0 && (size_t)token[i] < vocab, "token %d of %zu", token[i], vocab);
        ck_assert_msg(probability[token[i]] > 0.0, "token %d was cut, but drawn", token[i]);
        count[token[i]]++;
    }
    for (size_t v = 0; v < vocab; v++) {
        const double want = probability[v] * (double)n;

        if (want < 5.0) {
            pooled += count[v];
            pooled_want += want;
            continue;
        }
        chi += ((double)count[v] - want) * ((double)count[v] - want) / want;
        freedom += 1.0;
    }
    if (pooled_want >= 5.0) {
        chi += ((double)pooled - pooled_want) * ((double)pooled - pooled_want) / pooled_want;
        freedom += 1.0;
    }
    if (freedom >= 1.0)
        ck_assert_msg(ref_chi_square_tail(chi, freedom) > 1e-4, "chi-square %g of %g degrees", chi, freedom);
    free(count);
}

static void
check_distribution(struct clgrpo_context *ctx, const float *logits, size_t vocab, float temperature, unsigned top_k,
                   float top_p)
{
    const bool slow = ctx == fx_context(CLGRPO_FAMILY_SIMT); /* on a cpu device */
    const size_t n = fx_small() ? 3 : (vocab > 5000 ? 500 : 20000) / (slow ? 10 : 1);
    double *probability = malloc(vocab * sizeof *probability), *logprob = malloc(vocab * sizeof *logprob), margin;
    struct sample_draw d = sample_draw(ctx, logits, true, n, vocab, 5, temperature, top_k, top_p);

    ref_sample(logits, vocab, temperature, top_k, top_p, probability, logprob, &margin);
    ck_assert_msg(margin > 1e-6, "the test's own cut is a matter of rounding");
    check_counts(d.token, n, probability, vocab);
    for (size_t i = 0; i < n; i++) {
        const double want = logprob[d.token[i]];

        ck_assert_double_eq_tol(d.logprob[i], want, 1e-6 * (4.0 + fabs(want)));
    }
    free(probability);
    free(logprob);
    sample_draw_free(&d);
}

START_TEST(draws_follow_the_distribution)
{
    static const size_t sizes[] = {1, 2, 3, 37, 128, 129, 1000, 1025, 9001};
    static const struct {
        float temperature;
        unsigned top_k;
        float top_p;
    } cuts[] = {{1.0f, 0, 1.0f}, {0.6f, 7, 1.0f}, {1.3f, 0, 0.71f}, {1.0f, 20, 0.83f}, {0.9f, 1, 1.0f}};
    const size_t n_sizes = fx_small() ? 3 : sizeof sizes / sizeof sizes[0];

    for (int f = 0; f < FX_N_FAMILIES; f++)
        for (size_t i = 0; i < n_sizes; i++) {
            float *logits = fx_random(sizes[i], 3.0f, 51 + i);

            for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++)
                check_distribution(fx_context(fx_family(f)), logits, sizes[i], cuts[c].temperature, cuts[c].top_k,
                                   cuts[c].top_p);
            free(logits);
        }
}
END_TEST

/* Few distinct logits, so that every cut falls among equals; the reference keeps the lower ids. */
START_TEST(ties_are_kept_by_lower_id)
{
    float logits[200];

    for (int i = 0; i < 200; i++)
        logits[i] = i % 3 == 0 ? 0.5f : i % 7 == 0 ? -0.0f : i % 2 == 0 ? 0.0f : -0.75f;
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        check_distribution(fx_context(fx_family(f)), logits, 200, 1.0f, 5, 0.777f);
        if (fx_small())
            continue;
        check_distribution(fx_context(fx_family(f)), logits, 200, 1.0f, 5, 1.0f);
        check_distribution(fx_context(fx_family(f)), logits, 200, 1.0f, 100, 1.0f);
        check_distribution(fx_context(fx_family(f)), logits, 200, 1.0f, 0, 0.333f);
        check_distribution(fx_context(fx_family(f)), logits, 200, 1.0f, 0, 0.777f);
        check_distribution(fx_context(fx_family(f)), logits, 200, 1.0f, 90, 0.901f);
        check_distribution(fx_context(fx_family(f)), logits, 200, 1.0f, 69, 0.999f);
    }
}
END_TEST

/* Draws n tokens and compares the set of them with the kept ones, which are ascending. */
static void
check_kept(struct clgrpo_context *ctx, const float *logits, size_t vocab, float top_p, const int32_t *kept,
           size_t n_kept)
{
    enum { N = 512 };
    const size_t n = fx_small() ? 32 : N;
    struct sample_draw d = sample_draw(ctx, logits, true, n, vocab, 3, 1.0f, 7, top_p);
    bool seen[7] = {false};

    for (size_t b = 0; b < n; b++) {
        size_t i = 0;

        while (i < n_kept && kept[i] != d.token[b])
            i++;
        ck_assert_msg(i < n_kept, "top_p %g: drew token %d", (double)top_p, d.token[b]);
        seen[i] = true;
    }
    for (size_t i = 0; i < n_kept && !fx_small(); i++)
        ck_assert_msg(seen[i], "top_p %g: never drew token %d", (double)top_p, kept[i]);
    sample_draw_free(&d);
}

/* Two tokens above more ties than a list of them has room for, of which top_k leaves five; top_p cuts these again. */
START_TEST(ties_of_top_k_are_cut_by_top_p)
{
    const size_t vocab = fx_small() ? 300 : 5000;
    const int32_t a = (int32_t)vocab - 100, b = (int32_t)vocab - 50;
    float *logits = malloc(vocab * sizeof *logits);

    for (size_t v = 0; v < vocab; v++)
        logits[v] = v % 2 == 0 || v < 5 ? 1.0f : -5.0f;
    logits[a] = logits[b] = 2.0f;
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));

        check_kept(ctx, logits, vocab, 1.0f, (const int32_t[]){0, 1, 2, 3, 4, a, b}, 7);
        check_kept(ctx, logits, vocab, 0.999f, (const int32_t[]){0, 1, 2, 3, 4, a, b}, 7);
        check_kept(ctx, logits, vocab, 0.7f, (const int32_t[]){0, 1, a, b}, 4);
        check_kept(ctx, logits, vocab, 0.5f, (const int32_t[]){a, b}, 2);
        check_kept(ctx, logits, vocab, 0.2f, (const int32_t[]){a}, 1);
    }
    free(logits);
}
END_TEST

/* Equal logits: the token is the random number's leading bits, which the host's generator must give too. */
START_TEST(random_number_is_the_library_s_philox)
{
    enum { N = 64, V = 4096 };
    float *logits = malloc(V * sizeof *logits);
    const uint64_t seed = 0x123456789abcdef1u;

    for (int i = 0; i < V; i++)
        logits[i] = 0.25f;
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct sample_draw d = sample_draw(fx_context(fx_family(f)), logits, true, N, V, seed, 1.0f, 0, 1.0f);

        for (uint32_t b = 0; b < N; b++) {
            const uint32_t counter[4] = {b, 0, 0, 0}, key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
            uint32_t out[4];

            clgrpo_philox4x32(counter, key, out);
            ck_assert_int_eq(d.token[b], (int32_t)(out[0] >> 20));
        }
        sample_draw_free(&d);
    }
    free(logits);
}
END_TEST

START_TEST(greedy_takes_the_largest_and_lowest)
{
    enum { N = 5, V = 301 };
    float *logits = fx_random((size_t)N * V, 2.0f, 61);
    const int32_t want[N] = {0, 300, 7, 128, 129};
    double probability[V], logprob[V], margin;

    for (int b = 0; b < N; b++) {
        logits[b * V + want[b]] = 9.5f;
        logits[b * V + 300] = 9.5f;
    }
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct sample_draw d = sample_draw(fx_context(fx_family(f)), logits, false, N, V, 1, 0.0f, 3, 0.5f);

        for (int b = 0; b < N; b++) {
            ref_sample(logits + b * V, V, 1.0f, 0, 1.0, probability, logprob, &margin);
            ck_assert_int_eq(d.token[b], want[b]);
            ck_assert_double_eq_tol(d.logprob[b], logprob[want[b]], 1e-6 * (4.0 + fabs(logprob[want[b]])));
        }
        sample_draw_free(&d);
    }
    free(logits);
}
END_TEST

START_TEST(masked_logits_are_never_drawn)
{
    enum { N = 500, V = 150 };
    float *logits = fx_random(V, 1.0f, 62);

    for (int v = 0; v < V; v++)
        if (v % 3 != 1)
            logits[v] = -INFINITY;
    for (int f = 0; f < FX_N_FAMILIES; f++)
        for (int cut = 0; cut < 2; cut++) {
            struct sample_draw d = sample_draw(fx_context(fx_family(f)), logits, true, fx_small() ? 3 : N, V, 9, 1.0f,
                                               cut ? 140 : 0, cut ? 0.99f : 1.0f);

            for (int b = 0; b < (fx_small() ? 3 : N); b++)
                ck_assert_int_eq(d.token[b] % 3, 1);
            sample_draw_free(&d);
        }
    free(logits);
}
END_TEST

START_TEST(batch_invariance)
{
    const size_t n = fx_small() ? 5 : 300, vocab = fx_small() ? 70 : 1100, first = 3, part = fx_small() ? 1 : 200;
    float *logits = fx_random(n * vocab, 3.0f, 63);

    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct sample_draw all = sample_draw(ctx, logits, false, n, vocab, 3, 0.8f, 50, 0.9f);
        struct sample_draw again = sample_draw(ctx, logits, false, n, vocab, 3, 0.8f, 50, 0.9f);

        fx_same_bits("tokens twice", all.token, again.token, n * sizeof(int32_t));
        fx_same_bits("logprobs twice", all.logprob, again.logprob, n * sizeof(float));
        sample_draw_free(&again);
        /* the same rows at other places: one row more in front, whose keys come along */
        again = sample_draw(ctx, logits, false, first + part, vocab, 3, 0.8f, 50, 0.9f);
        fx_same_bits("tokens of a part", all.token + first, again.token + first, part * sizeof(int32_t));
        fx_same_bits("logprobs of a part", all.logprob + first, again.logprob + first, part * sizeof(float));
        sample_draw_free(&again);
        sample_draw_free(&all);
    }
    free(logits);
}
END_TEST

/*
 * Rows that a guess from a sample precedes: flat, peaked, of few values, of masked tokens, and one whose sample
 * misleads. Drawn one at a time and many at a time they give the same bits, and only what the reference keeps.
 */
START_TEST(long_rows)
{
    enum { KINDS = 5, MANY = 40 };
    static const struct {
        unsigned top_k;
        float top_p;
    } cuts[] = {{0, 1.0f}, {50, 1.0f}, {3000, 1.0f}, {0, 0.9f}, {2500, 0.31f}, {20, 0.66f}};
    const size_t vocab = fx_small() ? 16400 : 40009;
    const int most = fx_small() ? 1 : KINDS;
    float *logits = NULL;
    double *probability = malloc(vocab * sizeof *probability), *logprob = malloc(vocab * sizeof *logprob), margin;

    for (int kind = 0; kind < most; kind++) {
        logits = fx_random(vocab, kind == 1 ? 30.0f : 1.0f, 71 + (uint64_t)kind);
        for (size_t v = 0; v < vocab; v++) {
            if (kind == 2)
                logits[v] = 0.25f * floorf(4.0f * logits[v]);
            if (kind == 3 && v % 7 != 3)
                logits[v] = -INFINITY;
            if (kind == 4 && v / 128 % 2 == 1) /* of the other blocks most are sampled */
                logits[v] += 4.0f;
        }
        for (size_t c = 0; c < (fx_small() ? 2 : sizeof cuts / sizeof cuts[0]); c++) {
            struct clgrpo_context *ctx = fx_context(CLGRPO_FAMILY_CPU);
            struct sample_draw many =
                sample_draw(ctx, logits, true, fx_small() ? 4 : MANY, vocab, 8, 0.9f, cuts[c].top_k, cuts[c].top_p);
            struct sample_draw few = sample_draw(ctx, logits, true, 3, vocab, 8, 0.9f, cuts[c].top_k, cuts[c].top_p);

            fx_same_bits("tokens of few rows", few.token, many.token, 3 * sizeof(int32_t));
            fx_same_bits("logprobs of few rows", few.logprob, many.logprob, 3 * sizeof(float));
            ref_sample(logits, vocab, 0.9f, cuts[c].top_k, cuts[c].top_p, probability, logprob, &margin);
            for (int b = 0; b < (fx_small() ? 4 : MANY); b++)
                ck_assert_msg(probability[many.token[b]] > 0.0, "kind %d, cut %zu: token %d was cut, but drawn", kind,
                              c, many.token[b]);
            sample_draw_free(&many);
            sample_draw_free(&few);
        }
        free(logits);
    }
    free(probability);
    free(logprob);
}
END_TEST

/* The numbers walk along the reference's distribution: where it has passed u, there is the token. */
START_TEST(tokens_are_where_the_sum_passes)
{
    enum { N = 200, V = 30011 };
    float *logits = fx_random(V, 4.0f, 91);
    double *probability = malloc(V * sizeof *probability), *logprob = malloc(V * sizeof *logprob), margin;
    static const float top_p[] = {1.0f, 0.8f};

    for (int c = 0; c < 2; c++) {
        const size_t n = fx_small() ? 1 : N;
        struct sample_draw d = sample_draw(fx_context(CLGRPO_FAMILY_CPU), logits, true, n, V, 77, 1.0f, 0, top_p[c]);

        ref_sample(logits, V, 1.0f, 0, top_p[c], probability, logprob, &margin);
        for (uint32_t b = 0; b < n; b++) {
            const uint32_t counter[4] = {b, 0, 0, 0}, key[2] = {77, 0};
            uint32_t out[4];
            double before = 0.0, u;

            clgrpo_philox4x32(counter, key, out);
            u = ((double)(out[0] >> 9) + 0.5) / 8388608.0;
            for (int32_t v = 0; v < d.token[b]; v++)
                before += probability[v];
            ck_assert_msg(before - 1e-5 <= u && u <= before + probability[d.token[b]] + 1e-5,
                          "top_p %g, row %u: token %d is from %g to %g, but u is %g", (double)top_p[c], b, d.token[b],
                          before, before + probability[d.token[b]], u);
        }
        sample_draw_free(&d);
    }
    free(logits);
    free(probability);
    free(logprob);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct clgrpo_sample_args good = CLGRPO_SAMPLE_ARGS_INIT;
        size_t bytes;

        good.logits = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(3, 7));
        good.key = fx_output(ctx, CLGRPO_U64, 2, FX_SHAPE(3, 2));
        good.token = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(3));
        fx_ok(ctx, clgrpo_sample_workspace(ctx, &good, &bytes));
        good.workspace = fx_workspace(ctx, bytes);
        fx_refuses(ctx, clgrpo_sample, good, bad.key.shape[0] = 2, CLGRPO_E_SHAPE);
        fx_refuses(ctx, clgrpo_sample, good, bad.logits.shape[1] = 0, CLGRPO_E_SHAPE);
        fx_refuses(ctx, clgrpo_sample, good, bad.token.dtype = CLGRPO_U32, CLGRPO_E_DTYPE);
        fx_refuses(ctx, clgrpo_sample, good, bad.logits.stride[0] = 1 << 20, CLGRPO_E_BOUNDS);
        fx_refuses(ctx, clgrpo_sample, good, bad.temperature = -1.0f, CLGRPO_E_VALUE);
        fx_refuses(ctx, clgrpo_sample, good, bad.top_p = 0.0f, CLGRPO_E_VALUE);
        fx_refuses(ctx, clgrpo_sample, good, bad.workspace.bytes = bytes - 4, CLGRPO_E_WORKSPACE);
        fx_fails(ctx, clgrpo_sample_workspace(ctx, &good, NULL), CLGRPO_E_ARGUMENT);
        fx_release_all(&good.logits, &good.key, &good.token);
        fx_workspace_release(&good.workspace);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("sample");

    fx_tests(tc, draws_follow_the_distribution, ties_are_kept_by_lower_id, ties_of_top_k_are_cut_by_top_p,
             random_number_is_the_library_s_philox, greedy_takes_the_largest_and_lowest, masked_logits_are_never_drawn,
             batch_invariance, long_rows, tokens_are_where_the_sum_passes, bad_arguments_are_refused);
    return fx_main();
}
