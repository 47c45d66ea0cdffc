/* SPDX-License-Identifier: Apache-2.0 */
#include "output/whole_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* unlink() must not hide why the file is given up. */
static bool
give_up(const struct whole_file *w, int why)
{
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
    snprintf(w->path, sizeof w->path, "%s", path);
    snprintf(w->temporary, sizeof w->temporary, "%s.XXXXXX", path);
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
    bool good = keep && fflush(w->f) == 0 && ferror(w->f) == 0 && fsync(fileno(w->f)) == 0;
    const int why = errno;

    good = fclose(w->f) == 0 && good;
    if (good && rename(w->temporary, w->path) == 0)
        return true;
    return give_up(w, good ? errno : why);
}
