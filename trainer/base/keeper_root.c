/* SPDX-License-Identifier: Apache-2.0 */
#include "base/keeper_root.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Ids in a user namespace ---- */

static bool
map(pid_t pid, const char *which, const char *text)
{
    char path[64];
    bool written;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, which);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

/* Root's rights on a file hold in the namespace if the file's user and group are both mapped. */
static bool
map_all(pid_t pid, uid_t other)
{
    char users[64], group[64];

    snprintf(users, sizeof users, "0 0 1\n%u %u 1\n", (unsigned)other, (unsigned)other);
    snprintf(group, sizeof group, "%u %u 1\n", (unsigned)getegid(), (unsigned)getegid());
    return map(pid, "uid_map", users) && (map(pid, "gid_map", "0 0 4294967295\n") || map(pid, "gid_map", group));
}

bool
mg_id_mapper_start(struct mg_id_mapper *m, uid_t other)
{
    pid_t outside = getpid();
    int pipe_fd[2];
    char made;

    if (pipe2(pipe_fd, O_CLOEXEC) != 0)
        return false;
    m->pid = fork();
    if (m->pid == 0) {
        close(pipe_fd[1]);
        _exit(read(pipe_fd[0], &made, 1) == 1 && map_all(outside, other) ? 0 : 1);
    }
    close(pipe_fd[0]);
    m->told = pipe_fd[1];
    if (m->pid < 0)
        close(m->told);
    return m->pid > 0;
}

bool
mg_id_mapper_end(struct mg_id_mapper *m, bool made)
{
    int status = 1;
    bool told = made && write(m->told, "", 1) == 1;

    close(m->told);
    while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return told && status == 0;
}

/* ---- Leaving root ---- */

enum { READ = 1 << CAP_DAC_READ_SEARCH, WRITE = 1 << CAP_DAC_OVERRIDE, OWN = 1 << CAP_FOWNER, KILL = 1 << CAP_KILL };

/* The first 32 rights that this process may use. */
static uint32_t
permitted(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3] = {{0}};

    return syscall(SYS_capget, &head, set) == 0 ? set[0].permitted : 0;
}

bool
mg_leave_root(uid_t uid)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3] = {{0}};
    const uint32_t needed = WRITE | OWN | KILL, kept = permitted() & (READ | WRITE | OWN);

    if ((permitted() & needed) != needed)
        return false;
    if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setresuid(uid, uid, uid) != 0)
        return false;
    set[0].effective = set[0].permitted = set[0].inheritable = kept;
    /* these are fewer than it has, which cannot fail; ambient ones are kept through exec */
    syscall(SYS_capset, &head, set);
    for (unsigned c = 0; c < 32; c++)
        if (kept & 1u << c)
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0);
    return true;
}

bool
mg_become_user(uid_t uid, gid_t gid)
{
    /* else it could not open /dev/stdin and the like; what may not be given away stays as it is */
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fchown(fd, uid, gid) != 0)
            errno = 0;
    if (!(permitted() & KILL)) {
        errno = EPERM; /* its keeper could not end it */
        return false;
    }
    return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

/* ---- The largest number of a process ---- */

bool
mg_has_own_pid_max(void)
{
    struct utsname u;
    unsigned major = 0, minor = 0;

    return uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2 && major * 1000 + minor >= 6014 &&
           access("/proc/sys/kernel/pid_max", W_OK) == 0;
}
