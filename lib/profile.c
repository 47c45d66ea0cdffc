/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MOST = 65536, NAME = 64, SETTLED_AT_ONCE = 4 };

/* The name of a kernel, once for all its records. */
struct name {
    struct name *next;
    char text[NAME];
};

struct record {
    const char *operation, *kernel;
    cl_ulong call, queued, submitted, start, end;
    double flop, bytes;
    cl_event event; /* NULL once the times are read */
};

struct clgrpo_profile {
    struct clgrpo_context *ctx; /* NULL once it is destroyed */
    size_t most, room, n, n_settled, n_lost;
    struct record *records; /* n_settled with times, then those that are waited for, in order */
    struct name *names;
    cl_ulong n_calls;
    size_t n_counted, n_totals; /* by the last finish */
    struct clgrpo_profile_total *totals;
};

/* ---- Recording ---- */

static bool
read_times(struct record *r)
{
    const struct {
        cl_profiling_info info;
        cl_ulong *to;
    } times[] = {{CL_PROFILING_COMMAND_QUEUED, &r->queued},
                 {CL_PROFILING_COMMAND_SUBMIT, &r->submitted},
                 {CL_PROFILING_COMMAND_START, &r->start},
                 {CL_PROFILING_COMMAND_END, &r->end}};
    bool good = true;

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        good = good &&
               clGetEventProfilingInfo(r->event, times[i].info, sizeof *times[i].to, times[i].to, NULL) == CL_SUCCESS;
    return good && r->end >= r->start;
}

/* The first record that is waited for gets its times and loses its event; it is lost if there are none. */
static void
settle(struct clgrpo_profile *p)
{
    struct record *r = &p->records[p->n_settled];
    const bool good = read_times(r);

    clReleaseEvent(r->event);
    r->event = NULL;
    if (good) {
        p->n_settled++;
        return;
    }
    p->n_lost++;
    p->n--;
    memmove(r, r + 1, (p->n - p->n_settled) * sizeof *r);
}

/* Whether the first record that is waited for is of a command that is done, or has failed. */
static bool
is_done(const struct clgrpo_profile *p)
{
    cl_int status = CL_QUEUED;

    return p->n_settled < p->n &&
           clGetEventInfo(p->records[p->n_settled].event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status,
                          NULL) == CL_SUCCESS &&
           status <= CL_COMPLETE;
}

static bool
make_room(struct clgrpo_profile *p)
{
    size_t room = p->room > 0 ? 2 * p->room : 256;
    struct record *more;

    if (p->n < p->room)
        return true;
    if (p->n >= p->most)
        return false;
    room = room < p->most ? room : p->most;
    more = realloc(p->records, room * sizeof *more);
    if (more == NULL)
        return false;
    p->records = more;
    p->room = room;
    return true;
}

/* NULL if out of memory. */
static const char *
keep_name(struct clgrpo_profile *p, const char *text)
{
    struct name *name = p->names;

    while (name != NULL && strcmp(name->text, text) != 0)
        name = name->next;
    if (name == NULL && (name = calloc(1, sizeof *name)) != NULL) {
        snprintf(name->text, sizeof name->text, "%s", text);
        name->next = p->names;
        p->names = name;
    }
    return name != NULL ? name->text : NULL;
}

void
clg_profile_add(struct clgrpo_profile *p, const struct clg_command *c, cl_event event)
{
    const char *kernel = keep_name(p, c->kernel);

    /* the driver need not keep more events than it has commands to do */
    for (int i = 0; i < SETTLED_AT_ONCE && is_done(p); i++)
        settle(p);
    if (kernel == NULL || !make_room(p) || clRetainEvent(event) != CL_SUCCESS) {
        p->n_lost++;
        return;
    }
    p->records[p->n++] = (struct record){.operation = c->operation,
                                         .kernel = kernel,
                                         .call = c->call,
                                         .flop = c->flop,
                                         .bytes = c->bytes,
                                         .event = event};
}

enum clgrpo_status
clg_profile_begin(struct clgrpo_context *ctx, const char *operation, cl_command_queue_properties properties,
                  cl_ulong *call)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, (properties & CL_QUEUE_PROFILING_ENABLE) != 0, CLGRPO_E_ARGUMENT,
                "%s: the context has a profile and the command queue no times: make the queue with "
                "CL_QUEUE_PROFILING_ENABLE, or end the profile",
                operation);
    *call = ctx->profile->n_calls++;
out:
    return st;
}

void
clg_profile_detach(struct clgrpo_profile *p)
{
    if (p != NULL)
        p->ctx = NULL;
}

/* ---- Its life ---- */

enum clgrpo_status
clgrpo_profile_create(struct clgrpo_context *ctx, size_t most, struct clgrpo_profile **out)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_profile *p;

    if (ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(ctx, out != NULL, CLGRPO_E_ARGUMENT, "profile_create: out is null");
    *out = NULL;
    CLG_REQUIRE(ctx, ctx->profile == NULL, CLGRPO_E_ARGUMENT,
                "profile_create: the context has a profile already: destroy it first");
    p = calloc(1, sizeof *p);
    CLG_REQUIRE(ctx, p != NULL, CLGRPO_E_MEMORY, "profile_create: out of memory");
    p->ctx = ctx;
    p->most = most > 0 ? most : DEFAULT_MOST;
    ctx->profile = *out = p;
out:
    return st;
}

/* The commands of the records need not be done. */
static void
forget(struct clgrpo_profile *p)
{
    for (size_t i = p->n_settled; i < p->n; i++)
        clReleaseEvent(p->records[i].event);
    free(p->totals);
    p->totals = NULL;
    p->n = p->n_settled = p->n_lost = p->n_counted = p->n_totals = 0;
}

void
clgrpo_profile_destroy(struct clgrpo_profile *p)
{
    if (p == NULL)
        return;
    if (p->ctx != NULL)
        p->ctx->profile = NULL;
    forget(p);
    while (p->names != NULL) {
        struct name *next = p->names->next;

        free(p->names);
        p->names = next;
    }
    free(p->records);
    free(p);
}

/* ---- Reading ---- */

static void
wait_for_all(struct clgrpo_profile *p)
{
    while (p->n_settled < p->n) {
        clWaitForEvents(1, &p->records[p->n_settled].event); /* if it fails the record is lost */
        settle(p);
    }
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
total_of(const struct record *r)
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
        const struct record *r = &p->records[i];
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
    forget(p);
    return CLGRPO_OK;
}

enum clgrpo_status
clgrpo_profile_record_get(struct clgrpo_profile *p, size_t i, struct clgrpo_profile_record *out)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_profile_record full = CLGRPO_PROFILE_RECORD_INIT;
    const struct record *r;

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
