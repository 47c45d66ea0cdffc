/* SPDX-License-Identifier: Apache-2.0 */
#include "output/whole_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A device, a pipe, or whatever the standard output is: nothing may take its place. NULL if the path is none of them. */
static FILE *
open_as_it_is(const char *path)
{
    struct stat file, output;

    if (stat(path, &file) != 0 || S_ISDIR(file.st_mode))
        return NULL;
    if (fstat(STDOUT_FILENO, &output) == 0 && file.st_dev == output.st_dev && file.st_ino == output.st_ino) {
        fflush(stdout);
        return fdopen(dup(STDOUT_FILENO), "w");
    }
    return S_ISREG(file.st_mode) ? NULL : fopen(path, "w");
}

/* unlink() must not hide why the file is given up. */
static bool
give_up(const struct whole_file *w, int why)
{
    if (w->temporary[0] != '\0')
        unlink(w->temporary);
    errno = why;
    return false;
}

bool
whole_file_open(struct whole_file *w, const char *path)
{
    int fd, why;

    if (strlen(path) >= sizeof w->path) {
        errno = ENAMETOOLONG;
        return false;
    }
    w->temporary[0] = '\0';
    if ((w->f = open_as_it_is(path)) != NULL)
        return true;
    /* of a symbolic link, what it leads to: the link stays */
    if (realpath(path, w->path) == NULL)
        snprintf(w->path, sizeof w->path, "%s", path);
    snprintf(w->temporary, sizeof w->temporary, "%s.XXXXXX", w->path);
    if ((fd = mkstemp(w->temporary)) < 0)
        return false;
    if (fchmod(fd, 0644) == 0 && (w->f = fdopen(fd, "w")) != NULL)
        return true;
    why = errno;
    close(fd);
    return give_up(w, why);
}

bool
whole_file_close(struct whole_file *w, bool keep)
{
    const bool as_it_is = w->temporary[0] == '\0';
    bool good = keep && fflush(w->f) == 0 && ferror(w->f) == 0 && (as_it_is || fsync(fileno(w->f)) == 0);
    const int why = errno;

    good = fclose(w->f) == 0 && good;
    if (good && (as_it_is || rename(w->temporary, w->path) == 0))
        return true;
    return give_up(w, good ? errno : why);
}
