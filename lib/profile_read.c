/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as it is read: its records, and what they sum up to. */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

/* Afterwards the records are those that have times. */
static void
wait_for_all(struct clgrpo_profile *p)
{
    size_t kept = p->n_counted;

    while (p->n_settled < p->n) {
        clWaitForEvents(1, &p->records[p->n_settled].event); /* if it fails the record is lost */
        clg_profile_settle(p);
    }
    for (size_t i = kept; i < p->n; i++)
        if (!p->records[i].lost)
            p->records[kept++] = p->records[i];
    p->n = p->n_settled = kept;
}

static int
by_name(const void *a, const void *b)
{
    const struct clgrpo_profile_total *x = a, *y = b;
    const int order = strcmp(x->operation, y->operation);

    return order != 0 ? order : strcmp(x->kernel, y->kernel);
}

static int
by_seconds(const void *a, const void *b)
{
    const struct clgrpo_profile_total *x = a, *y = b;

    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? 1 : -1;
    return by_name(a, b);
}

static struct clgrpo_profile_total
total_of(const struct clg_profile_record *r)
{
    return (struct clgrpo_profile_total){.struct_size = sizeof(struct clgrpo_profile_total),
                                         .operation = r->operation,
                                         .kernel = r->kernel,
                                         .n = 1,
                                         .seconds = 1e-9 * (double)(r->end - r->start),
                                         .flop = r->flop,
                                         .bytes = r->bytes};
}

/* Joins neighbours of the same names; returns how many are left. */
static size_t
join(struct clgrpo_profile_total *t, size_t n)
{
    size_t kept = 0;

    for (size_t i = 1; i < n; i++) {
        if (by_name(&t[kept], &t[i]) != 0) {
            t[++kept] = t[i];
            continue;
        }
        t[kept].n++;
        t[kept].seconds += t[i].seconds;
        t[kept].flop += t[i].flop;
        t[kept].bytes += t[i].bytes;
    }
    return n > 0 ? kept + 1 : 0;
}

/* The times between commands, which end in about the order of the records. */
static void
sum_gaps(const struct clgrpo_profile *p, struct clgrpo_profile_counts *c)
{
    cl_ulong done = p->n > 0 ? p->records[0].queued : 0;

    for (size_t i = 0; i < p->n; i++) {
        const struct clg_profile_record *r = &p->records[i];
        const cl_ulong queued = r->queued > done ? r->queued : done;

        if (r->start > done) {
            c->host += 1e-9 * (double)((queued < r->start ? queued : r->start) - done);
            c->starting += 1e-9 * (double)(r->start > queued ? r->start - queued : 0);
        }
        done = r->end > done ? r->end : done;
    }
}

static enum clgrpo_status
sum_up(struct clgrpo_profile *p, double *seconds)
{
    enum clgrpo_status st = CLGRPO_OK;

    free(p->totals);
    p->n_counted = p->n_totals = 0;
    p->totals = malloc((p->n + 1) * sizeof *p->totals);
    CLG_REQUIRE(p->ctx, p->totals != NULL, CLGRPO_E_MEMORY, "profile_finish: out of memory for %zu records", p->n);
    for (size_t i = 0; i < p->n; i++)
        p->totals[i] = total_of(&p->records[i]);
    qsort(p->totals, p->n, sizeof *p->totals, by_name);
    p->n_totals = join(p->totals, p->n);
    qsort(p->totals, p->n_totals, sizeof *p->totals, by_seconds);
    p->n_counted = p->n;
    for (size_t i = 0; i < p->n_totals; i++)
        *seconds += p->totals[i].seconds;
out:
    return st;
}

enum clgrpo_status
clgrpo_profile_finish(struct clgrpo_profile *p, struct clgrpo_profile_counts *counts)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_profile_counts c = CLGRPO_PROFILE_COUNTS_INIT;

    if (p == NULL || p->ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    wait_for_all(p);
    CLG_TRY(sum_up(p, &c.seconds));
    sum_gaps(p, &c);
    c.n_records = p->n_counted;
    c.n_totals = p->n_totals;
    c.n_lost = p->n_lost;
    CLG_TRY(clg_struct_give(p->ctx, "profile_finish: counts", counts, &c, sizeof c));
out:
    return st;
}

enum clgrpo_status
clgrpo_profile_clear(struct clgrpo_profile *p)
{
    if (p == NULL || p->ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    wait_for_all(p);
    clg_profile_forget(p);
    return CLGRPO_OK;
}

enum clgrpo_status
clgrpo_profile_record_get(struct clgrpo_profile *p, size_t i, struct clgrpo_profile_record *out)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_profile_record full = CLGRPO_PROFILE_RECORD_INIT;
    const struct clg_profile_record *r;

    if (p == NULL || p->ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(p->ctx, i < p->n_counted, CLGRPO_E_VALUE, "profile_record_get: record %zu of %zu", i, p->n_counted);
    r = &p->records[i];
    full.operation = r->operation;
    full.kernel = r->kernel;
    full.call = r->call;
    full.queued = r->queued;
    full.submitted = r->submitted;
    full.start = r->start;
    full.end = r->end;
    full.flop = r->flop;
    full.bytes = r->bytes;
    CLG_TRY(clg_struct_give(p->ctx, "profile_record_get: record", out, &full, sizeof full));
out:
    return st;
}

enum clgrpo_status
clgrpo_profile_total_get(struct clgrpo_profile *p, size_t i, struct clgrpo_profile_total *out)
{
    enum clgrpo_status st = CLGRPO_OK;

    if (p == NULL || p->ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(p->ctx, i < p->n_totals, CLGRPO_E_VALUE, "profile_total_get: total %zu of %zu", i, p->n_totals);
    CLG_TRY(clg_struct_give(p->ctx, "profile_total_get: total", out, &p->totals[i], sizeof p->totals[i]));
out:
    return st;
}
