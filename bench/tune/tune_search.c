/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tune/tune.h"

/* A sample lasts at least so long; after so many rounds the slower half leaves, while more than FINALISTS are left. The
 * leader must then win fresh rounds against the standard, by least_gain, else the standard stays. */
enum { SAMPLE_US = 2000, ROUNDS_PER_CUT = 3, FINALISTS = 4, LAST_ROUNDS = 25, DUELS = 12, MOST_CHANGES = 2 };
static const double least_gain = 1.03;

struct search {
    struct tune *t;
    struct tune_case *c;
    struct tune_result *r;
    const struct clgrpo_tune_param *params; /* of the operation */
    double until_us;
    struct tune_candidate *all;
    float *standard, *got;
    size_t n_out, space_bytes;
    unsigned n, repeat;
};

bool
tune_ok(struct tune *t, enum clgrpo_status st, const char *what)
{
    if (st != CLGRPO_OK) {
        fprintf(stderr, "%sclgrpo-tune: %s: %s\n", t->progress ? "\n" : "", what, clgrpo_error_text(t->ctx));
        clgrpo_error_clear(t->ctx);
    }
    return st == CLGRPO_OK;
}

/* ---- Candidates ---- */

static int
by_changes(const void *a, const void *b)
{
    const struct tune_candidate *x = a, *y = b;

    return (x->n_changed > y->n_changed) - (x->n_changed < y->n_changed);
}

/* Every combination of allowed values with at most MOST_CHANGES that are not standard, if the context takes it; the
 * standard first. */
static void
enumerate(struct search *s)
{
    const size_t n = s->r->n_params;
    size_t index[TUNE_MAX_PARAMS] = {0}, p;

    do {
        struct tune_candidate *x = &s->all[s->n];

        memset(x, 0, sizeof *x);
        for (p = 0; p < n; p++) {
            x->values[p] = s->params[p].allowed[index[p]];
            if (x->values[p] == s->params[p].standard[s->r->shape_class])
                continue;
            x->n_changed++;
            x->changes_order = x->changes_order || s->params[p].changes_order;
        }
        if (x->n_changed <= MOST_CHANGES &&
            clgrpo_tune_set(s->t->ctx, s->r->op, s->r->shape_class, x->values, n) == CLGRPO_OK)
            s->n++;
        clgrpo_error_clear(s->t->ctx);
        for (p = 0; p < n && ++index[p] == s->params[p].n_allowed; p++)
            index[p] = 0;
    } while (p < n && s->n < TUNE_MAX_CANDIDATES);
    qsort(s->all, s->n, sizeof *s->all, by_changes);
}

/* ---- One candidate ---- */

static bool
use(struct search *s, const struct tune_candidate *x)
{
    size_t bytes = 0;
    cl_int code = CL_SUCCESS;

    if (!tune_ok(s->t, clgrpo_tune_set(s->t->ctx, s->r->op, s->r->shape_class, x->values, s->r->n_params), s->c->op) ||
        (s->c->workspace != NULL && !tune_ok(s->t, s->c->workspace(s->t, s->c, &bytes), s->c->op)))
        return false;
    if (bytes > s->space_bytes || s->c->space.buf == NULL) {
        if (s->c->space.buf != NULL)
            clReleaseMemObject(s->c->space.buf);
        s->space_bytes = bytes + 64;
        s->c->space.buf = clCreateBuffer(clgrpo_context_cl(s->t->ctx), CL_MEM_READ_WRITE, s->space_bytes, NULL, &code);
    }
    s->c->space.bytes = s->space_bytes;
    return code == CL_SUCCESS;
}

static bool
run_for_result(struct search *s, float *to)
{
    memset(to, 0xff, s->n_out * sizeof *to); /* NaN: no result of before may stand */
    return tune_ok(s->t, clgrpo_tensor_write(s->t->ctx, s->t->queue, &s->c->out, to, s->n_out * sizeof *to),
                   s->c->op) &&
           tune_ok(s->t, s->c->run(s->t, s->c), s->c->op) &&
           tune_ok(s->t, clgrpo_tensor_read(s->t->ctx, s->t->queue, &s->c->out, to, s->n_out * sizeof *to), s->c->op);
}

/* Whether the results are right: the standard's bits, or the reference where the order differs. Also warms up. */
static bool
is_right(struct search *s, const struct tune_candidate *x)
{
    if (!use(s, x) || !run_for_result(s, s->got))
        return false;
    return x->changes_order ? s->c->check(s->c, s->got) : memcmp(s->got, s->standard, s->n_out * sizeof *s->got) == 0;
}

/* Microseconds of one run, the mean of s->repeat; negative on failure. */
static double
time_runs(struct search *s)
{
    const double start = bench_now_us();

    for (unsigned i = 0; i < s->repeat; i++)
        if (!tune_ok(s->t, s->c->run(s->t, s->c), s->c->op))
            return -1.0;
    return tune_ok(s->t, clgrpo_queue_finish(s->t->ctx, s->t->queue), s->c->op) ? (bench_now_us() - start) / s->repeat
                                                                                : -1.0;
}

/* ---- Rounds ---- */

static int
by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(const double *x, unsigned n)
{
    double sorted[TUNE_MAX_SAMPLES];

    memcpy(sorted, x, n * sizeof *x);
    qsort(sorted, n, sizeof *sorted, by_size);
    return n > 0 ? sorted[n / 2] : 0.0;
}

static bool
round_once(struct search *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        struct tune_candidate *x = &s->all[i];

        if (!x->alive || x->n == TUNE_MAX_SAMPLES)
            continue;
        if (!use(s, x) || (x->samples[x->n] = time_runs(s)) < 0.0)
            return false;
        x->n++;
    }
    return true;
}

static unsigned
n_alive(const struct search *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->n; i++)
        n += s->all[i].alive;
    return n;
}

/* The slower half leaves; the standard stays. */
static void
cut(struct search *s)
{
    double medians[TUNE_MAX_CANDIDATES], limit;
    unsigned n = 0;

    for (unsigned i = 0; i < s->n; i++)
        if (s->all[i].alive)
            medians[n++] = median(s->all[i].samples, s->all[i].n);
    qsort(medians, n, sizeof *medians, by_size);
    limit = medians[(n - 1) / 2];
    for (unsigned i = 1; i < s->n; i++)
        s->all[i].alive = s->all[i].alive && median(s->all[i].samples, s->all[i].n) <= limit;
}

/* The candidate with the largest median gain over the standard, round by round; the standard if none gains. */
static struct tune_candidate *
leader(struct search *s)
{
    struct tune_candidate *best = &s->all[0];
    double pairs[TUNE_MAX_SAMPLES], gain = 1.0;

    for (unsigned i = 1; i < s->n; i++) {
        struct tune_candidate *x = &s->all[i];

        if (!x->alive || x->n == 0)
            continue;
        for (unsigned k = 0; k < x->n; k++)
            pairs[k] = s->all[0].samples[k] / x->samples[k];
        if (median(pairs, x->n) > gain) {
            gain = median(pairs, x->n);
            best = x;
        }
    }
    return best;
}

/* Fresh samples of the leader and the standard in turn, for those that chose it favour it. */
static bool
duel(struct search *s, struct tune_candidate *best)
{
    double pairs[DUELS];
    unsigned wins = 0;

    s->all[0].n = best->n = 0;
    for (unsigned i = 0; i < DUELS; i++) {
        for (unsigned k = 0; k < s->n; k++)
            s->all[k].alive = &s->all[k] == best || k == 0;
        if (!round_once(s))
            return false;
        pairs[i] = s->all[0].samples[i] / best->samples[i];
        wins += pairs[i] > 1.0;
    }
    s->r->ratio = median(pairs, DUELS);
    s->r->is_standard = wins < DUELS - DUELS / 4 || s->r->ratio < least_gain;
    return true;
}

static void
decide(struct search *s)
{
    struct tune_candidate *best = leader(s);

    s->r->is_standard = best == &s->all[0];
    if (!s->r->is_standard && !duel(s, best)) {
        s->r->failed = true;
        return;
    }
    if (s->r->is_standard) {
        best = &s->all[0];
        s->r->ratio = 1.0;
    }
    memcpy(s->r->values, best->values, sizeof s->r->values);
    s->r->standard_us = median(s->all[0].samples, s->all[0].n);
    s->r->best_us = median(best->samples, best->n);
}

/* ---- The search ---- */

/* The standard's results, near the double reference, and how many runs make a sample. */
static bool
begin(struct search *s)
{
    double us;

    s->n_out = clgrpo_tensor_elems(&s->c->out);
    s->standard = malloc(s->n_out * sizeof(float));
    s->got = malloc(s->n_out * sizeof(float));
    if (s->standard == NULL || s->got == NULL || s->n == 0 || s->all[0].n_changed != 0 || !use(s, &s->all[0]) ||
        !run_for_result(s, s->standard))
        return false;
    if (!s->c->check(s->c, s->standard)) {
        fprintf(stderr, "clgrpo-tune: %s: the standard kernel's result is wrong on this device\n", s->c->op);
        return false;
    }
    s->repeat = 1;
    us = time_runs(s);
    s->repeat = us > 0.0 && us < SAMPLE_US ? (unsigned)(SAMPLE_US / us) + 1 : 1;
    s->all[0].alive = true;
    s->r->n_tried = 1;
    return us > 0.0;
}

/* Which candidates are right; those that the first half of the time does not suffice for are not tried. */
static void
verify(struct search *s, double until_us)
{
    for (unsigned i = 1; i < s->n && bench_now_us() < until_us; i++) {
        s->all[i].alive = is_right(s, &s->all[i]);
        s->r->n_tried++;
        s->r->n_wrong += !s->all[i].alive;
        tune_progress(s->t, s->c, i + 1, s->n);
    }
}

static void
search(struct search *s)
{
    const double budget_us = s->until_us - bench_now_us();
    unsigned rounds = 0;
    double start;

    if (!begin(s)) {
        s->r->failed = true;
        return;
    }
    start = bench_now_us(); /* compiling the first program is not measuring */
    s->until_us = start + budget_us;
    verify(s, start + 0.5 * budget_us);
    do {
        if (!round_once(s)) {
            s->r->failed = true;
            return;
        }
        tune_progress(s->t, s->c, n_alive(s), s->n);
        if (++rounds % ROUNDS_PER_CUT == 0 && n_alive(s) > FINALISTS)
            cut(s);
    } while (n_alive(s) > 1 && rounds < LAST_ROUNDS && (rounds < ROUNDS_PER_CUT || bench_now_us() < s->until_us));
    decide(s);
}

void
tune_search(struct tune *t, struct tune_case *c, double seconds, struct tune_result *result)
{
    struct search s = {.t = t, .c = c, .r = result, .until_us = bench_now_us() + 1e6 * seconds};
    const struct clgrpo_tune_op *ops;
    const struct clgrpo_tune_param *params;
    const size_t n_ops = clgrpo_tune_ops(&ops), n_params = clgrpo_tune_params(&params);

    *result = (struct tune_result){.c = c, .is_standard = true};
    while (result->op < n_ops && strcmp(ops[result->op].name, c->op) != 0)
        result->op++;
    while (result->shape_class < ops[result->op].n_classes &&
           strcmp(ops[result->op].classes[result->shape_class], c->shape_class) != 0)
        result->shape_class++;
    while (params[result->first_param].op != result->op)
        result->first_param++;
    while (result->first_param + result->n_params < n_params &&
           params[result->first_param + result->n_params].op == result->op)
        result->n_params++;
    s.params = params + result->first_param;
    s.all = calloc(TUNE_MAX_CANDIDATES + 1, sizeof *s.all);
    if (s.all == NULL || !c->prepare(t, c)) {
        result->failed = true;
    } else {
        enumerate(&s);
        result->n_candidates = s.n;
        search(&s);
    }
    free(s.all), free(s.standard), free(s.got);
    tune_case_release(c);
}
