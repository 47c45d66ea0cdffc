/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three processes. The keeper watches; its child, the holder, starts the program and waits for it; the program runs in
 * a session of its own. Where the system allows user namespaces, the holder is process 1 of a PID namespace: when it
 * exits, the kernel kills every process in the namespace, whatever its session or parent. Elsewhere the keeper is a
 * subreaper: processes whose parent has exited become its children, and it kills them.
 */
#include "base/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/keeper_root.h"
#include "base/keeper_sweep.h"
#include "base/process.h"

enum {
    N_NUMBERS = MG_KEEPER_NUMBERS,
    N_ARGUMENTS = N_NUMBERS + 2,
    BEHIND = 10,         /* how much nicer a program is that could keep its keeper from running */
    OWN_USER = 1 << 30,  /* above all users: with a process's number the user of one program alone */
    LEAST_PID_MAX = 301, /* what the system accepts */
    ALL_OF_A_USER = 4096 /* where the system counts the processes of all programs together */
};

/* Seconds between looks at how many processes there are: at first, and later. */
static const double first_look = 0.05, look_most = 0.2;

struct order {
    unsigned long parent, seconds, memory, files, processes, file_size, network, given, uid, gid;
    char *folder, **argv;
    bool leave_root; /* root's program becomes nobody's */
    bool other_user; /* it becomes that of the user who is given */
};

static void
report(enum mg_keeper_event event, int value)
{
    struct mg_keeper_report r = {.event = (int32_t)event, .value = value};

    while (write(MG_KEEPER_REPORT_FD, &r, sizeof r) < 0 && errno == EINTR)
        ;
}

/* ---- Namespaces ---- */

static void
write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    /* without the mapping files are shown as owned by nobody; the program runs all the same */
    if (fd >= 0 && write(fd, text, strlen(text)) < 0)
        errno = 0;
    if (fd >= 0)
        close(fd);
}

/* The ids that this process has, and no others. */
static void
map_own_ids(unsigned uid, unsigned gid)
{
    char map[64];

    write_text("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "%u %u 1", uid, uid);
    write_text("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "%u %u 1", gid, gid);
    write_text("/proc/self/gid_map", map);
}

/* Makes user, PID and network namespaces, for the same user; true if the next child is in them. */
static bool
isolate(const struct order *o)
{
    unsigned uid = geteuid(), gid = getegid();
    int flags = CLONE_NEWUSER | CLONE_NEWPID | (o->network ? 0 : CLONE_NEWNET), why;
    struct mg_id_mapper mapper;
    bool mapped = (o->leave_root || o->other_user) &&
                  mg_id_mapper_start(&mapper, o->other_user ? (uid_t)o->uid : (uid_t)MG_NOBODY);
    bool made = unshare(flags) == 0;

    why = made ? 0 : errno;
    if (mapped)
        mapped = mg_id_mapper_end(&mapper, made);
    if (!o->network)
        report(MG_KEEPER_NETWORK, why);
    if (made && !mapped)
        map_own_ids(uid, gid);
    return made;
}

/* ---- The program ---- */

static void
limit(int what, unsigned long value)
{
    struct rlimit old, new_one = {.rlim_cur = value, .rlim_max = value};

    if (getrlimit(what, &old) == 0 && old.rlim_max < new_one.rlim_max)
        new_one.rlim_cur = new_one.rlim_max = old.rlim_max;
    setrlimit(what, &new_one);
}

static char **
clean_environment(void)
{
    static const char *const kept[] = {"PATH", "HOME", "TMPDIR"};
    enum { N_KEPT = sizeof kept / sizeof kept[0] };
    static char *env[N_KEPT + 2];
    size_t n = 0;

    for (size_t i = 0; i < N_KEPT; i++) {
        const char *value = getenv(kept[i]);

        if (value != NULL && asprintf(&env[n], "%s=%s", kept[i], value) >= 0)
            n++;
    }
    env[n] = strdup("LANG=C.UTF-8");
    return env;
}

static void
become(const struct order *o)
{
    char **env = clean_environment();
    sigset_t none;

    sigemptyset(&none);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, o->seconds);
    limit(RLIMIT_AS, o->memory << 20);
    limit(RLIMIT_NOFILE, o->files);
    limit(RLIMIT_FSIZE, o->file_size << 20);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (chdir(o->folder) == 0)
        execvpe(o->argv[0], o->argv, env);
    report(MG_KEEPER_NO_START, errno);
    _exit(127);
}

/* The limit on processes may be too low to start anything, where it counts all processes of the user: then it is
 * lifted. */
static pid_t
start(unsigned long most)
{
    struct rlimit old, low;
    pid_t pid;

    if (getrlimit(RLIMIT_NPROC, &old) != 0)
        return fork();
    low = old;
    low.rlim_cur = most < old.rlim_max ? most : old.rlim_max;
    setrlimit(RLIMIT_NPROC, &low);
    pid = fork();
    if (pid == 0)
        limit(RLIMIT_NPROC, low.rlim_cur); /* for good */
    if (pid < 0) {
        setrlimit(RLIMIT_NPROC, &old);
        pid = fork();
    }
    return pid;
}

/* How many processes and threads the holder and its program may have, where only a rough bound can be had. */
static unsigned long
rough_most(const struct order *o)
{
    return o->processes + 2 > LEAST_PID_MAX ? o->processes + 2 : LEAST_PID_MAX;
}

/* The bound that the system itself keeps, so that a flood of processes does not outrun the keeper. For RLIMIT_NPROC;
 * a namespace has its own count, elsewhere all processes of a user count. */
static unsigned long
bound_processes(const struct order *o, bool isolated)
{
    char text[32];

    if (o->other_user) {
        if (!mg_become_user((uid_t)o->uid, (gid_t)o->gid)) {
            report(MG_KEEPER_NO_START, errno);
            _exit(127);
        }
        return isolated ? o->processes + 1 : ALL_OF_A_USER;
    }
    if (o->leave_root && !isolated && mg_leave_root(OWN_USER + (uid_t)getpid()))
        return o->processes + 2;
    if (o->leave_root && mg_leave_root(MG_NOBODY))
        return isolated ? rough_most(o) : ALL_OF_A_USER;
    if (geteuid() == 0 && getpid() == 1 && mg_has_own_pid_max()) {
        snprintf(text, sizeof text, "%lu", rough_most(o));
        write_text("/proc/sys/kernel/pid_max", text);
    }
    return isolated ? o->processes + 1 : ALL_OF_A_USER;
}

/* The holder: reaps children until the program itself has ended. */
static void
hold(const struct order *o, bool isolated)
{
    unsigned long most = bound_processes(o, isolated);
    pid_t pid, got;
    int status = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of user clears it */
    pid = start(most);
    if (pid == 0)
        become(o);
    if (pid < 0) {
        report(MG_KEEPER_NO_START, errno);
        _exit(127);
    }
    for (int fd = 0; fd < MG_KEEPER_REPORT_FD; fd++)
        close(fd);
    do {
        got = waitpid(-1, &status, 0);
    } while (got != pid && (got > 0 || errno == EINTR));
    report(MG_KEEPER_END, status);
    _exit(0);
}

/* ---- The keeper ---- */

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Waits for a signal, for `seconds` at most; 0 if there was none. */
static int
wait_for(const sigset_t *waited, double seconds)
{
    const double s = seconds > 0.0 ? seconds : 0.0;
    const struct timespec t = {.tv_sec = (time_t)s, .tv_nsec = (long)((s - (double)(time_t)s) * 1e9)};
    int signal_number = sigtimedwait(waited, NULL, &t);

    return signal_number > 0 ? signal_number : 0;
}

/* Returns when the holder has ended, a signal asks for the end, time is up, or, with `count`, there are more processes
 * than allowed. The caller asks for the end in time, unless a flood of processes keeps it from running. */
static void
guard(const struct order *o, pid_t holder, bool count, const sigset_t *waited)
{
    const double end = now() + (double)o->seconds;
    double look = first_look;
    bool over = false;

    for (int fd = 0; fd < MG_KEEPER_REPORT_FD; fd++)
        close(fd);
    while (!over) {
        const double left = end - now();
        int signal_number = wait_for(waited, count && look < left ? look : left);
        pid_t got;
        size_t n;

        over = signal_number != 0 && signal_number != SIGCHLD;
        while ((got = waitpid(-1, NULL, WNOHANG)) > 0)
            over |= got == holder;
        if (!over && now() >= end) {
            report(MG_KEEPER_LATE, (int)o->seconds);
            over = true;
        }
        n = over || !count ? 0 : mg_keeper_descendants();
        look = 2.0 * look < look_most ? 2.0 * look : look_most;
        if (n > o->processes + 1) {
            report(MG_KEEPER_PROCESSES, (int)(n - 1));
            over = true;
        }
    }
    mg_keeper_sweep();
}

static void
take_order(int argc, char **argv, struct order *o)
{
    unsigned long *const number[N_NUMBERS] = {&o->parent,    &o->seconds, &o->memory, &o->files, &o->processes,
                                              &o->file_size, &o->network, &o->given,  &o->uid,   &o->gid};

    if (argc < 1 + N_ARGUMENTS)
        _exit(127);
    for (int i = 0; i < N_NUMBERS; i++)
        *number[i] = strtoul(argv[1 + i], NULL, 10);
    o->folder = argv[1 + N_NUMBERS];
    o->argv = argv + N_ARGUMENTS;
}

void
mg_keeper_enter(int argc, char **argv)
{
    struct order o;
    sigset_t waited;
    bool isolated, first;
    pid_t holder;
    int mine;

    mg_processes_may_start();
    if (argc < 1 || strcmp(argv[0], MG_KEEPER_NAME) != 0)
        return;
    take_order(argc, argv, &o);
    fcntl(MG_KEEPER_REPORT_FD, F_SETFD, FD_CLOEXEC);
    sigemptyset(&waited);
    sigaddset(&waited, SIGTERM);
    sigaddset(&waited, SIGINT);
    sigaddset(&waited, SIGHUP);
    sigaddset(&waited, SIGCHLD);
    sigprocmask(SIG_BLOCK, &waited, NULL);
    setsid(); /* the terminal's SIGINT goes to the caller, which passes it on */
    o.other_user = o.given && o.uid != 0 && geteuid() == 0;
    o.leave_root = !o.given && geteuid() == 0 && !mg_has_own_pid_max();
    isolated = isolate(&o);
    o.leave_root |= !o.given && geteuid() == 0 && !isolated;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* here, because a new user namespace clears it */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (getppid() != (pid_t)o.parent)
        _exit(127);
    mine = getpriority(PRIO_PROCESS, 0);
    first = setpriority(PRIO_PROCESS, 0, -20) == 0;
    holder = fork();
    if (holder == 0) {
        setpriority(PRIO_PROCESS, 0, first || isolated ? mine : mine + BEHIND);
        hold(&o, isolated);
    }
    if (holder < 0)
        report(MG_KEEPER_NO_START, errno);
    else
        guard(&o, holder, !isolated || geteuid() == 0 /* root is exempt from the limit */, &waited);
    _exit(0);
}
