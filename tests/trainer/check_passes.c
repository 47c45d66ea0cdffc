/* SPDX-License-Identifier: Apache-2.0 */
/* Several passes over a step: that each option which acts once the ratio has left 1 does act, and how. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "fixture.h"
#include "learn/learn.h"
#include "policy_case.h"
#include "suite.h"

enum { QUESTIONS = 4, K = 4, N = QUESTIONS * K, LEN = 24, PROMPT = 6 };

/* Trajectories as the policy samples them: those of a question begin alike, and two of its four are the same tokens with
 * advantages of different signs, so that a token whose advantage is negative becomes likelier all the same. */
struct step {
    int32_t ids[N][LEN];
    uint8_t mask[LEN];
    float logprob[N][LEN], weight[LEN];
    struct mg_trajectory t[N];
    const struct mg_trajectory *rows[N];
};

static void
make_step(struct step *s, struct mg_policy *p)
{
    static const float advantage[K] = {1.5f, -0.5f, -1.5f, 0.5f};
    struct mg_train_row row[N];
    float *to[N];

    memset(s, 0, sizeof *s);
    for (int i = 0; i < N; i++) {
        struct mg_rng rng;

        mg_rng_init(&rng, 7, MG_RNG_SHUFFLE, (uint32_t)(i / K), (uint32_t)(i % K == 1 ? 0 : i % K), 0);
        for (int j = 0; j < LEN; j++)
            s->ids[i][j] = j < PROMPT ? (i / K * 11 + j) % MG_CASE_VOCAB : (int32_t)mg_rng_below(&rng, MG_CASE_VOCAB);
        row[i] = (struct mg_train_row){.ids = s->ids[i], .weight = s->weight, .len = LEN};
        to[i] = s->logprob[i];
    }
    for (int j = PROMPT; j < LEN; j++) {
        s->mask[j] = 1;
        s->weight[j] = 1.0f;
    }
    mg_ok(mg_policy_logprobs(p, row, N, 1.0f, to, &err));
    for (int i = 0; i < N; i++) {
        s->t[i] = (struct mg_trajectory){.key = {.question = (uint32_t)(i / K), .rollout = (uint32_t)(i % K)},
                                         .ids = s->ids[i],
                                         .mask = s->mask,
                                         .logprob = s->logprob[i],
                                         .len = LEN,
                                         .weight = 1.0f,
                                         .advantage = advantage[i % K]};
        s->rows[i] = &s->t[i];
    }
}

/* A number of passes in which ratios leave 1 by some tenths. */
static struct mg_config
base_config(void)
{
    struct mg_config c = mg_learn_case(2e-4, 4);

    c.ratio_min = 0.8;
    c.ratio_max = 1.28;
    c.correction_min = 0.5;
    c.correction_max = 2.0;
    return c;
}

struct outcome {
    uint64_t weights;
    struct mg_lesson_sums sums;
};

/* The same fresh policy learns the same step by c; `storage` is that of the reference. */
static struct outcome
learn_stored(const struct mg_config *c, enum clgrpo_dtype storage)
{
    const struct mg_agent_config agent = {.name = (char *)"main", .turns = 1, .new_tokens = LEN};
    struct mg_policy *p = mg_policy_case(true, 256), *reference = NULL;
    const struct mg_policy_limits limits = {.context = MG_CASE_CONTEXT, .max_tokens = 256, .storage = storage};
    struct step s;
    struct outcome o;

    make_step(&s, p);
    if (c->kl_beta > 0.0) {
        float *host = malloc(p->params.elems * sizeof *host);

        ck_assert_ptr_nonnull(host);
        mg_ok(mg_policy_init(&p->config, 1, &limits, &reference, &err));
        mg_ok(mg_op_read(p, p->weights, host, &err));
        mg_ok(mg_weights_write(reference, host, &err));
        free(host);
    }
    mg_ok(mg_learn(p, reference, c, &agent, 0, s.rows, N, &o.sums, &err));
    mg_ok(mg_policy_digest(p, &o.weights, &err));
    mg_policy_close(p);
    mg_policy_close(reference);
    return o;
}

static struct outcome
learn(const struct mg_config *c)
{
    return learn_stored(c, CLGRPO_F32);
}

/* By c with bounds, low and high of its own, that nothing leaves, and with such that much leaves. */
static void
learn_wide_and_narrow(const struct mg_config *c, double *low, double *high, struct outcome *wide,
                      struct outcome *narrow)
{
    *low = 0.0;
    *high = 1e6;
    *wide = learn(c);
    *low = 0.99;
    *high = 1.01;
    *narrow = learn(c);
}

START_TEST(one_pass_in_one_part_knows_no_bounds)
{
    struct mg_config c = base_config();
    struct outcome wide, narrow;

    c.epochs = 1;
    wide = learn(&c);
    c.ratio_min = c.ratio_max = 1.0;
    narrow = learn(&c);
    ck_assert(wide.weights == narrow.weights && wide.sums.updates == 1);
    ck_assert(wide.sums.stats.ratio_min == 1.0 && wide.sums.stats.ratio_max == 1.0);
}
END_TEST

START_TEST(bounds_act_in_later_passes)
{
    for (int objective = 0; mg_objectives[objective].name != NULL; objective++) {
        struct mg_config c = base_config();
        struct outcome wide, narrow;

        c.objective = objective;
        learn_wide_and_narrow(&c, &c.ratio_min, &c.ratio_max, &wide, &narrow);
        ck_assert_msg(wide.sums.stats.ratio_max > 1.05, "%s: the largest ratio is %g", mg_objectives[objective].name,
                      wide.sums.stats.ratio_max);
        ck_assert_msg(wide.sums.stats.clipped < 0.1 * narrow.sums.stats.clipped && narrow.sums.stats.clipped > 10.0,
                      "%s: %g tokens clipped by wide bounds, %g by narrow ones", mg_objectives[objective].name,
                      wide.sums.stats.clipped, narrow.sums.stats.clipped);
        ck_assert(wide.weights != narrow.weights);
        ck_assert(wide.sums.updates == 4);
    }
}
END_TEST

START_TEST(the_dual_clip_acts)
{
    struct mg_config c = base_config();
    struct outcome without, with;

    c.epochs = 8;
    without = learn(&c);
    c.dual_clip = 1.1;
    with = learn(&c);
    ck_assert(without.sums.stats.dual_clipped == 0.0);
    ck_assert_msg(with.sums.stats.dual_clipped > 0.0,
                  "no token of negative advantage had a ratio over 1.1; the largest is %g", with.sums.stats.ratio_max);
    ck_assert(without.weights != with.weights);
}
END_TEST

/* The reference is the policy as it was: with the same bits before the first step of the optimiser, and what keeps the policy
 * near afterwards. */
START_TEST(divergence_is_held_back)
{
    struct mg_config c = base_config();
    struct outcome none = learn(&c), little, much, ratio;

    c.kl_beta = 1e-3;
    little = learn(&c);
    c.kl_beta = 10.0;
    much = learn(&c);
    c.kl = CLGRPO_KL_K3_RATIO;
    ratio = learn(&c);
    ck_assert(none.sums.stats.kl_sum == 0.0 && little.sums.stats.kl_sum > 0.0);
    ck_assert_msg(much.sums.stats.kl_sum < 0.5 * little.sums.stats.kl_sum, "divergence %g with 10, %g with 0.001",
                  much.sums.stats.kl_sum, little.sums.stats.kl_sum);
    ck_assert(none.weights != little.weights && much.weights != little.weights && much.weights != ratio.weights);
    c.epochs = 1;
    ck_assert(learn(&c).sums.stats.kl_sum == 0.0);
}
END_TEST

START_TEST(a_reference_in_halves_is_near)
{
    struct mg_config c = base_config();
    double of[2];

    c.epochs = 1;
    c.kl_beta = 0.1;
    of[0] = learn_stored(&c, CLGRPO_F16).sums.stats.kl_sum / (N * (LEN - PROMPT));
    of[1] = learn_stored(&c, CLGRPO_BF16).sums.stats.kl_sum / (N * (LEN - PROMPT));
    ck_assert_msg(of[0] > 0.0 && of[0] < 1e-4 && of[1] > of[0] && of[1] < 5e-3,
                  "the rounding of weights makes a divergence of %g a token in f16, %g in bf16", of[0], of[1]);
}
END_TEST

START_TEST(corrections_act)
{
    struct mg_config c = base_config();
    const struct outcome none = learn(&c);

    for (int kind = 1; mg_correction_kinds[kind].name != NULL; kind++) {
        struct outcome wide, narrow;

        c.correction = kind;
        learn_wide_and_narrow(&c, &c.correction_min, &c.correction_max, &wide, &narrow);
        ck_assert_msg(wide.weights != none.weights && narrow.weights != wide.weights, "%s does not act",
                      mg_correction_kinds[kind].name);
        ck_assert(wide.sums.stats.corrected < 0.1 * narrow.sums.stats.corrected &&
                  wide.sums.stats.correction_max > 1.01);
        ck_assert(narrow.sums.stats.corrected > 0.0 && narrow.sums.stats.corrected < narrow.sums.stats.tokens);
    }
}
END_TEST

START_TEST(parts_are_steps_of_the_optimiser)
{
    struct mg_config c = base_config();
    struct outcome once, parts, again;

    c.epochs = 1;
    once = learn(&c);
    c.mini_batches = QUESTIONS;
    parts = learn(&c);
    again = learn(&c);
    ck_assert(once.sums.updates == 1 && parts.sums.updates == QUESTIONS);
    ck_assert(parts.weights != once.weights && parts.weights == again.weights);
    ck_assert(parts.sums.stats.ratio_max > 1.0 && parts.sums.stats.tokens == once.sums.stats.tokens);
    c.epochs = 3;
    ck_assert_uint_eq(learn(&c).sums.updates, 3 * QUESTIONS);
}
END_TEST

/* ---- Alignment ---- */

/* How a step changed the parameters, a step whose trajectories have these weights, as weights or as copies. */
static float *
learn_aligned(const uint32_t *times, bool copies, size_t *n)
{
    const struct mg_agent_config agent = {.name = (char *)"search", .turns = 1, .new_tokens = LEN};
    struct mg_config c = base_config();
    struct mg_policy *p = mg_policy_case(true, 256);
    const struct mg_trajectory *rows[N * 8];
    struct mg_lesson_sums sums;
    struct step s;
    float *before = malloc(p->params.elems * sizeof *before), *after = malloc(p->params.elems * sizeof *after);
    uint32_t rows_n = 0;

    ck_assert(before != NULL && after != NULL);
    mg_ok(mg_op_read(p, p->weights, before, &err));
    make_step(&s, p);
    for (int i = 0; i < N; i++) {
        s.t[i].weight = copies ? 1.0f : (float)times[i];
        for (uint32_t k = 0; k < (copies ? times[i] : times[i] > 0); k++)
            rows[rows_n++] = &s.t[i];
    }
    c.epochs = 2;
    mg_ok(mg_learn(p, NULL, &c, &agent, 0, rows, rows_n, &sums, &err));
    mg_ok(mg_op_read(p, p->weights, after, &err));
    *n = p->params.elems;
    for (size_t i = 0; i < *n; i++)
        after[i] -= before[i];
    free(before);
    mg_policy_close(p);
    return after;
}

/* Some rollouts have fewer sub-trajectories than they count for, which are there several times, and some have more, of which
 * some are there no time. */
START_TEST(copies_teach_what_weights_teach)
{
    static const uint32_t times[N] = {4, 2, 2, 0, 1, 3, 1, 3, 8, 0, 0, 0, 1, 2, 3, 2};
    size_t n;
    float *weights = learn_aligned(times, false, &n), *copies = learn_aligned(times, true, &n);
    double apart = 0.0, size = 0.0;

    for (size_t i = 0; i < n; i++) {
        apart += pow((double)weights[i] - (double)copies[i], 2.0);
        size += pow((double)weights[i], 2.0);
    }
    /* AdamW moves a parameter by about lr, in either direction where its gradient is nothing but rounding */
    ck_assert_msg(sqrt(apart / size) < 1e-3, "the change of the parameters differs by %g of it", sqrt(apart / size));
    free(weights);
    free(copies);
}
END_TEST

/* A trajectory that is masked has the weight 0: no sum of weights has it. */
START_TEST(a_masked_trajectory_is_as_if_it_were_not_there)
{
    for (int objective = 0; mg_objectives[objective].name != NULL; objective++) {
        const struct mg_agent_config agent = {.name = (char *)"main", .turns = 1, .new_tokens = LEN};
        uint64_t weights[2];

        for (int absent = 0; absent < 2; absent++) {
            struct mg_policy *p = mg_policy_case(true, 256);
            struct mg_config c = base_config();
            struct mg_lesson_sums sums;
            struct step s;

            c.objective = objective;
            make_step(&s, p);
            s.t[N - 1].weight = 0.0f;
            mg_ok(mg_learn(p, NULL, &c, &agent, 0, s.rows, absent ? N - 1 : N, &sums, &err));
            mg_ok(mg_policy_digest(p, &weights[absent], &err));
            mg_policy_close(p);
        }
        ck_assert_msg(weights[0] == weights[1], "%s: a trajectory of weight 0 teaches", mg_objectives[objective].name);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("passes");

    fx_tests(tc, one_pass_in_one_part_knows_no_bounds, bounds_act_in_later_passes, the_dual_clip_acts,
             divergence_is_held_back, a_reference_in_halves_is_near, corrections_act, parts_are_steps_of_the_optimiser,
             copies_teach_what_weights_teach, a_masked_trajectory_is_as_if_it_were_not_there);
    return fx_main();
}
