/* SPDX-License-Identifier: Apache-2.0 */
/* One program from its start to its end. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process_internal.h"
#include "base/clock.h"

enum { SAID_MOST = 1 << 20 };

void
mg_program_free(struct mg_program *g)
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

static void wrong(struct mg_program *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
wrong(struct mg_program *g, const char *fmt, ...)
{
    va_list ap;

    if (g->sentence[0] != '\0')
        return;
    va_start(ap, fmt);
    vsnprintf(g->sentence, sizeof g->sentence, fmt, ap);
    va_end(ap);
}

void
mg_program_end(struct mg_program *g)
{
    if (g->gone)
        return;
    uv_process_kill(&g->keeper, SIGTERM);
    uv_process_kill(&g->keeper, SIGCONT); /* its program may have stopped it */
}

static void
tell(struct mg_program *g)
{
    struct mg_process_end end = {.status = -1, .n_out = g->n_out, .n_said = g->n_said, .network = g->network};

    if (g->ended && WIFEXITED(g->wait))
        end.status = WEXITSTATUS(g->wait);
    end.by_itself = g->sentence[0] == '\0' && end.status >= 0;
    end.good = end.by_itself && end.status == 0;
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

static void
leave(struct mg_program *g)
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
    mg_program_free(g);
    mg_processes_start_waiting(p);
}

static void
on_closed(uv_handle_t *handle)
{
    struct mg_program *g = handle->data;

    if (--g->n_handles == 0)
        leave(g);
}

static void
close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* The end is reported once the keeper has exited and the pipes are at end of file. */
static void
look_for_end(struct mg_program *g)
{
    if (!g->gone || g->closing || g->open[MG_PIPE_OUT] || g->open[MG_PIPE_SAID] || g->open[MG_PIPE_REPORT])
        return;
    g->closing = true;
    close_handle((uv_handle_t *)&g->timer);
    for (int i = 0; i < MG_N_PIPES; i++)
        if (g->pipe[i].data != NULL)
            close_handle((uv_handle_t *)&g->pipe[i]);
    if (g->has_keeper)
        close_handle((uv_handle_t *)&g->keeper);
}

static void
is_late(struct mg_program *g)
{
    wrong(g, "ran longer than %g s", g->limits.seconds);
    g->late = true;
    uv_timer_start(&g->timer, mg_program_on_time, MG_KEEPER_GRACE_MS, 0);
}

/* The first call ends the program. A second one, after a grace period, no longer waits for the keeper, or for processes
 * that still hold the pipes open. */
void
mg_program_on_time(uv_timer_t *timer)
{
    struct mg_program *g = timer->data;

    if (!g->late && !g->gone) {
        is_late(g);
        mg_program_end(g);
        return;
    }
    if (!g->gone)
        uv_process_kill(&g->keeper, SIGKILL);
    g->open[MG_PIPE_OUT] = g->open[MG_PIPE_SAID] = g->open[MG_PIPE_REPORT] = false;
    look_for_end(g);
}

static void
on_keeper_gone(uv_process_t *keeper, int64_t status, int signal_number)
{
    struct mg_program *g = keeper->data;

    (void)status;
    (void)signal_number;
    g->gone = true;
    uv_timer_start(&g->timer, mg_program_on_time, MG_PROGRAM_GRACE_MS, 0);
    look_for_end(g);
}

/* ---- What it writes ---- */

static void
take_out(struct mg_program *g, size_t n)
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
        mg_program_end(g);
}

/* The last bytes of standard error are kept: the reason of a failure is usually there. */
static void
take_said(struct mg_program *g, size_t n)
{
    const char *new_one = n > MG_PROGRAM_SAID ? g->read + n - MG_PROGRAM_SAID : g->read;
    size_t n_new = n > MG_PROGRAM_SAID ? MG_PROGRAM_SAID : n, kept = g->n_said;

    g->all_said += n;
    if (g->all_said > SAID_MOST) {
        wrong(g, "wrote more than %d bytes on standard error", (int)SAID_MOST);
        mg_program_end(g);
    }
    if (kept + n_new > MG_PROGRAM_SAID)
        kept = MG_PROGRAM_SAID - n_new;
    memmove(g->said, g->said + g->n_said - kept, kept);
    memcpy(g->said + kept, new_one, n_new);
    g->n_said = kept + n_new;
    g->said[g->n_said] = '\0';
}

/* What root may read and enter, another user may not. */
static void
no_start(struct mg_program *g, int why)
{
    const struct mg_process_user *u = &g->limits.user;

    if ((why == EACCES || why == EPERM) && u->given && geteuid() == 0 && u->uid != 0)
        wrong(g, "cannot be run by user %u, whom `user` names: %s; may it enter the folder and read the program?",
              u->uid, strerror(why));
    else
        wrong(g, "cannot be run: %s", strerror(why));
}

static void
take_event(struct mg_program *g)
{
    switch (g->report.event) {
    case MG_KEEPER_NETWORK:
        g->network = g->report.value != 0;
        break;
    case MG_KEEPER_NO_START:
        no_start(g, g->report.value);
        break;
    case MG_KEEPER_LATE:
        is_late(g);
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
take_report(struct mg_program *g, size_t n)
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
    struct mg_program *g = handle->data;

    (void)wish;
    *buf = uv_buf_init(g->read, sizeof g->read);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct mg_program *g = stream->data;
    int which = (int)((uv_pipe_t *)stream - g->pipe);

    (void)buf;
    if (n < 0) {
        g->open[which] = false;
        look_for_end(g);
    } else if (which == MG_PIPE_OUT) {
        take_out(g, (size_t)n);
    } else if (which == MG_PIPE_SAID) {
        take_said(g, (size_t)n);
    } else {
        take_report(g, (size_t)n);
    }
}

/* ---- The start ---- */

/* An error here means that the program did not read all of its input, which it need not. */
static void
on_written(uv_write_t *write, int status)
{
    struct mg_program *g = write->data;

    (void)status;
    close_handle((uv_handle_t *)&g->pipe[MG_PIPE_IN]);
}

/* Pipes, not the sockets of UV_CREATE_PIPE: a program may open /dev/stdin or /dev/stdout, which fails for sockets. */
static int
open_pipes(struct mg_program *g, uv_stdio_container_t stdio[MG_N_PIPES])
{
    for (int i = 0; i < MG_N_PIPES; i++) {
        uv_file fd[2];
        int rc = uv_pipe(fd, i == MG_PIPE_IN ? 0 : UV_NONBLOCK_PIPE, i == MG_PIPE_IN ? UV_NONBLOCK_PIPE : 0),
            ours = i == MG_PIPE_IN ? 1 : 0;

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
        g->open[i] = i != MG_PIPE_IN;
    }
    return 0;
}

static int
spawn(struct mg_program *g)
{
    uv_stdio_container_t stdio[MG_N_PIPES] = {0};
    uv_process_options_t options = {.exit_cb = on_keeper_gone,
                                    .file = "/proc/self/exe",
                                    .args = g->argv,
                                    .stdio = stdio,
                                    .stdio_count = MG_N_PIPES};
    uv_buf_t in = uv_buf_init(g->in, (unsigned)g->n_in);
    int rc;

    for (int i = 0; i < MG_N_PIPES; i++)
        stdio[i].data.fd = -1;
    rc = open_pipes(g, stdio);
    if (rc == 0) {
        g->keeper.data = g;
        rc = uv_spawn(&g->pool->loop, &g->keeper, &options);
        g->n_handles++;
        g->has_keeper = true;
    }
    for (int i = 0; i < MG_N_PIPES; i++)
        if (stdio[i].data.fd >= 0)
            close(stdio[i].data.fd);
    if (rc != 0)
        return rc;
    for (int i = MG_PIPE_OUT; i < MG_N_PIPES; i++)
        uv_read_start((uv_stream_t *)&g->pipe[i], give_room, on_read);
    g->write.data = g;
    return uv_write(&g->write, (uv_stream_t *)&g->pipe[MG_PIPE_IN], &in, 1, on_written);
}

static void
run(struct mg_program *g)
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
        uv_timer_start(&g->timer, mg_program_on_time, (uint64_t)ceil(g->limits.seconds * 1e3), 0);
        return;
    }
    wrong(g, "cannot be run: %s", uv_strerror(rc));
    g->gone = !g->has_keeper || !uv_is_active((uv_handle_t *)&g->keeper);
    mg_program_end(g);
    memset(g->open, 0, sizeof g->open);
    look_for_end(g);
}

void
mg_processes_start_waiting(struct mg_processes *p)
{
    while (p->first != NULL && p->running < p->at_once) {
        struct mg_program *g = p->first;

        p->first = g->next;
        if (p->first == NULL)
            p->last = NULL;
        run(g);
    }
}
