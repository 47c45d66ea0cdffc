/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as it is recorded: what the launches tell it, from its beginning to its end. */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MOST = 65536, NAME = 64, SETTLED_AT_ONCE = 4 };

/* The name of a kernel, once for all its records. */
struct clg_profile_name {
    struct clg_profile_name *next;
    char text[NAME];
};

static bool
read_times(struct clg_profile_record *r)
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

void
clg_profile_settle(struct clgrpo_profile *p)
{
    struct clg_profile_record *r = &p->records[p->n_settled++];

    r->lost = !read_times(r);
    p->n_lost += r->lost;
    clReleaseEvent(r->event);
    r->event = NULL;
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
    struct clg_profile_record *more;

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
    struct clg_profile_name *name = p->names;

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
        clg_profile_settle(p);
    if (kernel == NULL || !make_room(p) || clRetainEvent(event) != CL_SUCCESS) {
        p->n_lost++;
        return;
    }
    p->records[p->n++] = (struct clg_profile_record){.operation = c->operation,
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

void
clg_profile_forget(struct clgrpo_profile *p)
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
    clg_profile_forget(p);
    while (p->names != NULL) {
        struct clg_profile_name *next = p->names->next;

        free(p->names);
        p->names = next;
    }
    free(p->records);
    free(p);
}
