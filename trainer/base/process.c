/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process_internal.h"

#include <math.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_NUMBERS = MG_KEEPER_NUMBERS, NUMBER = 24 };

static bool may_start;

void
mg_processes_may_start(void)
{
    may_start = true;
}

enum mg_status
mg_processes_create(uint32_t at_once, struct mg_processes **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_processes *p = NULL;
    struct sigaction old;

    MG_REQUIRE(may_start, MG_FAIL, "this executable cannot keep processes: its main() does not call mg_keeper_enter()");
    MG_ALLOC(p, 1);
    p->at_once = at_once > 0 ? at_once : 1;
    MG_REQUIRE(uv_loop_init(&p->loop) == 0, MG_FAIL, "out of memory or files: an event loop");
    p->has_loop = true;
    uv_timer_init(&p->loop, &p->pause);
    /* writing to a program that does not read its input must not end this process */
    if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    *out = p;
    p = NULL;
out:
    mg_processes_destroy(p);
    return st;
}

/* The keeper's command line. */
static enum mg_status
compose(struct mg_program *g, const struct mg_process_spec *spec, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_process_limits *l = &spec->limits;
    const unsigned long number[N_NUMBERS] = {(unsigned long)getpid(),
                                             (unsigned long)ceil(l->seconds) + 1,
                                             l->memory,
                                             l->files,
                                             l->processes,
                                             l->file_size,
                                             l->network,
                                             l->user.given,
                                             l->user.uid,
                                             l->user.gid};
    size_t n = 0, at = 0;

    while (spec->argv[n] != NULL)
        n++;
    MG_REQUIRE(n > 0 && spec->argv[0][0] != '\0', MG_INPUT, "a program without a name");
    MG_ALLOC(g->argv, 1 + N_NUMBERS + 1 + n + 1);
    g->argv[at++] = strdup(MG_KEEPER_NAME);
    for (int i = 0; i < N_NUMBERS; i++) {
        char text[NUMBER];

        snprintf(text, sizeof text, "%lu", number[i]);
        g->argv[at++] = strdup(text);
    }
    g->argv[at++] = strdup(spec->folder);
    for (size_t i = 0; i < n; i++)
        g->argv[at++] = strdup(spec->argv[i]);
    for (size_t i = 0; i < at; i++)
        MG_REQUIRE(g->argv[i] != NULL, MG_FAIL, "out of memory: %zu arguments", at);
out:
    return st;
}

enum mg_status
mg_process_user_find(const char *name, struct mg_process_user *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct passwd *p;

    *out = (struct mg_process_user){.given = name[0] != '\0'};
    if (!out->given)
        return MG_OK;
    p = getpwnam(name);
    MG_REQUIRE(p != NULL, MG_INPUT, "user is \"%.60s\", and there is none of that name", name);
    MG_REQUIRE(geteuid() == 0 || geteuid() == p->pw_uid, MG_INPUT,
               "user is \"%.60s\", and only root can run a program as another user: this is user %u", name,
               (unsigned)geteuid());
    out->uid = p->pw_uid;
    out->gid = p->pw_gid;
out:
    return st;
}

enum mg_status
mg_process_start(struct mg_processes *p, const struct mg_process_spec *spec, mg_process_done *done, void *arg,
                 struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_program *g = NULL;

    MG_ALLOC(g, 1);
    MG_TRY(compose(g, spec, err));
    MG_ALLOC(g->in, spec->n_in + 1);
    MG_ALLOC(g->said, (size_t)MG_PROGRAM_SAID + 1);
    memcpy(g->in, spec->in, spec->n_in);
    g->n_in = spec->n_in;
    g->limits = spec->limits;
    g->network = true;
    g->pool = p;
    g->done = done;
    g->arg = arg;
    if (p->last != NULL)
        p->last->next = g;
    else
        p->first = g;
    p->last = g;
    p->count++;
    g = NULL;
    mg_processes_start_waiting(p);
out:
    if (g != NULL)
        mg_program_free(g);
    return st;
}

/* ---- The pool ---- */

void
mg_processes_poll(struct mg_processes *p)
{
    uv_run(&p->loop, UV_RUN_NOWAIT);
}

static void
on_pause(uv_timer_t *timer)
{
    (void)timer;
}

void
mg_processes_wait(struct mg_processes *p, double ms)
{
    uv_update_time(&p->loop);
    uv_timer_start(&p->pause, on_pause, (uint64_t)ceil(ms), 0);
    uv_run(&p->loop, UV_RUN_ONCE);
    uv_timer_stop(&p->pause);
}

size_t
mg_processes_count(const struct mg_processes *p)
{
    return p->count;
}

static void
on_pool_closed(uv_handle_t *handle)
{
    (void)handle;
}

void
mg_processes_destroy(struct mg_processes *p)
{
    if (p == NULL)
        return;
    while (p->first != NULL) {
        struct mg_program *g = p->first;

        p->first = g->next;
        mg_program_free(g);
    }
    for (struct mg_program *g = p->active; g != NULL; g = g->next) {
        g->done = NULL;
        g->late = true;
        mg_program_end(g);
        if (!g->closing)
            uv_timer_start(&g->timer, mg_program_on_time, g->gone ? MG_PROGRAM_GRACE_MS : MG_KEEPER_GRACE_MS, 0);
    }
    if (p->has_loop) {
        uv_close((uv_handle_t *)&p->pause, on_pool_closed);
        uv_run(&p->loop, UV_RUN_DEFAULT);
        uv_loop_close(&p->loop);
    }
    free(p);
}
