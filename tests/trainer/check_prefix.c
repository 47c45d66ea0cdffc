/* SPDX-License-Identifier: Apache-2.0 */
/* Trajectories that begin alike: how they are grouped, and that a policy learns from groups what it learns from each
 * trajectory by itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "policy_case.h"
#include "policy/prefix.h"
#include "base/rng.h"
#include "suite.h"

enum { MOST_ROWS = 7, MOST_LEN = 180, SHORTEST = 8 };

struct rows {
    struct mg_train_row row[MOST_ROWS];
    int32_t ids[MOST_ROWS][MOST_LEN];
    float weight[MOST_ROWS][MOST_LEN], logprob[MOST_ROWS][MOST_LEN];
    size_t n;
};

/* Row i copies its first keep[i] tokens from row from[i] < i and draws the rest. */
static void
fill(struct rows *s, size_t n, const uint32_t *len, const size_t *from, const uint32_t *keep, uint64_t seed)
{
    struct mg_rng rng;

    mg_rng_init(&rng, seed, MG_RNG_SAMPLE, 0, 0, 0);
    *s = (struct rows){.n = n};
    for (size_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < len[i]; j++) {
            s->ids[i][j] = j < keep[i] ? s->ids[from[i]][j] : (int32_t)mg_rng_below(&rng, MG_CASE_VOCAB);
            s->weight[i][j] = j % 3 == 1 ? 0.25f + 0.05f * (float)i + 0.01f * (float)(j % 7) : 0.0f;
        }
        s->row[i] = (struct mg_train_row){.ids = s->ids[i],
                                          .weight = s->weight[i],
                                          .old_logprob = s->logprob[i],
                                          .len = len[i],
                                          .advantage = i % 2 == 0 ? 0.7f : -1.3f};
    }
}

static size_t
common(const struct mg_prefix_plan *plan, size_t a, size_t b)
{
    size_t n = 0;

    while (n < plan->fed[a] && n < plan->fed[b] && plan->rows[a].ids[n] == plan->rows[b].ids[n])
        n++;
    return n;
}

static size_t
wanted(const struct mg_prefix_plan *plan, size_t r)
{
    size_t n = 0;

    for (size_t i = 1; i <= plan->fed[r]; i++)
        n += plan->rows[r].weight[i] != 0.0f;
    return n;
}

/* Tokens that groups save when row r is in group of[r]; SIZE_MAX if a group is too large or has too little in
 * common. */
static size_t
saving(const struct mg_prefix_plan *plan, size_t n, const size_t *of, size_t max_tokens)
{
    size_t sum = 0;

    for (size_t g = 0; g < n; g++) {
        size_t members = 0, prefix = SIZE_MAX, tokens = 0, heads = 0, first = 0, saved;

        for (size_t r = 0; r < n; r++) {
            if (of[r] != g || plan->fed[r] == 0)
                continue;
            first = members++ == 0 ? r : first;
            prefix = common(plan, first, r) < prefix ? common(plan, first, r) : prefix;
            tokens += plan->fed[r];
            heads += wanted(plan, r);
        }
        if (members < 2)
            continue;
        saved = prefix * (members - 1);
        if (prefix < SHORTEST || tokens - saved > max_tokens || heads > max_tokens)
            return SIZE_MAX;
        sum += saved;
    }
    return sum;
}

/* The best saving over all 2^(n-1) ways to cut the plan's order into runs. */
static size_t
search(const struct mg_prefix_plan *plan, size_t n, size_t max_tokens)
{
    size_t best = 0, entries = 0, of[MOST_ROWS] = {0};

    for (size_t g = 0; g < plan->n_groups; g++)
        entries += plan->group[g].n;
    for (size_t cuts = 0; entries > 0 && cuts < (size_t)1 << (entries - 1); cuts++) {
        size_t saved;

        for (size_t i = 0, g = 0; i < entries; i++) {
            of[plan->order[i]] = g;
            g += cuts >> i & 1;
        }
        saved = saving(plan, n, of, max_tokens);
        best = saved != SIZE_MAX && saved > best ? saved : best;
    }
    return best;
}

/* Every row that has something to learn is in one group, whose members agree on the prefix and fit; returns what the
 * plan saves. */
static size_t
check_plan(const struct mg_prefix_plan *plan, size_t n, size_t max_tokens)
{
    size_t of[MOST_ROWS], at = 0, sum = 0;

    for (size_t r = 0; r < n; r++)
        of[r] = SIZE_MAX;
    for (size_t g = 0; g < plan->n_groups; g++) {
        const struct mg_prefix_group *group = &plan->group[g];
        size_t tokens = group->prefix, heads = 0;

        ck_assert_uint_eq(group->first, at);
        ck_assert(group->n > 0 && (group->n > 1) == (group->prefix > 0));
        for (size_t m = 0; m < group->n; m++, at++) {
            size_t r = plan->order[at];

            ck_assert(r < n && of[r] == SIZE_MAX && plan->fed[r] > 0);
            of[r] = g;
            tokens += plan->fed[r] - group->prefix;
            heads += wanted(plan, r);
            ck_assert_uint_ge(common(plan, plan->order[group->first], r), group->prefix);
        }
        ck_assert_uint_eq(group->size, tokens > heads ? tokens : heads);
        ck_assert_uint_le(group->size, max_tokens);
        sum += group->prefix * (group->n - 1);
    }
    for (size_t r = 0; r < n; r++)
        ck_assert_int_eq(of[r] == SIZE_MAX, plan->fed[r] == 0);
    return sum;
}

START_TEST(no_cut_of_the_order_saves_more)
{
    size_t from[MOST_ROWS], saved, found = 0;
    uint32_t len[MOST_ROWS], keep[MOST_ROWS];
    struct rows *s = malloc(sizeof *s);

    for (uint32_t trial = 0; trial < 60; trial++) {
        const size_t n = 1 + trial % MOST_ROWS, max_tokens = trial % 3 == 0 ? 100 : MOST_ROWS * MOST_LEN;
        struct mg_prefix_plan plan;
        struct mg_rng rng;

        mg_rng_init(&rng, 9, MG_RNG_SHUFFLE, trial, 0, 0);
        for (size_t i = 0; i < n; i++) {
            len[i] = 1 + mg_rng_below(&rng, 58);
            from[i] = i > 0 ? mg_rng_below(&rng, (uint32_t)i) : 0;
            keep[i] = i > 0 ? mg_rng_below(&rng, 50) : 0;
            keep[i] = keep[i] < len[from[i]] ? keep[i] : len[from[i]];
        }
        fill(s, n, len, from, keep, trial);
        mg_ok(mg_prefix_plan_make(s->row, n, false, max_tokens, MG_CASE_CONTEXT, &plan, &err));
        saved = check_plan(&plan, n, max_tokens);
        ck_assert_uint_eq(saved, search(&plan, n, max_tokens));
        found += saved > 0;
        mg_prefix_plan_free(&plan);
    }
    ck_assert_uint_ge(found, 20);
    free(s);
}
END_TEST

START_TEST(equal_rows_and_rows_without_weight)
{
    static const uint32_t len[4] = {40, 40, 40, 12}, keep[4] = {0, 40, 40, 12};
    static const size_t from[4] = {0, 0, 0, 0};
    struct rows *s = malloc(sizeof *s);
    struct mg_prefix_plan plan;

    fill(s, 4, len, from, keep, 1);
    memset(s->weight[1], 0, sizeof s->weight[1]);
    mg_ok(mg_prefix_plan_make(s->row, 4, false, 100, MG_CASE_CONTEXT, &plan, &err));
    ck_assert_uint_eq(plan.fed[1], 0);
    ck_assert_uint_eq(check_plan(&plan, 4, 100),
                      plan.fed[0]); /* 0 and 2 are one; 3 stays alone, or all share its few */
    mg_prefix_plan_free(&plan);
    mg_ok(mg_prefix_plan_make(s->row, 4, true, 200, MG_CASE_CONTEXT, &plan, &err));
    ck_assert_uint_eq(plan.n_groups, 4);
    for (size_t r = 0; r < 4; r++)
        ck_assert(plan.order[r] == r && plan.fed[r] == len[r] - 1 && plan.group[r].prefix == 0);
    mg_prefix_plan_free(&plan);
    free(s);
}
END_TEST

START_TEST(sequence_that_does_not_fit_is_refused)
{
    static const uint32_t len[1] = {40}, keep[1] = {0};
    static const size_t from[1] = {0};
    struct rows *s = malloc(sizeof *s);
    struct mg_prefix_plan plan;

    fill(s, 1, len, from, keep, 1);
    ck_assert_int_eq(mg_prefix_plan_make(s->row, 1, true, 100, 38, &plan, &err), MG_INPUT);
    ck_assert_str_eq(err.text, "a sequence of 40 tokens, the context is 38");
    mg_prefix_plan_free(&plan);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_prefix_plan_make(s->row, 1, true, 38, 100, &plan, &err), MG_INPUT);
    ck_assert_str_eq(err.text, "a sequence of 40 tokens, a micro-batch takes 38");
    mg_prefix_plan_free(&plan);
    free(s);
}
END_TEST

/* What rows [0, n) add to the gradient, in one call or in one for each; its buffer begins and ends as zeros. */
static float *
gradient(struct mg_policy *p, const struct rows *s, bool each, struct mg_train_stats *stats)
{
    const struct mg_loss_params o = {
        .loss = MG_LOSS_POLICY, .temperature = 1.0f, .ratio_min = 0.8f, .ratio_max = 1.28f};
    float *g = malloc(p->params.elems * sizeof *g);

    for (size_t i = 0; i < (each ? s->n : 1); i++) {
        mg_ok(mg_policy_gradient(p, s->row + i, each ? 1 : s->n, &o, stats, &err));
        ck_assert(stats->ratio_min == 1.0 && stats->ratio_max == 1.0);
    }
    mg_ok(mg_op_read(p, p->grad, g, &err));
    mg_ok(mg_op_zero(p, p->grad, &err));
    return g;
}

/* Prefixes of 64 and its neighbours, families of several, one that is all prefix, sampled tokens inside of prefixes. */
START_TEST(policy_learns_the_same_from_groups)
{
    static const uint32_t len[MOST_ROWS] = {100, 130, 66, 180, 120, 90, 90};
    static const uint32_t keep[3][MOST_ROWS] = {
        {0, 64, 66, 0, 101, 63, 90}, {0, 65, 64, 40, 40, 9, 8}, {0, 99, 66, 65, 65, 65, 65}};
    static const size_t from[3][MOST_ROWS] = {{0, 0, 1, 0, 3, 4, 5}, {0, 0, 1, 0, 3, 4, 5}, {0, 0, 0, 0, 0, 0, 0}};
    struct mg_policy *p = mg_policy_case(true, 600);
    struct rows *s = malloc(sizeof *s);
    struct mg_train_stats shared, last;
    float *logprob[MOST_ROWS], *a, *b;
    double diff = 0.0, size = 0.0, fed = 0.0;

    fill(s, MOST_ROWS, len, from[_i], keep[_i], (uint64_t)_i + 3);
    for (int i = 0; i < MOST_ROWS; i++) {
        logprob[i] = s->logprob[i];
        fed += len[i] - 1;
    }
    mg_ok(mg_policy_score(p, s->row, s->n, 1.0f, logprob, NULL, &err));
    a = gradient(p, s, false, &shared);
    b = gradient(p, s, true, &last);
    for (size_t i = 0; i < p->params.elems; i++) {
        diff += pow((double)a[i] - (double)b[i], 2.0);
        size += pow((double)b[i], 2.0);
    }
    ck_assert_msg(size > 0.0 && sqrt(diff / size) < 1e-5, "relative difference %g", sqrt(diff / size));
    ck_assert_msg(shared.forward_tokens < 0.9 * fed, "%g of %g tokens", shared.forward_tokens, fed);
    free(a);
    free(b);
    free(s);
    mg_policy_close(p);
}
END_TEST

/* Feeds ids[from .. n) to a slot and draws behind the last; a second draw, by key b, where `twice`. */
static void
feed_and_draw(struct mg_policy *p, const int32_t *ids, uint32_t from, uint32_t n, uint32_t slot, bool twice,
              const uint64_t key[2], int32_t *token, float *logprob)
{
    const struct mg_sampling how = {.temperature = 1.0f, .top_p = 1.0f};
    struct mg_feed feed[MOST_LEN + 1] = {{0}};
    int32_t drawn[MOST_LEN + 1];
    float drawn_logprob[MOST_LEN + 1];
    size_t last = n - from - 1;

    for (uint32_t i = from; i < n; i++)
        feed[i - from] = (struct mg_feed){.token = ids[i], .slot = slot, .position = i};
    feed[last].sample = true;
    feed[last].key[0] = key[0];
    feed[last + 1] = (struct mg_feed){.sample = true, .redraw = true, .key = {key[1]}};
    mg_ok(mg_policy_decode(p, feed, last + 1 + twice, &how, drawn, drawn_logprob, &err));
    for (size_t i = 0; i <= (size_t)twice; i++) {
        token[i] = drawn[last + i];
        logprob[i] = drawn_logprob[last + i];
    }
}

START_TEST(a_fork_and_a_redraw_have_the_bits_of_a_feed)
{
    enum { LEN = 70 };
    static const uint64_t key[2] = {5, 77}, swapped[2] = {77, 5};
    struct mg_policy *p = mg_policy_case(true, 600);
    int32_t *ids = fx_random_i32(LEN, MG_CASE_VOCAB, 3), want[2], got[2];
    float want_logprob[2], got_logprob[2];

    feed_and_draw(p, ids, 0, LEN, 0, false, key, want, want_logprob);
    feed_and_draw(p, ids, 0, LEN, 1, false, swapped, want + 1, want_logprob + 1);
    ck_assert_int_ne(want[0], want[1]);
    feed_and_draw(p, ids, 0, LEN, 2, true, key, got, got_logprob);
    fx_same_bits("tokens", got, want, sizeof got);
    fx_same_bits("log-probabilities", got_logprob, want_logprob, sizeof got_logprob);
    mg_ok(mg_policy_fork(p, &(struct mg_fork){.from = 2, .to = 3, .length = LEN - 4}, 1, &err));
    feed_and_draw(p, ids, LEN - 4, LEN, 3, true, key, got, got_logprob);
    fx_same_bits("tokens of a fork", got, want, sizeof got);
    fx_same_bits("log-probabilities of a fork", got_logprob, want_logprob, sizeof got_logprob);
    free(ids);
    mg_policy_close(p);
}
END_TEST

START_TEST(a_redraw_behind_nothing_is_refused)
{
    const struct mg_sampling how = {.temperature = 1.0f, .top_p = 1.0f};
    const struct mg_feed feed[2] = {{.token = 1}, {.sample = true, .redraw = true}};
    struct mg_policy *p = mg_policy_case(true, 600);
    int32_t token[2];
    float logprob[2];

    ck_assert_int_eq(mg_policy_decode(p, feed, 2, &how, token, logprob, &err), MG_FAIL);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_policy_decode(p, feed + 1, 1, &how, token, logprob, &err), MG_FAIL);
    mg_err_clear(&err);
    mg_policy_close(p);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("prefix");

    fx_tests(tc, no_cut_of_the_order_saves_more, equal_rows_and_rows_without_weight,
             sequence_that_does_not_fit_is_refused);
    tcase_add_loop_test(tc, policy_learns_the_same_from_groups, 0, 3);
    fx_tests(tc, a_fork_and_a_redraw_have_the_bits_of_a_feed, a_redraw_behind_nothing_is_refused);
    return fx_main();
}
