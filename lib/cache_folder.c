/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* Seconds after which a file that was never renamed is taken for one of a process that was killed. */
enum { ABANDONED = 3600 };

static bool
make_dirs(const char *dir)
{
    char path[4096];
    size_t n = strlen(dir);

    if (n == 0 || n >= sizeof path)
        return false;
    memcpy(path, dir, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        char c = path[i];

        path[i] = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return false;
        path[i] = c;
    }
    return true;
}

bool
clg_cache_is_own(int fd, mode_t type)
{
    struct stat s;

    return fstat(fd, &s) == 0 && (s.st_mode & S_IFMT) == type && s.st_uid == geteuid() &&
           (s.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int
clg_cache_open(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 && !clg_cache_is_own(fd, S_IFDIR)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

char *
clg_cache_dir(const char *configured)
{
    const char *base = NULL, *tail = "";
    char path[4096];
    int fd;

    if (configured != NULL)
        base = configured;
    else if ((base = secure_getenv("XDG_CACHE_HOME")) != NULL && base[0] == '/')
        tail = "/clgrpo";
    else if ((base = secure_getenv("HOME")) != NULL && base[0] == '/')
        tail = "/.cache/clgrpo";
    if (base == NULL || base[0] == '\0' || (configured == NULL && base[0] != '/'))
        return NULL;
    if (snprintf(path, sizeof path, "%s%s", base, tail) >= (int)sizeof path || !make_dirs(path))
        return NULL;
    if ((fd = clg_cache_open(path)) < 0)
        return NULL;
    close(fd);
    return strdup(path);
}

/* ---- The bound on size ---- */

struct entry {
    char name[64];
    uint64_t bytes;
    struct timespec used;
};

static int
by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct entry *)a)->used, *y = &((const struct entry *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* The entry of a name; false if it is none, or is a temporary file, which is removed if it is abandoned. */
static bool
read_entry(int dir, const char *name, struct entry *e)
{
    const char *end = strstr(name, ".bin");
    struct stat s;

    if (end == NULL || strlen(name) >= sizeof e->name || fstatat(dir, name, &s, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(s.st_mode))
        return false;
    if (end[4] != '\0') {
        if (time(NULL) - s.st_mtim.tv_sec > ABANDONED)
            unlinkat(dir, name, 0);
        return false;
    }
    memcpy(e->name, name, strlen(name) + 1);
    e->bytes = (uint64_t)s.st_size;
    e->used = s.st_mtim;
    return true;
}

/* All entries of the folder, the longest unused first; NULL if out of memory. */
static struct entry *
list_entries(int dir, DIR *stream, size_t *n)
{
    size_t room = 64;
    struct entry *list = malloc(room * sizeof *list);
    struct dirent *d;

    *n = 0;
    while (list != NULL && (d = readdir(stream)) != NULL) {
        if (*n == room) {
            struct entry *more = realloc(list, (room *= 2) * sizeof *list);

            if (more == NULL)
                free(list);
            list = more;
        }
        if (list != NULL && read_entry(dir, d->d_name, &list[*n]))
            (*n)++;
    }
    if (list != NULL)
        qsort(list, *n, sizeof *list, by_use);
    return list;
}

void
clg_cache_evict(int dir, uint64_t most)
{
    int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* closedir() closes it */
    DIR *stream = again >= 0 ? fdopendir(again) : NULL;
    struct entry *list = NULL;
    uint64_t bytes = 0;
    size_t n;

    if (stream == NULL) {
        if (again >= 0)
            close(again);
        return;
    }
    list = list_entries(dir, stream, &n);
    for (size_t i = 0; list != NULL && i < n; i++)
        bytes += list[i].bytes;
    for (size_t i = 0; list != NULL && i < n && bytes > most; i++) {
        unlinkat(dir, list[i].name, 0);
        bytes -= list[i].bytes;
    }
    free(list);
    closedir(stream);
}
