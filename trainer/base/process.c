/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/keeper.h"
#include "base/clock.h"

enum { SAID_KEPT = 4096, SAID_MOST = 1 << 20, N_NUMBERS = 7, NUMBER = 24, SENTENCE = 160, GRACE_MS = 2000 };
enum { IN, OUT, SAID, REPORT, N_PIPES };

struct mg_processes {
    uv_loop_t loop;
    uv_timer_t pause; /* bounds a wait */
    bool has_loop;
    uint32_t at_once, running;
    size_t count;
    struct program *first, *last; /* waiting to run */
    struct program *active;
};

struct program {
    struct mg_processes *pool;
    struct program *next, *previous;
    char **argv, *in; /* argv: the keeper's */
    size_t n_in;
    struct mg_process_limits limits;
    mg_process_done *done;
    void *arg;

    uv_process_t keeper;
    uv_pipe_t pipe[N_PIPES];
    uv_timer_t timer;
    uv_write_t write;
    int n_handles;         /* not closed yet */
    bool open[N_PIPES];    /* will still tell something */
    bool has_keeper, gone; /* it was made; it has ended */
    bool late, closing;
    double start;
    char *out, *said, read[8192];
    size_t n_out, n_said, all_said;
    struct mg_keeper_report report;
    size_t n_report;
    bool network, ended; /* `wait` is there */
    int wait;
    char sentence[SENTENCE]; /* the first thing that went wrong */
};

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
    /* a program that does not read its input is no reason to end */
    if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    *out = p;
    p = NULL;
out:
    mg_processes_destroy(p);
    return st;
}

static void
free_program(struct program *g)
{
    for (size_t i = 0; g->argv != NULL && g->argv[i] != NULL; i++)
        free(g->argv[i]);
    free(g->argv);
    free(g->in);
    free(g->out);
    free(g->said);
    free(g);
}

/* ---- The end ---- */

static void wrong(struct program *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
wrong(struct program *g, const char *fmt, ...)
{
    va_list ap;

    if (g->sentence[0] != '\0')
        return;
    va_start(ap, fmt);
    vsnprintf(g->sentence, sizeof g->sentence, fmt, ap);
    va_end(ap);
}

/* Wants it to end; the keeper sees to the rest. */
static void
end_keeper(struct program *g)
{
    if (!g->gone)
        uv_process_kill(&g->keeper, SIGTERM);
}

static void
tell(struct program *g)
{
    struct mg_process_end end = {.status = -1, .n_out = g->n_out, .n_said = g->n_said, .network = g->network};

    if (g->ended && WIFEXITED(g->wait))
        end.status = WEXITSTATUS(g->wait);
    end.good = g->sentence[0] == '\0' && end.status == 0;
    if (g->ended && WIFEXITED(g->wait))
        wrong(g, "ended with status %d", end.status);
    else if (g->ended)
        wrong(g, "was ended by signal %d (%s)", WTERMSIG(g->wait), strsignal(WTERMSIG(g->wait)));
    wrong(g, "lost its keeper");
    end.sentence = g->sentence;
    end.seconds = mg_clock() - g->start;
    end.out = g->out != NULL ? g->out : "";
    end.said = g->said != NULL ? g->said : "";
    if (g->done != NULL)
        g->done(g->arg, &end);
}

static void start_waiting(struct mg_processes *p);

static void
leave(struct program *g)
{
    struct mg_processes *p = g->pool;

    if (g->previous != NULL)
        g->previous->next = g->next;
    else
        p->active = g->next;
    if (g->next != NULL)
        g->next->previous = g->previous;
    p->running--;
    p->count--;
    tell(g);
    free_program(g);
    start_waiting(p);
}

static void
on_closed(uv_handle_t *handle)
{
    struct program *g = handle->data;

    if (--g->n_handles == 0)
        leave(g);
}

static void
close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* The last word is said when the keeper is gone and the pipes are at their ends. */
static void
look_for_end(struct program *g)
{
    if (!g->gone || g->closing || g->open[OUT] || g->open[SAID] || g->open[REPORT])
        return;
    g->closing = true;
    close_handle((uv_handle_t *)&g->timer);
    for (int i = 0; i < N_PIPES; i++)
        if (g->pipe[i].data != NULL)
            close_handle((uv_handle_t *)&g->pipe[i]);
    if (g->has_keeper)
        close_handle((uv_handle_t *)&g->keeper);
}

/* Too slow; a second time only if its end itself is slow: then whoever holds the pipes is not waited for. */
static void
on_time(uv_timer_t *timer)
{
    struct program *g = timer->data;

    if (!g->late && !g->gone) {
        wrong(g, "ran longer than %g s", g->limits.seconds);
        g->late = true;
        end_keeper(g);
        uv_timer_start(timer, on_time, GRACE_MS, 0);
        return;
    }
    if (!g->gone)
        uv_process_kill(&g->keeper, SIGKILL);
    g->open[OUT] = g->open[SAID] = g->open[REPORT] = false;
    look_for_end(g);
}

static void
on_keeper_gone(uv_process_t *keeper, int64_t status, int signal_number)
{
    struct program *g = keeper->data;

    (void)status;
    (void)signal_number;
    g->gone = true;
    uv_timer_start(&g->timer, on_time, GRACE_MS, 0);
    look_for_end(g);
}

/* ---- What it writes ---- */

static void
take_out(struct program *g, size_t n)
{
    char *grown;

    if (g->n_out + n > g->limits.output) {
        wrong(g, "wrote more than %zu bytes", g->limits.output);
        n = g->limits.output - g->n_out;
    }
    grown = realloc(g->out, g->n_out + n + 1);
    if (grown == NULL) {
        wrong(g, "wrote %zu bytes, for which there is no memory", g->n_out + n);
    } else {
        g->out = grown;
        memcpy(g->out + g->n_out, g->read, n);
        g->n_out += n;
        g->out[g->n_out] = '\0';
    }
    if (g->sentence[0] != '\0')
        end_keeper(g);
}

/* The end of what it says is kept: that is where the reason stands. */
static void
take_said(struct program *g, size_t n)
{
    const char *new_one = n > SAID_KEPT ? g->read + n - SAID_KEPT : g->read;
    size_t n_new = n > SAID_KEPT ? SAID_KEPT : n, kept = g->n_said;

    g->all_said += n;
    if (g->all_said > SAID_MOST) {
        wrong(g, "wrote more than %d bytes on standard error", (int)SAID_MOST);
        end_keeper(g);
    }
    if (kept + n_new > SAID_KEPT)
        kept = SAID_KEPT - n_new;
    memmove(g->said, g->said + g->n_said - kept, kept);
    memcpy(g->said + kept, new_one, n_new);
    g->n_said = kept + n_new;
    g->said[g->n_said] = '\0';
}

static void
take_event(struct program *g)
{
    switch (g->report.event) {
    case MG_KEEPER_NETWORK:
        g->network = g->report.value != 0;
        break;
    case MG_KEEPER_NO_START:
        wrong(g, "cannot be run: %s", strerror(g->report.value));
        break;
    case MG_KEEPER_PROCESSES:
        wrong(g, "had %d processes, at most %u are allowed", (int)g->report.value, g->limits.processes);
        break;
    case MG_KEEPER_END:
        g->ended = true;
        g->wait = g->report.value;
        break;
    }
}

static void
take_report(struct program *g, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((char *)&g->report)[g->n_report++] = g->read[i];
        if (g->n_report == sizeof g->report) {
            take_event(g);
            g->n_report = 0;
        }
    }
}

static void
give_room(uv_handle_t *handle, size_t wish, uv_buf_t *buf)
{
    struct program *g = handle->data;

    (void)wish;
    *buf = uv_buf_init(g->read, sizeof g->read);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct program *g = stream->data;
    int which = (int)((uv_pipe_t *)stream - g->pipe);

    (void)buf;
    if (n < 0) {
        g->open[which] = false;
        look_for_end(g);
    } else if (which == OUT) {
        take_out(g, (size_t)n);
    } else if (which == SAID) {
        take_said(g, (size_t)n);
    } else {
        take_report(g, (size_t)n);
    }
}

/* ---- The start ---- */

/* What was to be read is read, or will never be: both are the program's own affair. */
static void
on_written(uv_write_t *write, int status)
{
    struct program *g = write->data;

    (void)status;
    close_handle((uv_handle_t *)&g->pipe[IN]);
}

/* Real pipes: a program may open /dev/stdin or /dev/stdout again, which fails for sockets. */
static int
open_pipes(struct program *g, uv_stdio_container_t stdio[N_PIPES])
{
    for (int i = 0; i < N_PIPES; i++) {
        uv_file fd[2];
        int rc = uv_pipe(fd, i == IN ? 0 : UV_NONBLOCK_PIPE, i == IN ? UV_NONBLOCK_PIPE : 0), ours = i == IN ? 1 : 0;

        if (rc != 0)
            return rc;
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = fd[1 - ours];
        uv_pipe_init(&g->pool->loop, &g->pipe[i], 0);
        g->pipe[i].data = g;
        g->n_handles++;
        rc = uv_pipe_open(&g->pipe[i], fd[ours]);
        if (rc != 0) {
            close(fd[ours]);
            return rc;
        }
        g->open[i] = i != IN;
    }
    return 0;
}

static int
spawn(struct program *g)
{
    uv_stdio_container_t stdio[N_PIPES] = {0};
    uv_process_options_t options = {
        .exit_cb = on_keeper_gone, .file = "/proc/self/exe", .args = g->argv, .stdio = stdio, .stdio_count = N_PIPES};
    uv_buf_t in = uv_buf_init(g->in, (unsigned)g->n_in);
    int rc;

    for (int i = 0; i < N_PIPES; i++)
        stdio[i].data.fd = -1;
    rc = open_pipes(g, stdio);
    if (rc == 0) {
        g->keeper.data = g;
        rc = uv_spawn(&g->pool->loop, &g->keeper, &options);
        g->n_handles++;
        g->has_keeper = true;
    }
    for (int i = 0; i < N_PIPES; i++)
        if (stdio[i].data.fd >= 0)
            close(stdio[i].data.fd);
    if (rc != 0)
        return rc;
    for (int i = OUT; i < N_PIPES; i++)
        uv_read_start((uv_stream_t *)&g->pipe[i], give_room, on_read);
    g->write.data = g;
    return uv_write(&g->write, (uv_stream_t *)&g->pipe[IN], &in, 1, on_written);
}

static void
run(struct program *g)
{
    struct mg_processes *p = g->pool;
    int rc;

    g->start = mg_clock();
    g->next = p->active;
    g->previous = NULL;
    if (p->active != NULL)
        p->active->previous = g;
    p->active = g;
    p->running++;
    uv_update_time(&p->loop);
    uv_timer_init(&p->loop, &g->timer);
    g->timer.data = g;
    g->n_handles = 1;
    rc = spawn(g);
    if (rc == 0) {
        uv_timer_start(&g->timer, on_time, (uint64_t)ceil(g->limits.seconds * 1e3), 0);
        return;
    }
    wrong(g, "cannot be run: %s", uv_strerror(rc));
    g->gone = !g->has_keeper || !uv_is_active((uv_handle_t *)&g->keeper);
    end_keeper(g);
    memset(g->open, 0, sizeof g->open);
    look_for_end(g);
}

static void
start_waiting(struct mg_processes *p)
{
    while (p->first != NULL && p->running < p->at_once) {
        struct program *g = p->first;

        p->first = g->next;
        if (p->first == NULL)
            p->last = NULL;
        run(g);
    }
}

/* The keeper's command line. */
static enum mg_status
compose(struct program *g, const struct mg_process_spec *spec, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_process_limits *l = &spec->limits;
    const unsigned long number[N_NUMBERS] = {(unsigned long)getpid(),
                                             (unsigned long)ceil(l->seconds) + 1,
                                             l->memory,
                                             l->files,
                                             l->processes,
                                             l->file_size,
                                             l->network};
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
mg_process_start(struct mg_processes *p, const struct mg_process_spec *spec, mg_process_done *done, void *arg,
                 struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct program *g = NULL;

    MG_ALLOC(g, 1);
    MG_TRY(compose(g, spec, err));
    MG_ALLOC(g->in, spec->n_in + 1);
    MG_ALLOC(g->said, (size_t)SAID_KEPT + 1);
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
    start_waiting(p);
out:
    if (g != NULL)
        free_program(g);
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
        struct program *g = p->first;

        p->first = g->next;
        free_program(g);
    }
    for (struct program *g = p->active; g != NULL; g = g->next) {
        g->done = NULL;
        g->late = true;
        end_keeper(g);
        if (!g->closing)
            uv_timer_start(&g->timer, on_time, GRACE_MS, 0);
    }
    if (p->has_loop) {
        uv_close((uv_handle_t *)&p->pause, on_pool_closed);
        uv_run(&p->loop, UV_RUN_DEFAULT);
        uv_loop_close(&p->loop);
    }
    free(p);
}
