/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/clock.h"
#include "base/stop.h"

enum { MAX_CHILDREN = 16, LOG_LINE = 400 };

static const double first_pause = 0.25;

/* In the child: it must not outlive its parent, or it would still hold the agent's lock when the run is started
 * again. */
static void
become(const struct mg_child *c, pid_t parent)
{
    int fd = open(c->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        dprintf(STDERR_FILENO, "%s: %s; the %s agent complains here\n", c->log, strerror(errno), c->name);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() == parent) {
        execv(c->argv[0], c->argv);
        dprintf(STDERR_FILENO, "%s cannot be run: %s\n", c->argv[0], strerror(errno));
    }
    _exit(127);
}

static enum mg_status
start(struct mg_child *c, struct mg_err *err)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0)
        become(c, parent);
    if (pid < 0)
        return mg_fail(err, MG_FAIL, "the %s agent cannot be started: %s", c->name, strerror(errno));
    c->pid = pid;
    return MG_OK;
}

/* The last line of a log that is no hint, for the sentence about a crash. */
static void
last_line(const char *path, char out[LOG_LINE])
{
    FILE *f = fopen(path, "r");
    char tail[4 * LOG_LINE];
    size_t n = 0;
    char *line;

    out[0] = '\0';
    if (f == NULL)
        return;
    if (fseek(f, -(long)(sizeof tail - 1), SEEK_END) != 0)
        rewind(f);
    n = fread(tail, 1, sizeof tail - 1, f);
    fclose(f);
    while (n > 0 && tail[n - 1] == '\n')
        n--;
    tail[n] = '\0';
    while ((line = strrchr(tail, '\n')) != NULL && strncmp(line + 1, "  ", 2) == 0)
        *line = '\0';
    snprintf(out, LOG_LINE, "%.*s", LOG_LINE - 1, line != NULL ? line + 1 : tail);
}

static enum mg_status
crashed(struct mg_child *c, int wstatus, struct mg_err *err)
{
    char line[LOG_LINE], how[64];
    bool input = WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == MG_INPUT;
    bool last = input || (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == MG_END);

    if (WIFSIGNALED(wstatus))
        snprintf(how, sizeof how, "was ended by signal %d", WTERMSIG(wstatus));
    else
        snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(wstatus));
    if (!last && ++c->crashes < MG_CRASHES) {
        c->start_at = mg_clock() + first_pause * (double)(1u << (c->crashes - 1));
        return MG_OK;
    }
    last_line(c->log, line);
    mg_fail(err, input ? MG_INPUT : MG_FAIL, "the %s agent %s%s: %.300s", c->name, how, last ? "" : ", again and again",
            line);
    mg_hint(err, "Its log is %s.", c->log);
    return input ? MG_INPUT : MG_FAIL;
}

static enum mg_status
reap(struct mg_child *c, struct mg_err *err)
{
    int wstatus;

    if (c->pid == 0 || waitpid(c->pid, &wstatus, WNOHANG) != c->pid)
        return MG_OK;
    c->pid = 0;
    if (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == MG_OK) {
        c->ended = true;
        return MG_OK;
    }
    return mg_stop_wanted() ? MG_OK : crashed(c, wstatus, err);
}

static void
end_all(struct mg_child *children, size_t n)
{
    unsigned wanted = mg_stop_count();
    bool running = false;

    for (size_t i = 0; i < n; i++)
        if (children[i].pid != 0)
            kill(children[i].pid, SIGTERM);
    do {
        running = false;
        for (size_t i = 0; i < n; i++) {
            struct mg_child *c = &children[i];

            if (c->pid != 0 && mg_stop_count() > wanted)
                kill(c->pid, SIGKILL);
            if (c->pid != 0 && waitpid(c->pid, NULL, WNOHANG) == c->pid)
                c->pid = 0;
            running |= c->pid != 0;
        }
        if (running)
            mg_sleep_ms(20.0);
    } while (running);
}

/* Starts what may start; *all is true once every child has ended. */
static enum mg_status
round_of(struct mg_child *children, size_t n, bool *all, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *all = true;
    for (size_t i = 0; i < n; i++) {
        struct mg_child *c = &children[i];

        MG_TRY(reap(c, err));
        if (c->pid == 0 && !c->ended && mg_clock() >= c->start_at)
            MG_TRY(start(c, err));
        *all &= c->ended;
    }
out:
    return st;
}

enum mg_status
mg_supervise(struct mg_child *children, size_t n, const struct mg_watch *watch, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool all = false, moved[MAX_CHILDREN];
    double next = 0.0;

    MG_REQUIRE(n <= MAX_CHILDREN, MG_FAIL, "%zu processes, at most %d can be watched", n, (int)MAX_CHILDREN);
    signal(SIGCHLD, SIG_DFL); /* if it was inherited as ignored, waitpid() would not return exit statuses */
    while (!all) {
        MG_TRY(mg_stop_check(err));
        MG_TRY(round_of(children, n, &all, err));
        if (mg_clock() >= next || all) {
            memset(moved, 0, sizeof moved);
            MG_TRY(watch->look(watch->arg, moved, err));
            for (size_t i = 0; i < n; i++)
                if (moved[i])
                    children[i].crashes = 0;
            next = mg_clock() + watch->every;
        }
        if (!all)
            mg_sleep_ms(50.0);
    }
out:
    end_all(children, n);
    return st;
}
