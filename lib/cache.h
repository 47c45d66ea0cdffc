/* SPDX-License-Identifier: Apache-2.0 */
/* The disk cache of device binaries, and of what was found out about a device. */
#ifndef CLGRPO_CACHE_H
#define CLGRPO_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a folder may hold, in bytes; beyond it the files that were not used for longest are removed. */
#define CLG_CACHE_MOST ((uint64_t)512 << 20)

/*
 * What is loaded here runs in the caller's process, so that nobody else may have written it: the folder and each file
 * are this user's (by the effective id), not writable by group or others, and no symbolic links. Anything else is a
 * miss, as is a file that is no regular one.
 *
 * The key is the whole text that decides a build. A miss is *binary = NULL, whatever its reason; a failed store is
 * silent.
 */
void clg_cache_load(const char *dir, const char *key, size_t key_bytes, unsigned char **binary, size_t *n_bytes);
void clg_cache_store(const char *dir, const char *key, size_t key_bytes, const unsigned char *binary, size_t n_bytes);

/*
 * Between them one thread of all processes that share the folder builds what the key stands for; the others wait, and
 * find it in the folder then. -1, or a lock that does not hold, if the folder or the system has none, or after two
 * minutes: then several may build at once.
 */
int clg_cache_lock(const char *dir, const char *key, size_t key_bytes);
/* The same without waiting: false if another holds the lock. *lock is as above. */
bool clg_cache_try_lock(const char *dir, const char *key, size_t key_bytes, int *lock);
void clg_cache_unlock(int lock);

/* The folder that clgrpo_context_config.cache_dir stands for, made if need be; NULL if none, or if it is not this
 * user's alone. Freed by the caller. */
char *clg_cache_dir(const char *configured);

/* A descriptor of the folder; -1 if it is not this user's alone. */
int clg_cache_open(const char *dir);
/* Whether an open file is of this type (S_IFREG, S_IFDIR), this user's, and writable by nobody else. */
bool clg_cache_is_own(int fd, mode_t type);
/* Removes the files that were not used for longest until at most `most` bytes are left, and temporary files of
 * processes that were killed. */
void clg_cache_evict(int dir, uint64_t most);

#endif
