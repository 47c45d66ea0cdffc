/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gradient of each objective against differences of its loss, which is written here in double as its paper has it: the
 * weights of the objective's row and the operation of the library together are that derivative.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/learn.h"
#include "policy_loss_case.h"

enum { N = 6, TURNS = 2, NEW_TOKENS = 20 };
static const size_t sampled[N] = {1, 2, 7, 16, 31, 33};
static const double aligned[N] = {8.0, 4.0, 8.0 / 3.0, 1.0, 2.0, 0.5};

/* Log-probabilities of all tokens, one trajectory after the other, and those at which constants are taken. */
struct point {
    const float *old, *advantage;
    double *logprob, *stopped;
    double low, high;
};

static double
clipped(double ratio, double a, const struct point *p)
{
    return fmin(ratio * a, fmin(fmax(ratio, p->low), p->high) * a);
}

/* Sum over the tokens of a trajectory of min(r A, clamp(r) A). */
static double
sum_of_tokens(const struct point *p, size_t first, size_t n)
{
    double sum = 0.0;

    for (size_t t = first; t < first + n; t++)
        sum += clipped(exp(p->logprob[t] - (double)p->old[t]), (double)p->advantage[t], p);
    return sum;
}

/* Sum of clamp(r) A log p, in which clamp(r) is a constant. */
static double
sum_of_weighted(const struct point *p, size_t first, size_t n)
{
    double sum = 0.0;

    for (size_t t = first; t < first + n; t++) {
        const double r = exp(p->stopped[t] - (double)p->old[t]);

        sum += fmin(fmax(r, p->low), p->high) * (double)p->advantage[t] * p->logprob[t];
    }
    return sum;
}

static double
log_ratio(const struct point *p, size_t first, size_t n)
{
    double sum = 0.0;

    for (size_t t = first; t < first + n; t++)
        sum += p->logprob[t] - (double)p->old[t];
    return sum;
}

static double
by_definition(const char *objective, const struct point *p)
{
    double weight = 0.0, tokens = 0.0, sum = 0.0;
    size_t first = 0;

    for (int i = 0; i < N; i++) {
        const size_t n = sampled[i];
        const double a = (double)p->advantage[first];
        double of = NAN;

        if (strcmp(objective, "dapo") == 0 || strcmp(objective, "dr-grpo") == 0)
            of = sum_of_tokens(p, first, n);
        else if (strcmp(objective, "mrlx") == 0)
            of = sum_of_tokens(p, first, n) / (double)n;
        else if (strcmp(objective, "gspo") == 0)
            of = clipped(exp(log_ratio(p, first, n) / (double)n), a, p);
        else if (strcmp(objective, "paper-seq") == 0)
            of = clipped(exp(log_ratio(p, first, n)), a, p);
        else if (strcmp(objective, "cispo") == 0)
            of = sum_of_weighted(p, first, n);
        ck_assert_msg(!isnan(of), "%s has no definition in this test", objective);
        sum -= aligned[i] * of;
        weight += aligned[i];
        tokens += aligned[i] * (double)n;
        first += n;
    }
    if (strcmp(objective, "dapo") == 0 || strcmp(objective, "cispo") == 0)
        return sum / tokens;
    return strcmp(objective, "dr-grpo") == 0 ? sum / weight / (TURNS * NEW_TOKENS) : sum / weight;
}

/* Trajectories with one advantage each and ratios on both sides of the bounds, weighed by the objective. */
static struct policy_batch
make_batch(int objective)
{
    const struct mg_config c = {
        .objective = objective, .temperature = 1.0, .ratio_min = 0.9, .ratio_max = 1.12, .correction_max = 2.0};
    const struct mg_loss_params how = mg_loss_params_of(&c);
    struct mg_step_sums sums = {.new_max = TURNS * NEW_TOKENS};
    struct policy_batch b;
    size_t n = 0;

    for (int i = 0; i < N; i++) {
        sums.weight += aligned[i];
        sums.weighted_tokens += aligned[i] * (double)sampled[i];
        n += sampled[i];
    }
    b = policy_batch_make(n, false);
    policy_batch_cut(&b, N, sampled);
    for (int i = 0; i < N; i++)
        for (size_t t = (size_t)b.offsets[i]; t < (size_t)b.offsets[i + 1]; t++) {
            b.weight[t] =
                (float)mg_token_weight(mg_objectives[objective].normalisation, &sums, aligned[i], (uint32_t)sampled[i]);
            b.advantage[t] = i % 2 == 0 ? 0.8f : -1.1f;
            b.old_logprob[t] = b.logprob[t] + 0.5f * (b.old_logprob[t] - b.logprob[t]) / sqrtf((float)sampled[i]);
        }
    b.options.ratio = how.ratio;
    b.options.surrogate = how.surrogate;
    b.options.ratio_min = how.ratio_min;
    b.options.ratio_max = how.ratio_max;
    return b;
}

START_TEST(the_gradient_is_the_slope_of_the_definition)
{
    const char *name = mg_objectives[_i].name;
    const double step = 1e-6;
    struct policy_batch b = make_batch(_i);
    struct policy_result got = policy_run(fx_context(fx_family(0)), &b, false);
    struct point p = {.old = b.old_logprob,
                      .advantage = b.advantage,
                      .logprob = fx_widen(b.logprob, b.n),
                      .stopped = fx_widen(b.logprob, b.n),
                      .low = 0.9,
                      .high = 1.12};

    ck_assert_msg(fabs((double)got.stats[CLGRPO_POLICY_LOSS] - by_definition(name, &p)) < 1e-5, "%s: loss %g, want %g",
                  name, (double)got.stats[CLGRPO_POLICY_LOSS], by_definition(name, &p));
    for (size_t i = 0; i < b.n; i++) {
        const double at = p.logprob[i];
        double up, down, want;

        p.logprob[i] = at + step;
        up = by_definition(name, &p);
        p.logprob[i] = at - step;
        down = by_definition(name, &p);
        p.logprob[i] = at;
        want = (up - down) / (2.0 * step);
        ck_assert_msg(fabs((double)got.dlogprob[i] - want) < 1e-6 + 2e-5 * fabs(want), "%s, token %zu: %g, want %g",
                      name, i, (double)got.dlogprob[i], want);
    }
    free(p.logprob);
    free(p.stopped);
    policy_result_free(&got);
    policy_batch_free(&b);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("objective gradient");
    int rows = 0;

    while (mg_objectives[rows].name != NULL)
        rows++;
    tcase_add_loop_test(tc, the_gradient_is_the_slope_of_the_definition, 0, rows);
    return fx_main();
}
