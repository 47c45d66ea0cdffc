/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "measure/median.h"
#include "tune/tune_search.h"

/* After CONFIRMATIONS fresh samples, the best candidate is kept if it was faster than the standard in three of four of
 * them, and by least_gain in the median. */
enum { CONFIRMATIONS = 12 };
static const double least_gain = 1.03;

/* Of the candidate's samples, whose order stays: it tells the rounds apart. */
static double
median_us(const struct tune_candidate *x)
{
    double sorted[TUNE_MAX_SAMPLES];

    memcpy(sorted, x->samples, x->n * sizeof *sorted);
    return bench_median(sorted, x->n);
}

bool
tune_round(struct tune_search *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        struct tune_candidate *x = &s->all[i];

        if (!x->alive || x->n == TUNE_MAX_SAMPLES)
            continue;
        if (!tune_use(s, x) || (x->samples[x->n] = tune_time(s)) < 0.0)
            return false;
        x->n++;
    }
    return true;
}

unsigned
tune_n_alive(const struct tune_search *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->n; i++)
        n += s->all[i].alive;
    return n;
}

void
tune_drop_slower_half(struct tune_search *s)
{
    double medians[TUNE_MAX_CANDIDATES], limit;
    unsigned n = 0;

    for (unsigned i = 0; i < s->n; i++)
        if (s->all[i].alive)
            medians[n++] = median_us(&s->all[i]);
    bench_sort(medians, n);
    limit = medians[(n - 1) / 2];
    for (unsigned i = 1; i < s->n; i++)
        s->all[i].alive = s->all[i].alive && median_us(&s->all[i]) <= limit;
}

/* The candidate with the largest gain over the standard, which is the median of the ratios of their times in each
 * round; the standard if no candidate gains. */
static struct tune_candidate *
best_gain(struct tune_search *s)
{
    struct tune_candidate *best = &s->all[0];
    double pairs[TUNE_MAX_SAMPLES], gain = 1.0;

    for (unsigned i = 1; i < s->n; i++) {
        struct tune_candidate *x = &s->all[i];

        if (!x->alive || x->n == 0)
            continue;
        for (unsigned k = 0; k < x->n; k++)
            pairs[k] = s->all[0].samples[k] / x->samples[k];
        if (bench_median(pairs, x->n) > gain) {
            gain = bench_median(pairs, x->n);
            best = x;
        }
    }
    return best;
}

/* Compares fresh samples of the best candidate and the standard, taken in turn: the earlier samples, by which it was
 * chosen, are biased in its favour. */
static bool
confirm(struct tune_search *s, struct tune_candidate *best)
{
    double pairs[CONFIRMATIONS];
    unsigned wins = 0;

    s->all[0].n = best->n = 0;
    for (unsigned i = 0; i < CONFIRMATIONS; i++) {
        for (unsigned k = 0; k < s->n; k++)
            s->all[k].alive = &s->all[k] == best || k == 0;
        if (!tune_round(s))
            return false;
        pairs[i] = s->all[0].samples[i] / best->samples[i];
        wins += pairs[i] > 1.0;
    }
    s->r->ratio = bench_median(pairs, CONFIRMATIONS);
    s->r->is_standard = wins < CONFIRMATIONS - CONFIRMATIONS / 4 || s->r->ratio < least_gain;
    return true;
}

void
tune_decide(struct tune_search *s)
{
    struct tune_candidate *best = best_gain(s);

    s->r->is_standard = best == &s->all[0];
    if (!s->r->is_standard && !confirm(s, best)) {
        s->r->failed = true;
        return;
    }
    if (s->r->is_standard) {
        best = &s->all[0];
        s->r->ratio = 1.0;
    }
    memcpy(s->r->values, best->values, sizeof s->r->values);
    s->r->standard_us = median_us(&s->all[0]);
    s->r->best_us = median_us(best);
}
