/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_KEEPER_ROOT_H
#define MGRPO_KEEPER_ROOT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The system exempts root from RLIMIT_NPROC, in any namespace: nothing but its keeper would bound how many processes a
 * program of root's starts. It is therefore run as another user, whom the limit binds, with root's rights on files and
 * none of its others: what root may read and write, it may. That is nobody in a namespace, which counts by itself;
 * elsewhere a user that no other program has, so that the limit counts this program alone, or nobody where the system
 * has no such number.
 */
enum { MG_NOBODY = 65534 };

/* A child that stays outside of the user namespace which this process is about to make: only from there can ids be
 * mapped into it that are not this process's own. */
struct mg_id_mapper {
    pid_t pid;
    int told; /* a pipe to it */
};
bool mg_id_mapper_start(struct mg_id_mapper *m, uid_t other);
/* Once the namespace is made: maps root and the other user, and all groups as far as possible. Else, or if it returns
 * false, nothing is mapped. */
bool mg_id_mapper_end(struct mg_id_mapper *m, bool made);

/* This process, root's, becomes the user's; so will what it starts. False, and nothing is changed, if it may not, or if
 * root itself lacks rights on files here, or the right to kill another user's processes. */
bool mg_leave_root(uid_t uid);
/* The same for good, as another user with its own rights alone; standard input, output and error become its own. */
bool mg_become_user(uid_t uid, gid_t gid);

/* Since Linux 6.14 each PID namespace has its own pid_max, which holds for root too. Before 6.14 pid_max belongs to the
 * whole system and is left alone. */
bool mg_has_own_pid_max(void);

#endif
