/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of the disk cache: where it is, whose it may be, and what is removed from it. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "cache_case.h"
#include "fixture.h"
#include "internal.h"

static bool
loads(void)
{
    unsigned char *got = NULL;
    size_t n = 0;

    clg_cache_load(cache_path, "key", 3, &got, &n);
    free(got);
    return got != NULL;
}

/* What another user could have written, or put in a file's place. */
START_TEST(not_this_users_alone)
{
    char path[512], other[520];

    clg_cache_store(cache_path, "key", 3, (const unsigned char *)"binary", 6);
    find_cache_file(path, 1);
    ck_assert(loads());
    ck_assert_int_eq(chmod(path, 0620), 0);
    ck_assert(!loads());
    ck_assert_int_eq(chmod(path, 0602), 0);
    ck_assert(!loads());
    ck_assert_int_eq(chmod(path, 0600), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(path, 65534, 0), 0);
        ck_assert(!loads());
        ck_assert_int_eq(chown(path, 0, 0), 0);
    }
    ck_assert_int_eq(chmod(cache_path, 0770), 0);
    ck_assert(!loads());
    ck_assert_ptr_null(clg_cache_dir(cache_path));
    ck_assert_int_eq(chmod(cache_path, 0700), 0);
    ck_assert(loads());
    snprintf(other, sizeof other, "%s.old", path);
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert(!loads());
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_msg(!loads(), "a FIFO"); /* and it does not wait for a writer */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rename(other, path), 0);
    ck_assert(loads());
}
END_TEST

static void
put_sized(const char *name, off_t bytes, time_t seconds_ago)
{
    struct timespec times[2] = {{.tv_sec = time(NULL) - seconds_ago}, {.tv_sec = time(NULL) - seconds_ago}};
    char path[512];
    int fd;

    snprintf(path, sizeof path, "%s/%s", cache_path, name);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, bytes), 0);
    ck_assert_int_eq(futimens(fd, times), 0);
    close(fd);
}

static bool
there(const char *name)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", cache_path, name);
    return access(path, F_OK) == 0;
}

START_TEST(longest_unused_is_evicted)
{
    int fd = clg_cache_open(cache_path);

    ck_assert_int_ge(fd, 0);
    put_sized("a.bin", 600, 30);
    put_sized("b.bin", 700, 90);
    put_sized("c.bin", 800, 60);
    put_sized("d.bin.12-0", 900, 7200);
    put_sized("e.bin.13-0", 900, 10);
    put_sized("someone's.txt", 5000, 9000);
    clg_cache_evict(fd, 2100);
    ck_assert(there("a.bin") && there("b.bin") && there("c.bin"));
    ck_assert(!there("d.bin.12-0") && there("e.bin.13-0"));
    clg_cache_evict(fd, 1400);
    ck_assert(there("a.bin") && !there("b.bin") && there("c.bin"));
    clg_cache_evict(fd, 0);
    ck_assert(!there("a.bin") && !there("c.bin") && there("e.bin.13-0") && there("someone's.txt"));
    close(fd);
}
END_TEST

/* Of two files the one that was loaded since is kept. */
START_TEST(loading_is_use)
{
    char path[512];
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct stat s;

    clg_cache_store(cache_path, "key", 3, (const unsigned char *)"binary", 6);
    find_cache_file(path, 1);
    ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
    ck_assert(loads());
    ck_assert_int_eq(stat(path, &s), 0);
    ck_assert_int_gt(s.st_mtime, 1000);
}
END_TEST

static void
expect_dir(const char *xdg, const char *home, const char *configured, const char *tail)
{
    char want[512];
    char *got;

    xdg != NULL ? setenv("XDG_CACHE_HOME", xdg, 1) : unsetenv("XDG_CACHE_HOME");
    home != NULL ? setenv("HOME", home, 1) : unsetenv("HOME");
    got = clg_cache_dir(configured);
    if (tail == NULL) {
        ck_assert_msg(got == NULL, "got %s, want none", got);
        return;
    }
    snprintf(want, sizeof want, "%s%s", cache_path, tail);
    ck_assert_ptr_nonnull(got);
    ck_assert_str_eq(got, want);
    ck_assert_int_eq(access(got, W_OK), 0);
    do
        rmdir(got);
    while ((*strrchr(got, '/') = '\0', strlen(got) > strlen(cache_path)));
    free(got);
}

START_TEST(cache_folder)
{
    char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), configured[300];

    xdg = xdg != NULL ? strdup(xdg) : NULL;
    home = home != NULL ? strdup(home) : NULL;
    snprintf(configured, sizeof configured, "%s/a/b", cache_path);
    expect_dir("/nowhere", "/nowhere", configured, "/a/b");
    expect_dir(cache_path, "/nowhere", NULL, "/clgrpo");
    expect_dir(NULL, cache_path, NULL, "/.cache/clgrpo");
    expect_dir("relative", cache_path, NULL, "/.cache/clgrpo");
    expect_dir(NULL, NULL, NULL, NULL);
    expect_dir(NULL, "relative", NULL, NULL);
    expect_dir(cache_path, cache_path, "", NULL);
    xdg != NULL ? setenv("XDG_CACHE_HOME", xdg, 1) : unsetenv("XDG_CACHE_HOME");
    home != NULL ? setenv("HOME", home, 1) : unsetenv("HOME");
    free(xdg), free(home);
}
END_TEST

/* What a child writes when it has the lock, within so many milliseconds; 0 if it has not. */
static char
answer(int from, int ms)
{
    struct pollfd p = {.fd = from, .events = POLLIN};
    char byte = 0;

    return poll(&p, 1, ms) == 1 && read(from, &byte, 1) == 1 ? byte : 0;
}

/* One key has one holder in all processes and threads, another key has another, and a dead holder's is free. */
START_TEST(one_builds)
{
    int ends[2], first = clg_cache_lock(cache_path, "key", 3), other = clg_cache_lock(cache_path, "yek", 3);
    double start;
    pid_t child;

    ck_assert_int_ge(first, 0);
    ck_assert_int_ge(other, 0);
    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        close(first), close(other); /* they are inherited, and the locks with them */
        clg_cache_lock(cache_path, "key", 3);
        _exit(write(ends[1], "x", 1) == 1 && pause() == 0 ? 0 : 1);
    }
    ck_assert_int_eq(answer(ends[0], 200), 0);
    clg_cache_unlock(first);
    ck_assert_int_eq(answer(ends[0], 30000), 'x');
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    start = clg_now();
    first = clg_cache_lock(cache_path, "key", 3);
    ck_assert_int_ge(first, 0);
    ck_assert_double_lt(clg_now() - start, 100.0); /* after 120 it would go on without */
    clg_cache_unlock(first);
    clg_cache_unlock(other);
    close(ends[0]), close(ends[1]);
    ck_assert_int_eq(clg_cache_lock("/nowhere", "key", 3), -1);
    clg_cache_unlock(-1);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("cache folder");

    tcase_add_checked_fixture(tc, make_cache_path, remove_cache_path);
    fx_tests(tc, not_this_users_alone, longest_unused_is_evicted, loading_is_use, cache_folder, one_builds);
    return fx_main();
}
