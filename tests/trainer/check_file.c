/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_digest.h"
#include "scratch.h"
#include "suite.h"

static char dir[64], path[128];

static void
setup(void)
{
    scratch_make(dir);
    snprintf(path, sizeof path, "%s/data", dir);
}

static void
teardown(void)
{
    scratch_remove_file(dir, path);
}

static void
expect_content(const char *want, size_t n)
{
    char *data = NULL;
    size_t len = 0;

    ck_assert_msg(mg_file_read(path, n, &data, &len, &err) == MG_OK, "%s", err.text);
    ck_assert_uint_eq(len, n);
    ck_assert_int_eq(memcmp(data, want, n), 0);
    ck_assert_int_eq(data[n], '\0');
    free(data);
}

START_TEST(reads_what_was_written)
{
    static const size_t sizes[] = {0, 1, 65534, 65535, 65536, 65537, 300000};
    char *data = malloc(300000);

    for (size_t i = 0; i < 300000; i++)
        data[i] = (char)(i * 7 + i / 256);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ck_assert_int_eq(mg_file_write_atomic(path, data, sizes[i], &err), MG_OK);
        expect_content(data, sizes[i]);
    }
    free(data);
}
END_TEST

START_TEST(keeps_to_the_limit)
{
    char *data = NULL;
    size_t len = 77;

    ck_assert_int_eq(mg_file_write_atomic(path, "12345", 5, &err), MG_OK);
    ck_assert_int_eq(mg_file_read(path, 4, &data, &len, &err), MG_INPUT);
    ck_assert_ptr_null(data);
    ck_assert_uint_eq(len, 77);
    ck_assert_ptr_nonnull(strstr(err.text, "4 bytes"));
}
END_TEST

START_TEST(old_file_until_commit)
{
    struct mg_file_new *f = NULL;

    ck_assert_int_eq(mg_file_write_atomic(path, "old", 3, &err), MG_OK);
    ck_assert_int_eq(mg_file_new_open(path, &f, &err), MG_OK);
    ck_assert_int_eq(mg_file_new_write(f, "ne", 2, &err), MG_OK);
    expect_content("old", 3);
    ck_assert_int_eq(mg_file_new_write(f, "w", 1, &err), MG_OK);
    ck_assert_int_eq(mg_file_new_commit(&f, &err), MG_OK);
    ck_assert_ptr_null(f);
    expect_content("new", 3);
    ck_assert_int_eq(mg_file_new_open(path, &f, &err), MG_OK);
    ck_assert_int_eq(mg_file_new_write(f, "third", 5, &err), MG_OK);
    mg_file_new_abort(f);
    expect_content("new", 3);
}
END_TEST

START_TEST(refuses_paths)
{
    char *data = NULL;
    size_t len;

    ck_assert_int_eq(mg_file_read(path, 10, &data, &len, &err), MG_INPUT);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_file_read(dir, 10, &data, &len, &err), MG_INPUT);
    mg_err_clear(&err);
    snprintf(path, sizeof path, "%s/none/data", dir);
    ck_assert_int_eq(mg_file_write_atomic(path, "x", 1, &err), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "none/data"));
    mg_err_clear(&err);
    ck_assert_int_eq(mg_file_write_atomic(dir, "x", 1, &err), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "is a directory"));
}
END_TEST

START_TEST(makes_directories)
{
    char deep[192];
    struct stat info;

    snprintf(deep, sizeof deep, "%s/a//b/c/", dir);
    ck_assert_int_eq(mg_dir_make(deep, &err), MG_OK);
    ck_assert_int_eq(mg_dir_make(deep, &err), MG_OK);
    ck_assert(stat(deep, &info) == 0 && S_ISDIR(info.st_mode));
    for (const char *const *p = (const char *const[]){"a/b/c", "a/b", "a", NULL}; *p != NULL; p++) {
        snprintf(deep, sizeof deep, "%s/%s", dir, *p);
        ck_assert_int_eq(rmdir(deep), 0);
    }
    ck_assert_int_eq(mg_dir_make("", &err), MG_INPUT);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_file_write_atomic(path, "x", 1, &err), MG_OK);
    snprintf(deep, sizeof deep, "%s/under", path);
    ck_assert_int_eq(mg_dir_make(deep, &err), MG_INPUT);
}
END_TEST

/* What is too long, or is not there, leaves the other file as it was. */
START_TEST(a_copy_is_whole_or_none)
{
    char from[128];

    snprintf(from, sizeof from, "%s/from", dir);
    scratch_write(from, "1\0002\n", 4);
    mg_ok(mg_file_copy(from, path, 4, &err));
    expect_content("1\0002\n", 4);
    scratch_write(from, "12345", 5);
    ck_assert_int_eq(mg_file_copy(from, path, 4, &err), MG_INPUT);
    mg_err_clear(&err);
    unlink(from);
    ck_assert_int_eq(mg_file_copy(from, path, 4, &err), MG_INPUT);
    suite_says(err.text, from);
    expect_content("1\0002\n", 4);
}
END_TEST

/* A digest is of what a file holds, in memory or on the disk, to the last byte of a part or behind it. */
START_TEST(digests_are_of_contents)
{
    static const size_t sizes[] = {0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1};
    char *data = calloc((1 << 20) + 1, 1), in_memory[MG_DIGEST], on_disk[MG_DIGEST], last[MG_DIGEST] = "";

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        mg_ok(mg_file_write_atomic(path, data, sizes[i], &err));
        mg_ok(mg_file_digest(path, on_disk, &err));
        mg_bytes_digest(data, sizes[i], in_memory);
        ck_assert_str_eq(on_disk, in_memory);
        ck_assert_str_ne(on_disk, last);
        strcpy(last, on_disk);
    }
    data[1 << 20] = 1;
    mg_bytes_digest(data, (1 << 20) + 1, in_memory);
    ck_assert_str_ne(in_memory, last);
    free(data);
    ck_assert_int_eq(mg_file_digest(dir, on_disk, &err), MG_INPUT);
    suite_says(err.text, dir, "directory");
}
END_TEST

/* ---- What nothing may take the place of ---- */

START_TEST(a_link_stays_and_leads_to_the_new_file)
{
    char link[160];
    struct stat s;

    ck_assert_int_eq(mg_file_write_atomic(path, "old", 3, &err), MG_OK);
    snprintf(link, sizeof link, "%s.link", path);
    ck_assert_int_eq(symlink(path, link), 0);
    ck_assert_int_eq(mg_file_write_atomic(link, "new", 3, &err), MG_OK);
    expect_content("new", 3);
    ck_assert_int_eq(lstat(link, &s), 0);
    ck_assert(S_ISLNK(s.st_mode));
    unlink(link);
}
END_TEST

START_TEST(a_pipe_is_written_to)
{
    char pipe_name[160], got[8] = "", *temp = NULL;
    struct stat s;
    int fd;

    snprintf(pipe_name, sizeof pipe_name, "%s.pipe", path);
    ck_assert_int_eq(mkfifo(pipe_name, 0600), 0);
    ck_assert_int_ge(fd = open(pipe_name, O_RDWR | O_NONBLOCK), 0);
    ck_assert_int_eq(mg_file_write_atomic(pipe_name, "new", 3, &err), MG_OK);
    ck_assert_int_eq(read(fd, got, sizeof got), 3);
    ck_assert_str_eq(got, "new");
    ck_assert_int_eq(lstat(pipe_name, &s), 0);
    ck_assert(S_ISFIFO(s.st_mode));
    ck_assert_int_eq(mg_file_temp_name(pipe_name, &temp, &err), MG_INPUT);
    ck_assert_ptr_null(temp);
    close(fd);
    unlink(pipe_name);
}
END_TEST

/* As a shell redirects it: what was printed before stays, and what comes afterwards goes behind it. */
START_TEST(the_output_is_written_to)
{
    char link[160];
    int fd;

    ck_assert_int_ge(fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 0);
    snprintf(link, sizeof link, "%s.link", path);
    ck_assert_int_eq(symlink("/proc/self/fd/1", link), 0);
    fflush(stdout);
    ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    ck_assert_int_eq(write(STDOUT_FILENO, "before ", 7), 7);
    ck_assert(mg_file_is_output(link) && mg_file_is_output(path));
    ck_assert_int_eq(mg_file_write_atomic(link, "new", 3, &err), MG_OK);
    ck_assert_int_eq(write(STDOUT_FILENO, " after", 6), 6);
    expect_content("before new after", 16);
    close(fd);
    unlink(link);
}
END_TEST

/* ---- What dead processes have left ---- */

/* A process that is alive until it is ended, or for a minute. */
static pid_t
start_process(void)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        alarm(60);
        for (;;)
            pause();
    }
    return pid;
}

static void
end_process(pid_t pid)
{
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* A temporary file of the path, or of another one, by a process; how it is called. */
static const char *
leave(const char *of, long pid)
{
    static char name[8][192];
    static int n;
    char *out = name[n++ % 8];

    snprintf(out, sizeof name[0], "%s.new-%ld", of, pid);
    scratch_write(out, "half", 4);
    return out;
}

START_TEST(leftovers_of_dead_writers_are_removed)
{
    pid_t dead = start_process(), alive = start_process();
    const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    const char *left, *used, *recycled, *others, *odd, *locked;
    char other[160];
    int fd;

    end_process(dead);
    snprintf(other, sizeof other, "%s.other", path);
    left = leave(path, (long)dead);
    used = leave(path, (long)alive);
    others = leave(other, (long)dead);
    recycled = leave(path, 1);
    ck_assert_int_eq(utimensat(AT_FDCWD, recycled, long_ago, 0), 0); /* before the process 1 of today began */
    odd = leave(path, -7);
    ck_assert_int_eq(mg_file_write_atomic(path, "new", 3, &err), MG_OK);
    expect_content("new", 3);
    ck_assert_int_ne(access(left, F_OK), 0);
    ck_assert_int_eq(access(used, F_OK), 0);
    ck_assert_int_eq(access(others, F_OK), 0);
    ck_assert_int_eq(access(odd, F_OK), 0);
    if (access("/proc/1/stat", R_OK) == 0)
        ck_assert_int_ne(access(recycled, F_OK), 0);
    end_process(alive);
    /* locked: its writer lives where its number means nothing here */
    locked = leave(path, (long)dead);
    ck_assert_int_ge(fd = open(locked, O_RDWR), 0);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(mg_file_write_atomic(path, "newer", 5, &err), MG_OK);
    ck_assert_int_eq(access(locked, F_OK), 0);
    ck_assert_int_ne(access(used, F_OK), 0);
    close(fd);
    ck_assert_int_eq(mg_file_write_atomic(path, "newest", 6, &err), MG_OK);
    ck_assert_int_ne(access(locked, F_OK), 0);
    remove(others);
    remove(odd);
    remove(recycled);
}
END_TEST

/* A writer that lives is never taken for dead, from its first byte on. */
START_TEST(a_file_that_is_being_written_stays)
{
    struct mg_file_new *f = NULL;
    int status;
    pid_t pid;

    ck_assert_int_eq(mg_file_new_open(path, &f, &err), MG_OK);
    ck_assert_int_eq(mg_file_new_write(f, "mine", 4, &err), MG_OK);
    ck_assert_int_ge(pid = fork(), 0);
    if (pid == 0) {
        alarm(60);
        _exit(mg_file_write_atomic(path, "other", 5, &err) != MG_OK);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    expect_content("other", 5);
    ck_assert_int_eq(mg_file_new_commit(&f, &err), MG_OK);
    expect_content("mine", 4);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("file", setup, teardown, 0), leftovers_of_dead_writers_are_removed,
                a_file_that_is_being_written_stays, reads_what_was_written, keeps_to_the_limit, old_file_until_commit,
                refuses_paths, makes_directories, a_copy_is_whole_or_none, digests_are_of_contents,
                a_link_stays_and_leads_to_the_new_file, a_pipe_is_written_to, the_output_is_written_to);
    return suite_main();
}
