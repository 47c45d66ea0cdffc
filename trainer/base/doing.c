/* SPDX-License-Identifier: Apache-2.0 */
#include "base/doing.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"

enum { FIRST = 2, AGAIN = 1, AGAIN_ELSEWHERE = 30 /* seconds */ };

static struct {
    uv_mutex_t lock;
    uv_cond_t wake;
    uv_thread_t thread;
    bool running, ended, terminal;
    bool shown; /* the line stands on the terminal */
    const char *command;
    char what[100]; /* "": the command prints by itself */
    double since;
} doing;

/* All of these hold the lock. */
static void
take_away(void)
{
    if (doing.shown && doing.terminal)
        fputs("\r\033[K", stderr);
    doing.shown = false;
}

static void
show(void)
{
    if (doing.what[0] == '\0')
        return;
    fprintf(stderr, "%smgrpo %s: %s, %.0f s%s", doing.terminal ? "\r\033[K" : "", doing.command, doing.what,
            mg_clock() - doing.since, doing.terminal ? "" : "\n");
    fflush(stderr);
    doing.shown = true;
}

static void
wait_until(double when)
{
    for (double now = mg_clock(); !doing.ended && now < when; now = mg_clock())
        (void)uv_cond_timedwait(&doing.wake, &doing.lock, (uint64_t)((when - now) * 1e9));
}

static void
run(void *unused)
{
    double next = doing.since + FIRST;

    (void)unused;
    uv_mutex_lock(&doing.lock);
    while (!doing.ended) {
        wait_until(next);
        if (!doing.ended)
            show();
        next = mg_clock() + (doing.terminal ? AGAIN : AGAIN_ELSEWHERE);
    }
    take_away();
    uv_mutex_unlock(&doing.lock);
}

void
mg_doing_begin(const char *command)
{
    sigset_t all, before;

    doing.command = command;
    doing.since = mg_clock();
    doing.terminal = isatty(STDERR_FILENO) != 0;
    doing.ended = doing.shown = false;
    doing.what[0] = '\0';
    if (uv_mutex_init(&doing.lock) != 0)
        return;
    if (uv_cond_init(&doing.wake) != 0) {
        uv_mutex_destroy(&doing.lock);
        return;
    }
    /* signals are for the thread that works */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    doing.running = uv_thread_create(&doing.thread, run, NULL) == 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void
mg_doing(const char *format, ...)
{
    va_list list;

    if (!doing.running)
        return;
    uv_mutex_lock(&doing.lock);
    va_start(list, format);
    vsnprintf(doing.what, sizeof doing.what, format, list);
    va_end(list);
    uv_mutex_unlock(&doing.lock);
}

void
mg_doing_hide(void)
{
    if (!doing.running)
        return;
    uv_mutex_lock(&doing.lock);
    doing.what[0] = '\0';
    take_away();
    uv_mutex_unlock(&doing.lock);
}

void
mg_doing_end(void)
{
    if (!doing.running)
        return;
    uv_mutex_lock(&doing.lock);
    doing.ended = true;
    uv_cond_signal(&doing.wake);
    uv_mutex_unlock(&doing.lock);
    uv_thread_join(&doing.thread);
    uv_cond_destroy(&doing.wake);
    uv_mutex_destroy(&doing.lock);
    doing.running = false;
}
