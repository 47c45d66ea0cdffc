/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/tune_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sample lasts SAMPLE_US or more. After every ROUNDS_PER_CUT rounds the slower half of the candidates is dropped,
 * until FEW or fewer are left, and after LAST_ROUNDS or when the time is spent the search ends. */
enum { SAMPLE_US = 2000, ROUNDS_PER_CUT = 3, FEW = 4, LAST_ROUNDS = 25, MOST_CHANGES = 2 };

static int
by_changes(const void *a, const void *b)
{
    const struct tune_candidate *x = a, *y = b;

    return (x->n_changed > y->n_changed) - (x->n_changed < y->n_changed);
}

/* Fills in the candidates: all combinations of allowed values that the context accepts, with at most MOST_CHANGES
 * values that are not standard. The combination without any comes first. */
static void
enumerate(struct tune_search *s)
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
            clg_tune_set(s->t->ctx, s->r->op, s->r->shape_class, x->values, n) == CLGRPO_OK)
            s->n++;
        clgrpo_error_clear(s->t->ctx);
        for (p = 0; p < n && ++index[p] == s->params[p].n_allowed; p++)
            index[p] = 0;
    } while (p < n && s->n < TUNE_MAX_CANDIDATES);
    qsort(s->all, s->n, sizeof *s->all, by_changes);
}

/* Keeps the result with the standard values, which must be near the double-precision reference, and finds how many runs
 * make a sample. */
static bool
begin(struct tune_search *s)
{
    double us;

    s->n_out = clgrpo_tensor_elems(&s->c->out);
    s->standard = malloc(s->n_out * sizeof(float));
    s->got = malloc(s->n_out * sizeof(float));
    if (s->standard == NULL || s->got == NULL || s->n == 0 || s->all[0].n_changed != 0 || !tune_use(s, &s->all[0]) ||
        !tune_run_for_result(s, s->standard))
        return false;
    if (!s->c->check(s->c, s->standard)) {
        fprintf(stderr, "clgrpo-tune: %s: the standard kernel's result is wrong on this device\n", s->c->op);
        return false;
    }
    s->repeat = 1;
    us = tune_time(s);
    s->repeat = us > 0.0 && us < SAMPLE_US ? (unsigned)(SAMPLE_US / us) + 1 : 1;
    s->all[0].alive = true;
    s->r->n_tried = 1;
    return us > 0.0;
}

/* Checks the candidates' results until `until_us`; those that are not reached by then are left out, like wrong ones. */
static void
verify(struct tune_search *s, double until_us)
{
    for (unsigned i = 1; i < s->n && bench_now_us() < until_us; i++) {
        s->all[i].alive = tune_is_right(s, &s->all[i]);
        s->r->n_tried++;
        s->r->n_wrong += !s->all[i].alive;
        tune_progress(s->t, s->c, i + 1, s->n);
    }
}

static void
try_all(struct tune_search *s)
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
        if (!tune_round(s)) {
            s->r->failed = true;
            return;
        }
        tune_progress(s->t, s->c, tune_n_alive(s), s->n);
        if (++rounds % ROUNDS_PER_CUT == 0 && tune_n_alive(s) > FEW)
            tune_drop_slower_half(s);
    } while (tune_n_alive(s) > 1 && rounds < LAST_ROUNDS && (rounds < ROUNDS_PER_CUT || bench_now_us() < s->until_us));
    tune_decide(s);
}

void
tune_find_best(struct tune *t, struct tune_case *c, double seconds, struct tune_result *result)
{
    struct tune_search s = {.t = t, .c = c, .r = result, .until_us = bench_now_us() + 1e6 * seconds};
    int shape_class;

    *result = (struct tune_result){.c = c, .is_standard = true};
    if (!clg_tune_find_op(c->op, &result->op) || !clg_tune_find_class(result->op, c->shape_class, &shape_class)) {
        fprintf(stderr, "clgrpo-tune: %s/%s is not declared\n", c->op, c->shape_class);
        result->failed = true;
        return;
    }
    result->shape_class = (size_t)shape_class;
    result->first_param = clg_tune_first(result->op);
    result->n_params = clg_tune_count(result->op);
    s.params = clg_tune_params + result->first_param;
    s.all = calloc(TUNE_MAX_CANDIDATES + 1, sizeof *s.all);
    if (s.all == NULL || !c->prepare(t, c)) {
        result->failed = true;
    } else {
        enumerate(&s);
        result->n_candidates = s.n;
        try_all(&s);
    }
    free(s.all), free(s.standard), free(s.got);
    tune_case_release(c);
}
