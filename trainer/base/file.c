/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/leftover.h"
#include "base/path.h"

enum { READ_STEP = 1 << 16 };

struct mg_file_new {
    char *path, *temp; /* temp NULL: a device, a pipe or the standard output, written to as it is */
    int fd;
};

/* read() again where a signal interrupted it: bytes, 0 at the end of the file, -1 for an error. */
static ssize_t
read_some(int fd, char *dst, size_t want)
{
    ssize_t got;

    do
        got = read(fd, dst, want);
    while (got < 0 && errno == EINTR);
    return got;
}

static enum mg_status
read_all(int fd, const char *path, size_t max_bytes, char **data, size_t *len, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = 0, room = 0;
    char *buf = NULL, *grown;
    ssize_t got;

    do {
        if (room - n < 2) {
            room = room ? room * 2 : READ_STEP;
            grown = realloc(buf, room);
            MG_REQUIRE(grown, MG_FAIL, "out of memory: %zu bytes for %s", room, path);
            buf = grown;
        }
        got = read_some(fd, buf + n, room - n - 1);
        MG_REQUIRE(got >= 0, MG_FAIL, "cannot read %s: %s", path, strerror(errno));
        n += (size_t)got;
        MG_REQUIRE(n <= max_bytes, MG_INPUT, "%s is larger than the %zu bytes allowed", path, max_bytes);
    } while (got > 0);
    buf[n] = '\0';
    *data = buf;
    *len = n;
    buf = NULL;
out:
    free(buf);
    return st;
}

enum mg_status
mg_file_read(const char *path, size_t max_bytes, char **data, size_t *len, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    MG_REQUIRE(fd >= 0, MG_INPUT, "cannot open %s: %s", path, strerror(errno));
    MG_REQUIRE(fstat(fd, &info) == 0, MG_FAIL, "cannot stat %s: %s", path, strerror(errno));
    MG_REQUIRE(!S_ISDIR(info.st_mode), MG_INPUT, "%s is a directory, a file is needed", path);
    MG_TRY(read_all(fd, path, max_bytes, data, len, err));
out:
    if (fd >= 0)
        close(fd);
    return st;
}

enum mg_status
mg_file_copy(const char *from, const char *to, size_t max_bytes, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *data = NULL;
    size_t len = 0;

    MG_TRY(mg_file_read(from, max_bytes, &data, &len, err));
    MG_TRY(mg_file_write_atomic(to, data, len, err));
out:
    free(data);
    return st;
}

bool
mg_file_is_output(const char *path)
{
    struct stat file, output;

    return stat(path, &file) == 0 && fstat(STDOUT_FILENO, &output) == 0 && file.st_dev == output.st_dev &&
           file.st_ino == output.st_ino;
}

/* What another file must not take the place of: a device, a pipe, or a socket. */
static bool
is_special(const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

enum mg_status
mg_file_temp_name(const char *path, char **temp, struct mg_err *err)
{
    *temp = NULL;
    if (is_special(path))
        return mg_fail(err, MG_INPUT, "%s is no regular file, and cannot be replaced by one", path);
    mg_leftovers_remove(path);
    if (asprintf(temp, "%s" MG_TEMP_MARK "%ld", path, (long)getpid()) >= 0)
        return MG_OK;
    *temp = NULL;
    return mg_fail(err, MG_FAIL, "out of memory: a temporary name for %s", path);
}

/* The file that a symbolic link leads to, so that the link stays; else the path itself. */
static char *
behind_links(const char *path)
{
    struct stat s;
    char *real = lstat(path, &s) == 0 && S_ISLNK(s.st_mode) ? realpath(path, NULL) : NULL;

    return real != NULL ? real : strdup(path);
}

static const char *
name_of(const struct mg_file_new *f)
{
    return f->temp != NULL ? f->temp : f->path;
}

static bool
is_dir(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum mg_status
mg_file_new_open(const char *path, struct mg_file_new **out_file, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_file_new *f = NULL;
    const bool as_it_is = is_special(path) || mg_file_is_output(path);

    MG_REQUIRE(!is_dir(path), MG_INPUT, "%s is a directory, a file is needed", path);
    MG_ALLOC(f, 1);
    f->fd = -1;
    f->path = as_it_is ? strdup(path) : behind_links(path);
    MG_REQUIRE(f->path != NULL, MG_FAIL, "out of memory: the name %s", path);
    if (!as_it_is)
        MG_TRY(mg_file_temp_name(f->path, &f->temp, err));
    if (mg_file_is_output(path))
        f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    else
        f->fd = open(name_of(f), O_WRONLY | O_CLOEXEC | (as_it_is ? O_NOCTTY : O_CREAT | O_TRUNC), 0666);
    MG_REQUIRE(f->fd >= 0, mg_file_fault(errno) == MG_END ? MG_END : MG_INPUT, "cannot create %s: %s", path,
               strerror(errno));
    if (f->temp != NULL)
        (void)flock(f->fd, LOCK_EX | LOCK_NB); /* says that its writer lives, where the system can say it */
    *out_file = f;
    f = NULL;
out:
    mg_file_new_abort(f);
    return st;
}

enum mg_status
mg_file_new_write(struct mg_file_new *f, const void *data, size_t len, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *p = data;

    while (len > 0) {
        ssize_t done = write(f->fd, p, len);

        if (done < 0 && errno == EINTR)
            continue;
        MG_REQUIRE(done >= 0, mg_file_fault(errno), "cannot write %s: %s", name_of(f), strerror(errno));
        p += done;
        len -= (size_t)done;
    }
out:
    return st;
}

/* A file system that does not support fsync of a directory returns EINVAL, which is accepted. */
enum mg_status
mg_dir_sync(const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *slash = strrchr(path, '/');
    char *dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    int fd = -1;

    MG_REQUIRE(dir, MG_FAIL, "out of memory: the directory of %s", path);
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    MG_REQUIRE(fd >= 0, MG_FAIL, "cannot open directory %s: %s", dir, strerror(errno));
    MG_REQUIRE(fsync(fd) == 0 || errno == EINVAL, mg_file_fault(errno), "cannot sync directory %s: %s", dir,
               strerror(errno));
out:
    if (fd >= 0)
        close(fd);
    free(dir);
    return st;
}

enum mg_status
mg_file_fault(int error)
{
    return error == ENOSPC || error == EDQUOT ? MG_END : MG_FAIL;
}

static enum mg_status
sync_file(const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    MG_REQUIRE(fd >= 0 && fsync(fd) == 0, mg_file_fault(errno), "cannot sync %s: %s", path, strerror(errno));
out:
    if (fd >= 0)
        close(fd);
    return st;
}

enum mg_status
mg_file_commit(const char *temp, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool there = true;

    MG_TRY(sync_file(temp, err));
    MG_REQUIRE(rename(temp, path) == 0, mg_file_fault(errno), "cannot rename %s to %s: %s", temp, path,
               strerror(errno));
    there = false;
    MG_TRY(mg_dir_sync(path, err));
out:
    if (there)
        unlink(temp);
    return st;
}

static void
file_new_free(struct mg_file_new *f)
{
    free(f->temp);
    free(f->path);
    free(f);
}

enum mg_status
mg_file_new_commit(struct mg_file_new **file, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_file_new *f = *file;
    int rc = close(f->fd);

    *file = NULL;
    f->fd = -1;
    MG_REQUIRE(rc == 0, mg_file_fault(errno), "cannot close %s: %s", name_of(f), strerror(errno));
    if (f->temp != NULL)
        st = mg_file_commit(f->temp, f->path, err);
    file_new_free(f);
    return st;
out:
    mg_file_new_abort(f);
    return st;
}

void
mg_file_new_abort(struct mg_file_new *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    if (f->temp)
        unlink(f->temp);
    file_new_free(f);
}

enum mg_status
mg_file_write_atomic(const char *path, const void *data, size_t len, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_file_new *f = NULL;

    MG_TRY(mg_file_new_open(path, &f, err));
    MG_TRY(mg_file_new_write(f, data, len, err));
    MG_TRY(mg_file_new_commit(&f, err));
out:
    mg_file_new_abort(f);
    return st;
}

enum mg_status
mg_dir_make(const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *part = strdup(path), *p;
    int why;

    MG_REQUIRE(part, MG_FAIL, "out of memory: directory name %s", path);
    MG_REQUIRE(part[0] != '\0', MG_INPUT, "the directory name is empty");
    for (p = part + 1;; p++) {
        char c = *p;

        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        why = mkdir(part, 0777) == 0 ? 0 : errno;
        MG_REQUIRE(why == 0 || is_dir(part), mg_file_fault(why) == MG_END ? MG_END : MG_INPUT,
                   "cannot make directory %s: %s", part,
                   why == EEXIST ? "there is a file of that name" : strerror(why));
        *p = c;
        if (c == '\0')
            break;
    }
out:
    free(part);
    return st;
}

enum mg_status
mg_dir_make_writable(const char *path, struct mg_err *err)
{
    struct mg_file_new *f = NULL;
    enum mg_status st = mg_dir_make(path, err);

    if (st == MG_OK)
        st = mg_file_new_open(mg_path_print("%s/tried", path).text, &f, err);
    mg_file_new_abort(f);
    return st;
}
