/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/clock.h"
#include "base/stop.h"

enum { MAX_CHILDREN = 16, LOG_LINE = 400 };

static const double first_pause = 0.25, last_seconds = MG_STOP_SECONDS + 0.2;

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
    struct stat about;
    pid_t parent = getpid(), pid;

    c->log_from = stat(c->log, &about) == 0 ? about.st_size : 0;
    pid = fork();

    if (pid == 0)
        become(c, parent);
    if (pid < 0)
        return mg_fail(err, MG_FAIL, "the %s agent cannot be started: %s", c->name, strerror(errno));
    c->pid = pid;
    return MG_OK;
}

/* What a child wrote since it was started: the last line that is no hint, without the name of the program before it,
 * and the hint behind it. */
struct last_words {
    char sentence[LOG_LINE], hint[LOG_LINE];
};

static void
take_words(char *tail, struct last_words *w)
{
    static const char program[] = "mgrpo agent: ";
    char *line;

    while ((line = strrchr(tail, '\n')) != NULL && strncmp(line + 1, "  ", 2) == 0) {
        snprintf(w->hint, LOG_LINE, "%.*s", LOG_LINE - 1, line + 3);
        *line = '\0';
    }
    line = line != NULL ? line + 1 : tail;
    if (strncmp(line, program, sizeof program - 1) == 0)
        line += sizeof program - 1;
    snprintf(w->sentence, LOG_LINE, "%.*s", LOG_LINE - 1, line);
}

static bool
is_full(const char *path)
{
    struct statvfs about;

    return statvfs(path, &about) == 0 && about.f_bavail == 0;
}

static void
read_words(const struct mg_child *c, struct last_words *w)
{
    FILE *f = fopen(c->log, "r");
    char tail[4 * LOG_LINE] = "";
    struct stat about;
    off_t from = c->log_from, room = (off_t)sizeof tail - 1;
    size_t n = 0;

    *w = (struct last_words){0};
    if (f != NULL && fstat(fileno(f), &about) == 0) {
        from = about.st_size - from > room ? about.st_size - room : from;
        n = fseeko(f, from, SEEK_SET) == 0 ? fread(tail, 1, (size_t)room, f) : 0;
    }
    if (f != NULL)
        fclose(f);
    while (n > 0 && tail[n - 1] == '\n')
        n--;
    tail[n] = '\0';
    take_words(tail, w);
    if (w->sentence[0] == '\0')
        snprintf(w->sentence, LOG_LINE,
                 is_full(c->log) ? "it could not write why, for the disk of %.300s is full"
                                 : "it did not say why in %.300s",
                 c->log);
}

static void
how_it_ended(int wstatus, char how[64])
{
    if (WIFSIGNALED(wstatus))
        snprintf(how, 64, "was ended by signal %d", WTERMSIG(wstatus));
    else
        snprintf(how, 64, "ended with status %d", WEXITSTATUS(wstatus));
}

static enum mg_status
crashed(struct mg_child *c, const struct mg_watch *watch, int wstatus, struct mg_err *err)
{
    struct last_words words;
    char how[64], text[2 * LOG_LINE];
    bool input = WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == MG_INPUT;
    bool last = input || (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == MG_END);
    double pause = first_pause * (double)(1u << c->crashes);

    how_it_ended(wstatus, how);
    read_words(c, &words);
    if (!last && ++c->crashes < MG_CRASHES) {
        c->start_at = mg_clock() + pause;
        snprintf(text, sizeof text, "the %s agent %s: %.300s; it is started again in %g s, time %u of %d", c->name, how,
                 words.sentence, pause, c->crashes, MG_CRASHES - 1);
        if (watch->say != NULL)
            watch->say(watch->arg, text);
        return MG_OK;
    }
    mg_fail(err, input ? MG_INPUT : MG_FAIL, "the %s agent %s%s: %.300s", c->name, how, last ? "" : ", again and again",
            words.sentence);
    mg_hint(err, "%.120s%sIts log is %.100s.", words.hint, words.hint[0] != '\0' ? " " : "", c->log);
    return input ? MG_INPUT : MG_FAIL;
}

static enum mg_status
reap(struct mg_child *c, const struct mg_watch *watch, struct mg_err *err)
{
    int wstatus;

    if (c->pid == 0 || waitpid(c->pid, &wstatus, WNOHANG) != c->pid)
        return MG_OK;
    c->pid = 0;
    if (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == MG_OK) {
        c->ended = true;
        return MG_OK;
    }
    return mg_stop_wanted() ? MG_OK : crashed(c, watch, wstatus, err);
}

/* Asked to end, they are there soon, and killed else: they can be killed at any moment. */
static void
end_all(struct mg_child *children, size_t n)
{
    unsigned wanted = mg_stop_count();
    double start = mg_clock();
    bool running = false;

    for (size_t i = 0; i < n; i++)
        if (children[i].pid != 0)
            kill(children[i].pid, SIGTERM);
    do {
        running = false;
        for (size_t i = 0; i < n; i++) {
            struct mg_child *c = &children[i];

            if (c->pid != 0 && (mg_stop_count() > wanted || mg_clock() - start > last_seconds))
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
round_of(struct mg_child *children, size_t n, const struct mg_watch *watch, bool *all, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *all = true;
    for (size_t i = 0; i < n; i++) {
        struct mg_child *c = &children[i];

        MG_TRY(reap(c, watch, err));
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
        MG_TRY(round_of(children, n, watch, &all, err));
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
