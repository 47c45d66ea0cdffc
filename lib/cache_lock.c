/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "hash.h"
#include "internal.h"

/* A holder that is stopped, or a file system whose locks do not work, must not hold up a program for ever. */
static const double longest_wait = 120.0; /* seconds */
enum { FIRST_PAUSE = 2, LONGEST_PAUSE = 50 /* ms */ };

/*
 * One byte of the file `lock` stands for one program: its position is the hash of the key. Byte-range locks leave
 * nothing to clear up: the system drops them with the last descriptor, so with the process, too. Those of an open file
 * description, unlike POSIX's, also keep two contexts of one process apart.
 */
#ifdef F_OFD_SETLK
static bool
try_lock(int fd, const char *key, size_t key_bytes)
{
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

    range.l_start = (off_t)(clg_hash(CLG_HASH_START, key, key_bytes) >> 2);
    return fcntl(fd, F_OFD_SETLK, &range) == 0;
}

static int
open_file(const char *dir)
{
    const int folder = clg_cache_open(dir);
    int fd;

    if (folder < 0)
        return -1;
    fd = openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    close(folder);
    return fd;
}

static bool
is_held(int fd, const char *key, size_t key_bytes)
{
    return clg_cache_is_own(fd, S_IFREG) && !try_lock(fd, key, key_bytes) &&
           (errno == EAGAIN || errno == EACCES || errno == EINTR);
}

int
clg_cache_lock(const char *dir, const char *key, size_t key_bytes)
{
    const int fd = open_file(dir);
    const double start = clg_now();
    long pause = FIRST_PAUSE;

    while (fd >= 0 && is_held(fd, key, key_bytes) && clg_now() - start <= longest_wait) {
        nanosleep(&(struct timespec){.tv_nsec = pause * 1000000}, NULL);
        pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
    }
    return fd;
}

bool
clg_cache_try_lock(const char *dir, const char *key, size_t key_bytes, int *lock)
{
    const int fd = open_file(dir);
    const bool held = fd >= 0 && is_held(fd, key, key_bytes);

    *lock = held ? -1 : fd;
    if (held)
        close(fd);
    return !held;
}
#else
int
clg_cache_lock(const char *dir, const char *key, size_t key_bytes)
{
    (void)dir, (void)key, (void)key_bytes;
    return -1;
}

bool
clg_cache_try_lock(const char *dir, const char *key, size_t key_bytes, int *lock)
{
    *lock = clg_cache_lock(dir, key, key_bytes);
    return true;
}
#endif

void
clg_cache_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}
