/* SPDX-License-Identifier: Apache-2.0 */
/* The policy on a device: one forward for sampling and training, the gradient of the whole model. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "policy_case.h"
#include "small_model.h"
#include "base/rng.h"
#include "suite.h"

enum { VOCAB = MG_CASE_VOCAB, CONTEXT = MG_CASE_CONTEXT, N_SEQS = MG_CASE_SLOTS };

/* Samples every sequence with all slots decoding together, ragged: slot i is fed its first token, then its own
 * draws. */
static void
decode_all(struct mg_policy *p, struct mg_case_sequences *s, uint32_t prompt)
{
    const struct mg_sampling how = {.temperature = 1.0f, .top_p = 1.0f};

    for (uint32_t t = 0; t < CONTEXT; t++) {
        struct mg_feed feed[N_SEQS * CONTEXT];
        int32_t token[N_SEQS * CONTEXT];
        float logprob[N_SEQS * CONTEXT];
        size_t n = 0;

        for (uint32_t i = 0; i < N_SEQS; i++) {
            uint32_t first = t == 0 ? 0 : t + prompt - 1, last = t == 0 ? prompt : first + 1;

            for (uint32_t j = first; j < last && j + 1 < mg_case_lengths[i]; j++)
                feed[n++] = (struct mg_feed){
                    .token = s->ids[i][j], .slot = i, .position = j, .sample = j + 1 == last, .key = {i, j}};
        }
        if (n == 0)
            break;
        mg_ok(mg_policy_decode(p, feed, n, &how, token, logprob, &err));
        for (size_t k = 0; k < n; k++) {
            if (!feed[k].sample)
                continue;
            s->ids[feed[k].slot][feed[k].position + 1] = token[k];
            s->logprob[feed[k].slot][feed[k].position + 1] = logprob[k];
        }
    }
}

START_TEST(batch_invariance_decode_equals_training_forward)
{
    struct mg_policy *p = mg_policy_case(true, 600);
    struct mg_case_sequences s;
    float *scored[N_SEQS];
    uint32_t prompt = _i == 0 ? 1 : 2;

    mg_case_sequences_alloc(&s);
    decode_all(p, &s, prompt);
    for (int i = 0; i < N_SEQS; i++)
        scored[i] = calloc(mg_case_lengths[i], sizeof(float));
    mg_ok(mg_policy_score(p, s.rows, N_SEQS, 1.0f, scored, NULL, &err));
    for (int i = 0; i < N_SEQS; i++)
        for (uint32_t j = prompt; j < mg_case_lengths[i]; j++)
            ck_assert_msg(memcmp(&scored[i][j], &s.logprob[i][j], 4) == 0,
                          "sequence %d token %u: decoded %.9g, packed %.9g", i, j, (double)s.logprob[i][j],
                          (double)scored[i][j]);
    for (int i = 0; i < N_SEQS; i++)
        free(scored[i]);
    mg_case_sequences_free(&s);
    mg_policy_close(p);
}
END_TEST

START_TEST(batch_invariance_over_random_compositions)
{
    struct mg_policy *p = mg_policy_case(true, 600);
    struct mg_case_sequences s;
    float *alone[N_SEQS], *mixed[N_SEQS];

    mg_case_sequences_alloc(&s);
    for (int i = 0; i < N_SEQS; i++) {
        alone[i] = calloc(mg_case_lengths[i], sizeof(float));
        mg_ok(mg_policy_score(p, &s.rows[i], 1, 1.0f, &alone[i], NULL, &err));
    }
    for (uint32_t trial = 0; trial < 12; trial++) {
        uint32_t order[N_SEQS], n = 2 + trial % (N_SEQS - 1);
        struct mg_train_row rows[N_SEQS];
        struct mg_rng rng;

        for (uint32_t i = 0; i < N_SEQS; i++)
            order[i] = i;
        mg_rng_init(&rng, 3, MG_RNG_SHUFFLE, trial, 0, 0);
        mg_rng_shuffle(&rng, order, N_SEQS);
        for (uint32_t i = 0; i < n; i++) {
            rows[i] = s.rows[order[i]];
            mixed[i] = calloc(rows[i].len, sizeof(float));
        }
        mg_ok(mg_policy_score(p, rows, n, 1.0f, mixed, NULL, &err));
        for (uint32_t i = 0; i < n; i++) {
            fx_same_bits("log-probabilities", mixed[i], alone[order[i]], rows[i].len * sizeof(float));
            free(mixed[i]);
        }
    }
    for (int i = 0; i < N_SEQS; i++)
        free(alone[i]);
    mg_case_sequences_free(&s);
    mg_policy_close(p);
}
END_TEST

START_TEST(ratio_of_an_on_policy_batch_is_exactly_one)
{
    struct mg_policy *p = mg_policy_case(true, 256);
    const struct mg_loss_params o = {
        .loss = MG_LOSS_POLICY, .temperature = 1.0f, .ratio_min = 0.8f, .ratio_max = 1.28f};
    struct mg_train_stats stats;
    struct mg_case_sequences s;

    mg_case_sequences_alloc(&s);
    decode_all(p, &s, 1);
    mg_ok(mg_policy_gradient(p, s.rows, N_SEQS, &o, &stats, &err));
    ck_assert(stats.tokens > 100.0);
    ck_assert(stats.ratio_min == 1.0 && stats.ratio_max == 1.0);
    ck_assert(stats.clipped == 0.0 && stats.approx_kl_sum == 0.0);
    mg_case_sequences_free(&s);
    mg_policy_close(p);
}
END_TEST

/* -sum weight log p over the rows, in double. */
static double
nll(struct mg_policy *p, struct mg_case_sequences *s)
{
    double sum = 0.0;

    mg_ok(mg_policy_score(p, s->rows, N_SEQS, 1.0f, s->logprob, NULL, &err));
    for (int i = 0; i < N_SEQS; i++)
        for (uint32_t j = 1; j < mg_case_lengths[i]; j++)
            sum -= (double)s->weight[i][j] * (double)s->logprob[i][j];
    return sum;
}

/* The directional derivative along a random direction within one weight, by central differences, against the
 * gradient. */
static void
check_direction(struct mg_policy *p, struct mg_case_sequences *s, const float *w, const float *g, size_t offset,
                size_t n)
{
    float *d = fx_random(n, 1.0f, offset + 17), *moved = malloc(p->params.elems * sizeof *moved);
    double dot = 0.0, norm = 0.0, gnorm = 0.0, h, up, down, slope;

    for (size_t i = 0; i < n; i++) {
        dot += (double)d[i] * (double)g[offset + i];
        norm += (double)d[i] * (double)d[i];
        gnorm += (double)g[offset + i] * (double)g[offset + i];
    }
    /* half along the gradient, so that the derivative is not lost in rounding */
    for (size_t i = 0; i < n; i++)
        d[i] = (float)((double)d[i] / sqrt(norm) + (double)g[offset + i] / sqrt(gnorm + 1e-30));
    dot = dot / sqrt(norm) + sqrt(gnorm);
    h = 2e-2;
    for (int sign = -1; sign <= 1; sign += 2) {
        memcpy(moved, w, p->params.elems * sizeof *moved);
        for (size_t i = 0; i < n; i++)
            moved[offset + i] += (float)(sign * h * (double)d[i]);
        mg_ok(mg_op_write(p, p->weights, moved, &err));
        *(sign < 0 ? &down : &up) = nll(p, s);
    }
    slope = (up - down) / (2.0 * h);
    ck_assert_msg(fabs(slope - dot) <= 0.02 * fabs(dot) + 2e-3, "weight at %zu: slope %.6g, gradient %.6g", offset,
                  slope, dot);
    mg_ok(mg_op_write(p, p->weights, w, &err));
    free(d);
    free(moved);
}

START_TEST(gradient_matches_finite_differences)
{
    struct mg_policy *p = mg_policy_case(_i == 0, 300);
    const struct mg_loss_params o = {.loss = MG_LOSS_NLL, .temperature = 1.0f};
    const struct mg_params *l = &p->params;
    float *w = malloc(l->elems * sizeof *w), *g = malloc(l->elems * sizeof *g);
    struct mg_train_stats stats;
    struct mg_case_sequences s;

    mg_case_sequences_alloc(&s);
    mg_ok(mg_op_read(p, p->weights, w, &err));
    mg_ok(mg_policy_gradient(p, s.rows, N_SEQS, &o, &stats, &err));
    mg_ok(mg_op_read(p, p->grad, g, &err));
    ck_assert_double_eq_tol(stats.loss, nll(p, &s), 1e-3 * fabs(stats.loss));
    check_direction(p, &s, w, g, l->embed, l->dims.V * l->dims.E);
    if (!l->dims.tied)
        check_direction(p, &s, w, g, l->head, l->dims.V * l->dims.E);
    for (size_t i = 0; i < l->dims.layers; i++) {
        check_direction(p, &s, w, g, l->layers[i].qkv, l->dims.qkv * l->dims.E);
        check_direction(p, &s, w, g, l->layers[i].o, l->dims.E * l->dims.H * l->dims.D);
        check_direction(p, &s, w, g, l->layers[i].gate_up, 2 * l->dims.F * l->dims.E);
        check_direction(p, &s, w, g, l->layers[i].down, l->dims.E * l->dims.F);
        check_direction(p, &s, w, g, l->layers[i].norm1, l->dims.E);
        check_direction(p, &s, w, g, l->layers[i].norm2, l->dims.E);
    }
    check_direction(p, &s, w, g, l->norm, l->dims.E);
    mg_case_sequences_free(&s);
    free(w);
    free(g);
    mg_policy_close(p);
}
END_TEST

START_TEST(micro_batches_add_up_to_the_same_gradient)
{
    const struct mg_loss_params o = {.loss = MG_LOSS_NLL, .temperature = 1.0f};
    struct mg_policy *whole = mg_policy_case(true, 600), *cut = mg_policy_case(true, CONTEXT);
    float *a = malloc(whole->params.elems * sizeof *a), *b = malloc(whole->params.elems * sizeof *b);
    struct mg_train_stats stats;
    struct mg_case_sequences s;
    double diff = 0.0, size = 0.0;

    mg_case_sequences_alloc(&s);
    mg_ok(mg_policy_gradient(whole, s.rows, N_SEQS, &o, &stats, &err));
    mg_ok(mg_policy_gradient(cut, s.rows, N_SEQS, &o, &stats, &err));
    mg_ok(mg_op_read(whole, whole->grad, a, &err));
    mg_ok(mg_op_read(cut, cut->grad, b, &err));
    for (size_t i = 0; i < whole->params.elems; i++) {
        diff += pow((double)a[i] - (double)b[i], 2.0);
        size += pow((double)a[i], 2.0);
    }
    ck_assert_msg(size > 0.0 && sqrt(diff / size) < 1e-5, "relative difference %g", sqrt(diff / size));
    mg_case_sequences_free(&s);
    free(a);
    free(b);
    mg_policy_close(whole);
    mg_policy_close(cut);
}
END_TEST

/* Nothing runs: the weights stay, and a step has the bits of one without it. What follows finds all its programs. */
START_TEST(preparing_changes_nothing)
{
    const struct mg_loss_params o = {
        .loss = MG_LOSS_POLICY, .temperature = 1.0f, .ratio_min = 0.8f, .ratio_max = 1.28f};
    const struct mg_adam adam = {1e-3f, 0.9f, 0.95f, 1e-8f, 0.01f, 1.0f};
    const struct mg_sampling how[] = {{.temperature = 1.0f, .top_p = 1.0f}, {.temperature = 0.0f, .top_p = 1.0f}};
    struct mg_policy *p[2] = {mg_policy_case(true, 600), mg_policy_case(true, 600)};
    uint64_t before[2], after[2];
    struct mg_train_stats stats;
    struct mg_case_sequences s;
    double norm;

    mg_case_sequences_alloc(&s);
    for (int i = 0; i < 2; i++) {
        struct clgrpo_cache_stats prepared = CLGRPO_CACHE_STATS_INIT, now = CLGRPO_CACHE_STATS_INIT;

        mg_ok(mg_policy_digest(p[i], &before[i], &err));
        if (i == 1)
            mg_ok(mg_policy_prepare(p[i], how, 2, &o, &err));
        ck_assert_uint_eq(mg_policy_version(p[i]), 0);
        ck_assert_int_eq(clgrpo_cache_stats_get(p[i]->ctx, &prepared), CLGRPO_OK);
        decode_all(p[i], &s, 1);
        mg_ok(mg_policy_gradient(p[i], s.rows, N_SEQS, &o, &stats, &err));
        mg_ok(mg_policy_step(p[i], &adam, &norm, &err));
        mg_ok(mg_policy_digest(p[i], &after[i], &err));
        ck_assert_int_eq(clgrpo_cache_stats_get(p[i]->ctx, &now), CLGRPO_OK);
        ck_assert_msg(i == 0 || now.n_built + now.n_loaded == prepared.n_built + prepared.n_loaded,
                      "%u programs were prepared, %u were needed", prepared.n_built + prepared.n_loaded,
                      now.n_built + now.n_loaded);
        mg_policy_close(p[i]);
    }
    ck_assert(before[0] == before[1] && after[0] == after[1] && before[0] != after[0]);
    mg_case_sequences_free(&s);
}
END_TEST

START_TEST(a_device_that_is_misnamed_is_wrong_input)
{
    struct mg_policy_limits limits = {
        .device = "no such device", .slots = MG_CASE_SLOTS, .context = MG_CASE_CONTEXT, .max_tokens = 256};
    struct mg_model_config config = mg_small_model(MG_CASE_VOCAB, MG_CASE_CONTEXT, true);
    struct mg_policy *p = NULL;

    mg_err_clear(&err);
    ck_assert_int_eq(mg_policy_init(&config, 11, &limits, &p, &err), MG_INPUT);
    ck_assert_msg(strstr(err.text, "no such device") != NULL, "%s", err.text);
    ck_assert_ptr_nonnull(strstr(err.hint, "clgrpo-info"));
    ck_assert_ptr_null(p);
    mg_err_clear(&err);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("policy");

    tcase_add_loop_test(tc, batch_invariance_decode_equals_training_forward, 0, 2);
    fx_tests(tc, a_device_that_is_misnamed_is_wrong_input, preparing_changes_nothing);
    fx_tests(tc, batch_invariance_over_random_compositions, ratio_of_an_on_policy_batch_is_exactly_one);
    tcase_add_loop_test(tc, gradient_matches_finite_differences, 0, 2);
    fx_tests(tc, micro_batches_add_up_to_the_same_gradient);
    return fx_main();
}
