/* SPDX-License-Identifier: Apache-2.0 */
#include "base/keeper_sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PROCESSES = 65536, STOP_ROUNDS = 100 };

enum belongs { NOT_KNOWN, OURS, FOREIGN };
struct process {
    pid_t pid, parent;
    enum belongs belongs;
    bool stopped; /* or ended */
};
static struct process all[MAX_PROCESSES]; /* by pid */
static size_t n_all;

static struct process
read_process(const char *name)
{
    struct process p = {.pid = (pid_t)atol(name)};
    char path[64], text[512], *behind, state = 0;
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%.20s/stat", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return p;
    text[n] = '\0';
    behind = strrchr(text, ')'); /* the program's name may hold anything */
    if (behind != NULL && sscanf(behind, ") %c %d", &state, &p.parent) == 2)
        p.stopped = strchr("TtZX", state) != NULL;
    return p;
}

static int
by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Its parent is this process, or is ours. */
static bool
is_ours(struct process *p, pid_t self)
{
    const struct process of = {.pid = p->parent};
    struct process *parent;

    if (p->belongs != NOT_KNOWN)
        return p->belongs == OURS;
    p->belongs = FOREIGN; /* ends a circle: numbers are used again while they are read */
    parent = bsearch(&of, all, n_all, sizeof *all, by_pid);
    if (p->parent == self || (parent != NULL && is_ours(parent, self)))
        p->belongs = OURS;
    return p->belongs == OURS;
}

size_t
mg_keeper_descendants(void)
{
    DIR *stream = opendir("/proc");
    const struct dirent *entry;
    const pid_t self = getpid();
    size_t n = 0;

    n_all = 0;
    while (stream != NULL && n_all < MAX_PROCESSES && (entry = readdir(stream)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            all[n_all++] = read_process(entry->d_name);
    if (stream != NULL)
        closedir(stream);
    qsort(all, n_all, sizeof *all, by_pid);
    for (size_t i = 0; i < n_all; i++)
        n += is_ours(&all[i], self);
    return n;
}

/*
 * The children of a killed process become children of this one, and are found in the next round. A flood of processes
 * is stopped first: killing makes room under the system's bound for the rest to fork, and as long as they run they keep
 * this process from running, unless it may run before all others. Those that do not stop are killed all the same.
 */
void
mg_keeper_sweep(void)
{
    const struct sched_param first = {.sched_priority = 1};
    const struct timespec moment = {.tv_nsec = 2000000};

    sched_setscheduler(0, SCHED_RR, &first); /* where it may */
    for (int round = 0; mg_keeper_descendants() > 0; round++) {
        bool stopped = true;

        for (size_t i = 0; i < n_all; i++)
            stopped &= all[i].belongs != OURS || all[i].stopped;
        for (size_t i = 0; i < n_all; i++)
            if (all[i].belongs == OURS)
                kill(all[i].pid, stopped || round >= STOP_ROUNDS ? SIGKILL : SIGSTOP);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        nanosleep(&moment, NULL);
    }
}
