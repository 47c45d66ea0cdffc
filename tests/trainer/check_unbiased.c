/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expected gradient of a step against that of the expected reward, by enumeration: a model with five tokens, all
 * sequences of two, all pairs of them as groups, with the advantages, the objective and the gradient of a run. What the
 * gradient should be comes from differences of the expected reward. For draws from the whole distribution they agree;
 * for draws that top_p cuts they do where log-probabilities are of the tokens that are kept, and do not where they are
 * of all.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/advantage.h"
#include "policy_case.h"
#include "small_model.h"
#include "suite.h"

enum { V = 5, N = V * V, PROMPT = 2, LEN = PROMPT + 2, K = 2 };

/* Differences of the expected reward, computed from log-probabilities of single precision: the step is such that their
 * rounding counts for some 1e-4 of a slope, and so does what one extrapolation leaves of the third order. */
static const double STEP = 0.02, TOLERANCE = 0.003;

static const struct mg_loss_params loss = {
    .loss = MG_LOSS_POLICY, .temperature = 0.9f, .ratio_min = 0.8f, .ratio_max = 1.28f};

static struct mg_policy *p;
static int32_t ids[N][LEN];
static float old[N][LEN];
static bool kept_first[V], kept_second[V][V]; /* the tokens that may be drawn, fixed while weights move */
static float *start;                          /* [P] the weights */

static double
reward(int y)
{
    return (double)(y * (y + 3) % 11) / 10.0;
}

static void
begin(void)
{
    struct mg_policy_limits limits = {.slots = 2, .context = 16, .max_tokens = 128, .train = true};
    struct mg_model_config config = mg_small_model(V, 16, true);

    mg_err_clear(&err);
    mg_ok(mg_policy_init(&config, 3, &limits, &p, &err));
    start = malloc(p->params.elems * sizeof *start);
    mg_ok(mg_op_read(p, p->weights, start, &err));
    for (size_t i = 0; i < p->params.decay_elems; i++)
        start[i] *= 3.0f;
    mg_ok(mg_op_write(p, p->weights, start, &err));
    for (int y = 0; y < N; y++)
        memcpy(ids[y], (const int32_t[]){2, 4, y / V, y % V}, sizeof ids[y]);
}

static void
end(void)
{
    mg_policy_close(p);
    free(start);
}

/* ---- The distribution ---- */

struct distribution {
    double first[V], second[V][V]; /* p of each token, at both places */
};

static void
read_distribution(struct distribution *d)
{
    struct mg_train_row row[N];
    float *out[N];

    for (int y = 0; y < N; y++) {
        row[y] = (struct mg_train_row){.ids = ids[y], .len = LEN};
        out[y] = old[y];
    }
    mg_ok(mg_policy_score(p, row, N, loss.temperature, out, NULL, &err));
    for (int y = 0; y < N; y++) {
        d->first[y / V] = exp((double)old[y][PROMPT]);
        d->second[y / V][y % V] = exp((double)old[y][PROMPT + 1]);
    }
}

static void
keep_all(void)
{
    memset(kept_first, 1, sizeof kept_first);
    memset(kept_second, 1, sizeof kept_second);
}

/* The likeliest tokens until they have top_p together. */
static void
keep_some(const double prob[V], double top_p, bool kept[V])
{
    double sum = 0.0;

    memset(kept, 0, V * sizeof *kept);
    while (sum < top_p) {
        int best = -1;

        for (int j = 0; j < V; j++)
            if (!kept[j] && (best < 0 || prob[j] > prob[best]))
                best = j;
        kept[best] = true;
        sum += prob[best];
    }
}

static double
mass(const double prob[V], const bool kept[V])
{
    double sum = 0.0;

    for (int j = 0; j < V; j++)
        sum += kept[j] ? prob[j] : 0.0;
    return sum;
}

/* How often a sequence is drawn. */
static double
drawn(const struct distribution *d, int y)
{
    int a = y / V, b = y % V;

    if (!kept_first[a] || !kept_second[a][b])
        return 0.0;
    return d->first[a] / mass(d->first, kept_first) * d->second[a][b] / mass(d->second[a], kept_second[a]);
}

static double
expected_reward(void)
{
    struct distribution d;
    double sum = 0.0;

    read_distribution(&d);
    for (int y = 0; y < N; y++)
        sum += drawn(&d, y) * reward(y);
    return sum;
}

/* ---- The estimator ---- */

/* What a sequence counts for in the expectation over all groups of K: the sum of how often the group is drawn times its
 * advantage there. */
static void
count(const struct distribution *d, double c[N])
{
    static float r[K * N * N], advantage[K * N * N];
    static int32_t offsets[N * N + 1];
    struct mg_config config = {.advantage_eps = 1e-6};

    while (mg_advantage_kinds[config.advantage].kind != CLGRPO_ADVANTAGE_LOO)
        config.advantage++;
    for (int g = 0; g < N * N; g++) {
        r[K * g] = (float)reward(g / N);
        r[K * g + 1] = (float)reward(g % N);
        offsets[g + 1] = K * (g + 1);
    }
    mg_ok(mg_advantages(mg_policy_context(p), &config, r, NULL, K * N * N, offsets, N * N, advantage, &err));
    memset(c, 0, N * sizeof *c);
    for (int g = 0; g < N * N; g++) {
        double often = drawn(d, g / N) * drawn(d, g % N);

        c[g / N] += often * (double)advantage[K * g] / K;
        c[g % N] += often * (double)advantage[K * g + 1] / K;
    }
}

/* The gradient of the sum over sequences and their two tokens of c times the token's log-probability, by the run's own
 * loss, each token in a row of its own; malloc'ed. */
static float *
gradient(double c[N][2])
{
    static float weight[2 * N][LEN];
    struct mg_train_row row[2 * N];
    struct mg_train_stats stats;
    float *g = malloc(p->params.elems * sizeof *g);

    for (int i = 0; i < 2 * N; i++) {
        int y = i / 2, token = i % 2;

        weight[i][PROMPT + token] = (float)fabs(c[y][token]);
        row[i] = (struct mg_train_row){.ids = ids[y],
                                       .weight = weight[i],
                                       .old_logprob = old[y],
                                       .len = LEN,
                                       .advantage = c[y][token] < 0.0 ? 1.0f : -1.0f};
    }
    mg_ok(mg_op_zero(p, p->grad, &err));
    mg_ok(mg_policy_gradient(p, row, (size_t)2 * N, &loss, &stats, &err));
    mg_ok(mg_op_read(p, p->grad, g, &err));
    return g;
}

/* As a run has it: each token of a sequence counts as the sequence does. */
static float *
gradient_of_all(const double c[N])
{
    double each[N][2];

    for (int y = 0; y < N; y++)
        each[y][0] = each[y][1] = c[y];
    return gradient(each);
}

/* The same, with the log-probabilities of the tokens that are kept: log p less the log of their sum. */
static float *
gradient_of_kept(const struct distribution *d, const double c[N])
{
    double each[N][2], all = 0.0, behind[V] = {0.0};

    for (int y = 0; y < N; y++) {
        all += c[y];
        behind[y / V] += c[y];
    }
    for (int y = 0; y < N; y++) {
        int a = y / V, b = y % V;
        double first = kept_first[a] ? d->first[a] / mass(d->first, kept_first) : 0.0;
        double second = kept_second[a][b] ? d->second[a][b] / mass(d->second[a], kept_second[a]) : 0.0;

        /* the first token's share is spread over the sequences that begin with it */
        each[y][0] = c[y] - all * first / V;
        each[y][1] = c[y] - behind[a] * second;
    }
    return gradient(each);
}

/* ---- Slopes ---- */

static double
norm(const float *g)
{
    double sum = 0.0;

    for (size_t i = 0; i < p->params.elems; i++)
        sum += (double)g[i] * (double)g[i];
    return sqrt(sum);
}

/* The slope that a gradient says along another one. */
static double
slope_of(const float *g, const float *along)
{
    double sum = 0.0;

    for (size_t i = 0; i < p->params.elems; i++)
        sum += (double)g[i] * (double)along[i];
    return sum / norm(along);
}

static double
reward_at(const float *along, double step)
{
    float *w = malloc(p->params.elems * sizeof *w);
    double scale = step / norm(along), out;

    for (size_t i = 0; i < p->params.elems; i++)
        w[i] = (float)((double)start[i] + scale * (double)along[i]);
    mg_ok(mg_op_write(p, p->weights, w, &err));
    out = expected_reward();
    mg_ok(mg_op_write(p, p->weights, start, &err));
    free(w);
    return out;
}

/* The slope of the expected reward, by differences. */
static double
slope(const float *along)
{
    double wide = (reward_at(along, STEP) - reward_at(along, -STEP)) / (2.0 * STEP);
    double narrow = (reward_at(along, STEP / 2.0) - reward_at(along, -STEP / 2.0)) / STEP;

    return (4.0 * narrow - wide) / 3.0;
}

static void
expect_gradient(const float *g, const float *along)
{
    double is = slope_of(g, along), want = slope(along);

    ck_assert_msg(fabs(is - want) <= TOLERANCE * norm(g),
                  "the slope is %.6g, differences say %.6g; the gradient's norm is %.6g", is, want, norm(g));
}

/* ---- Tests ---- */

START_TEST(draws_of_the_whole_distribution_give_the_gradient_of_the_reward)
{
    struct distribution d;
    double c[N];
    float *g;

    keep_all();
    read_distribution(&d);
    count(&d, c);
    g = gradient_of_all(c);
    ck_assert_double_gt(norm(g), 0.01);
    expect_gradient(g, g);
    free(g);
}
END_TEST

START_TEST(draws_that_are_cut_need_the_log_probabilities_of_what_is_kept)
{
    struct distribution d;
    double c[N];
    float *kept, *all, *bias;
    size_t n = p->params.elems;

    read_distribution(&d);
    keep_some(d.first, 0.8, kept_first);
    for (int a = 0; a < V; a++)
        keep_some(d.second[a], 0.8, kept_second[a]);
    ck_assert_double_lt(mass(d.first, kept_first), 0.999);
    count(&d, c);
    kept = gradient_of_kept(&d, c);
    all = gradient_of_all(c);
    bias = malloc(n * sizeof *bias);
    for (size_t i = 0; i < n; i++)
        bias[i] = all[i] - kept[i];
    expect_gradient(kept, kept);
    expect_gradient(kept, bias);
    /* what a run would do, which is why it refuses such draws */
    ck_assert_double_gt(fabs(slope_of(all, bias) - slope(bias)), 5.0 * TOLERANCE * norm(kept));
    free(kept);
    free(all);
    free(bias);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("unbiased", begin, end, 0), draws_of_the_whole_distribution_give_the_gradient_of_the_reward,
                draws_that_are_cut_need_the_log_probabilities_of_what_is_kept);
    return suite_main();
}
