/* SPDX-License-Identifier: Apache-2.0 */
#include "base/keeper_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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
map_all(pid_t pid)
{
    char users[64], group[64];

    snprintf(users, sizeof users, "0 0 1\n%d %d 1\n", (int)MG_NOBODY, (int)MG_NOBODY);
    snprintf(group, sizeof group, "%u %u 1\n", (unsigned)getegid(), (unsigned)getegid());
    return map(pid, "uid_map", users) && (map(pid, "gid_map", "0 0 4294967295\n") || map(pid, "gid_map", group));
}

bool
mg_id_mapper_start(struct mg_id_mapper *m)
{
    pid_t outside = getpid();
    int pipe_fd[2];
    char made;

    if (pipe2(pipe_fd, O_CLOEXEC) != 0)
        return false;
    m->pid = fork();
    if (m->pid == 0) {
        close(pipe_fd[1]);
        _exit(read(pipe_fd[0], &made, 1) == 1 && map_all(outside) ? 0 : 1);
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

bool
mg_leave_root(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3] = {{0}};
    const uint32_t needed = WRITE | OWN | KILL;
    uint32_t kept;

    if (syscall(SYS_capget, &head, set) != 0 || (set[0].permitted & needed) != needed)
        return false;
    kept = set[0].permitted & (READ | WRITE | OWN);
    if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setresuid(MG_NOBODY, MG_NOBODY, MG_NOBODY) != 0)
        return false;
    memset(set, 0, sizeof set);
    set[0].effective = set[0].permitted = set[0].inheritable = kept;
    /* these are fewer than it has, which cannot fail; ambient ones are kept through exec */
    syscall(SYS_capset, &head, set);
    for (unsigned c = 0; c < 32; c++)
        if (kept & 1u << c)
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0);
    return true;
}
