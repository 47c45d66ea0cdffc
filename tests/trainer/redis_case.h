/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_REDIS_CASE_H
#define MGRPO_TESTS_REDIS_CASE_H

#include <stdbool.h>
#include <sys/types.h>

/* A Redis server of the test's own: on the loopback, with a folder in /tmp, and the rights that the manual lists. */
struct redis_server {
    pid_t pid; /* 0: it does not run */
    int port;
    char dir[64];
};
bool redis_installed(void);
/* Makes the folder and takes a free port; `settings` are lines of its configuration, which come last. */
void redis_create(struct redis_server *s, const char *settings);
/* Starts it, again if it ran before, and waits until it takes connections. */
void redis_start(struct redis_server *s);
/* Kills it and waits for its end. */
void redis_kill(struct redis_server *s);
void redis_remove(struct redis_server *s);
/* Runs redis-cli as the server's administrator: whether it said `want` somewhere. */
bool redis_says(const struct redis_server *s, const char *command, const char *want);

/* User and password of an agent, and of the administrator. */
#define REDIS_USER     "agent"
#define REDIS_PASSWORD "secret"
#define REDIS_RIGHTS                                                                                                   \
    "-@all +auth +select +info +script|load +eval +evalsha +get +set +pexpire +hget +hset +hsetnx +hincrby +hlen"      \
    " +xadd +xlen +xrange +xread"

#endif
