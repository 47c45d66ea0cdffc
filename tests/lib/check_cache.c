/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of a context and the disk cache of their binaries: what is built, loaded, refused and replaced. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "fixture.h"
#include "internal.h"

static char dir[256];

static void
make_dir(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(dir, sizeof dir, "%s/clgrpo_cache.XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

/* The one cache file of the folder; fails unless there are n in all. */
static void
find_file(char path[512], int n)
{
    DIR *d = opendir(dir);
    int found = 0;

    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        found++;
        snprintf(path, 512, "%.200s/%.255s", dir, e->d_name);
    }
    closedir(d);
    ck_assert_int_eq(found, n);
}

static void
remove_dir(void)
{
    DIR *d = opendir(dir);
    char path[512];

    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%.200s/%.255s", dir, e->d_name);
        if (e->d_name[0] != '.')
            unlink(path);
    }
    closedir(d);
    rmdir(dir);
}

static struct clgrpo_context *
open_cached(const char *cache_dir)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    struct clgrpo_context *ctx = NULL;
    char error[256] = "";

    config.cache_dir = cache_dir;
    ck_assert_msg(clgrpo_context_open(NULL, &config, &ctx, error, sizeof error) == CLGRPO_OK, "%s", error);
    return ctx;
}

/* y = a + b, with the result checked. */
static void
run_add(struct clgrpo_context *ctx)
{
    enum { N = 3, E = 13 };
    struct clgrpo_add_args a = CLGRPO_ADD_ARGS_INIT;
    float *x = fx_random(N * E, 1.0f, 11), *y = fx_random(N * E, 2.0f, 12), *got;

    a.a = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(N, E), x);
    a.b = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(N, E), y);
    a.y = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(N, E));
    fx_ok(ctx, clgrpo_add(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download(ctx, &a.y);
    for (int i = 0; i < N * E; i++)
        ck_assert_msg(got[i] == x[i] + y[i], "element %d is %g, want %g", i, (double)got[i], (double)(x[i] + y[i]));
    free(x), free(y), free(got);
    fx_release(&a.a), fx_release(&a.b), fx_release(&a.y);
}

/* One add in a new context: how many programs were built and loaded. */
static void
expect(const char *cache_dir, unsigned built, unsigned loaded, const char *when)
{
    struct clgrpo_context *ctx = open_cached(cache_dir);
    struct clgrpo_cache_stats stats = CLGRPO_CACHE_STATS_INIT;

    run_add(ctx);
    fx_ok(ctx, clgrpo_cache_stats_get(ctx, &stats));
    ck_assert_msg(stats.n_built == built && stats.n_loaded == loaded, "%s: built %u and loaded %u, want %u and %u",
                  when, stats.n_built, stats.n_loaded, built, loaded);
    ck_assert(built == 0 || stats.build_seconds > 0);
    ck_assert(loaded == 0 || stats.load_seconds > 0);
    clgrpo_context_destroy(ctx);
}

START_TEST(second_context_loads)
{
    char path[512];

    expect(dir, 1, 0, "an empty cache");
    find_file(path, 1);
    expect(dir, 0, 1, "a warm cache");
    find_file(path, 1);
}
END_TEST

START_TEST(no_cache)
{
    char path[600];

    expect("", 1, 0, "no cache");
    expect("", 1, 0, "no cache, again");
    snprintf(path, sizeof path, "%s/file", dir);
    fclose(fopen(path, "w"));
    strcat(path, "/below");
    expect(path, 1, 0, "a cache folder below a file");
    find_file(path, 1);
}
END_TEST

static unsigned char *
read_all(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    struct stat s;
    unsigned char *bytes;

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fstat(fileno(f), &s), 0);
    *n = (size_t)s.st_size;
    bytes = malloc(*n + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, *n, f), *n);
    fclose(f);
    return bytes;
}

static void
write_all(const char *path, const unsigned char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

/* A file that is wrong costs a build, and is replaced by a good one. */
static void
expect_replaced(const char *path, const unsigned char *good, size_t n_good, const char *what)
{
    unsigned char *now;
    size_t n;

    expect(dir, 1, 0, what);
    now = read_all(path, &n);
    ck_assert_msg(n > 0 && n_good > 0 && memcmp(now, good, 16) == 0, "%s: the file was not replaced", what);
    free(now);
    expect(dir, 0, 1, what);
}

START_TEST(truncated_file_is_a_miss)
{
    char path[512];
    unsigned char *good;
    size_t n;

    expect(dir, 1, 0, "an empty cache");
    find_file(path, 1);
    good = read_all(path, &n);
    const size_t lengths[] = {0, 1, 39, 40, 48, n / 2, n - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char what[64];

        snprintf(what, sizeof what, "cut to %zu of %zu bytes", lengths[i], n);
        write_all(path, good, lengths[i]);
        expect_replaced(path, good, n, what);
    }
    free(good);
}
END_TEST

/* One byte turned over in the magic, in each length (a huge one, too), in the checksum, in the key, in the binary. */
START_TEST(corrupt_file_is_a_miss)
{
    char path[512];
    unsigned char *good, *bad;
    size_t n;

    expect(dir, 1, 0, "an empty cache");
    find_file(path, 1);
    good = read_all(path, &n);
    bad = malloc(n);
    const size_t places[] = {0, 7, 8, 15, 16, 20, 24, 31, 32, 35, 40, 60, n / 2, n - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char what[64];

        memcpy(bad, good, n);
        bad[places[i]] ^= 0x41;
        snprintf(what, sizeof what, "byte %zu of %zu turned over", places[i], n);
        write_all(path, bad, n);
        expect_replaced(path, good, n, what);
    }
    free(good), free(bad);
}
END_TEST

START_TEST(foreign_file_is_a_miss)
{
    static const unsigned char text[] = "this was never a cache file, and it is longer than the header of one";
    const char key[] = "the key of some other program";
    char path[512], other[512];
    unsigned char *good, *bytes;
    size_t n, n_other;

    expect(dir, 1, 0, "an empty cache");
    find_file(path, 1);
    good = read_all(path, &n);
    write_all(path, text, sizeof text);
    expect_replaced(path, good, n, "a text file");
    /* whole and sound, but made for another key: two programs whose names collide */
    unlink(path);
    clg_cache_store(dir, key, sizeof key, text, sizeof text);
    find_file(other, 1);
    bytes = read_all(other, &n_other);
    unlink(other);
    write_all(path, bytes, n_other);
    expect_replaced(path, good, n, "another key's file");
    free(good), free(bytes);
}
END_TEST

/* The file is sound, but the driver does not take what is in it. */
START_TEST(stale_binary_is_a_miss)
{
    static const unsigned char text[] = "not a program";
    char path[512];
    unsigned char *good, *key;
    size_t n;
    uint64_t key_bytes;

    expect(dir, 1, 0, "an empty cache");
    find_file(path, 1);
    good = read_all(path, &n);
    memcpy(&key_bytes, good + 8, sizeof key_bytes);
    key = memmem(good + 32, n - 32, "\5\0\0\0\0\0\0\0" PACKAGE_VERSION, 13);
    ck_assert_msg(key != NULL && key_bytes < n, "the file does not hold its key");
    clg_cache_store(dir, (const char *)key, key_bytes, text, sizeof text);
    find_file(path, 1);
    expect_replaced(path, good, n, "a binary that the driver refuses");
    free(good);
}
END_TEST

START_TEST(store_and_load)
{
    enum { N = 70001 };
    unsigned char *binary = malloc(N), *got = NULL;
    size_t n = 0;

    for (size_t i = 0; i < N; i++)
        binary[i] = (unsigned char)(i * i >> 7);
    clg_cache_load(dir, "key", 3, &got, &n);
    ck_assert_ptr_null(got);
    clg_cache_store(dir, "key", 3, binary, N);
    clg_cache_load(dir, "key", 3, &got, &n);
    ck_assert_ptr_nonnull(got);
    ck_assert_uint_eq(n, N);
    fx_same_bits("binary", got, binary, N);
    free(got);
    clg_cache_load(dir, "kez", 3, &got, &n);
    ck_assert_ptr_null(got);
    free(binary);
}
END_TEST

static bool
loads(void)
{
    unsigned char *got = NULL;
    size_t n = 0;

    clg_cache_load(dir, "key", 3, &got, &n);
    free(got);
    return got != NULL;
}

/* What another user could have written, or put in a file's place. */
START_TEST(not_this_users_alone)
{
    char path[512], other[520];

    clg_cache_store(dir, "key", 3, (const unsigned char *)"binary", 6);
    find_file(path, 1);
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
    ck_assert_int_eq(chmod(dir, 0770), 0);
    ck_assert(!loads());
    ck_assert_ptr_null(clg_cache_dir(dir));
    ck_assert_int_eq(chmod(dir, 0700), 0);
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

    snprintf(path, sizeof path, "%s/%s", dir, name);
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

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

START_TEST(longest_unused_is_evicted)
{
    int fd = clg_cache_open(dir);

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

    clg_cache_store(dir, "key", 3, (const unsigned char *)"binary", 6);
    find_file(path, 1);
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
    snprintf(want, sizeof want, "%s%s", dir, tail);
    ck_assert_ptr_nonnull(got);
    ck_assert_str_eq(got, want);
    ck_assert_int_eq(access(got, W_OK), 0);
    do
        rmdir(got);
    while ((*strrchr(got, '/') = '\0', strlen(got) > strlen(dir)));
    free(got);
}

START_TEST(cache_folder)
{
    char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), configured[300];

    xdg = xdg != NULL ? strdup(xdg) : NULL;
    home = home != NULL ? strdup(home) : NULL;
    snprintf(configured, sizeof configured, "%s/a/b", dir);
    expect_dir("/nowhere", "/nowhere", configured, "/a/b");
    expect_dir(dir, "/nowhere", NULL, "/clgrpo");
    expect_dir(NULL, dir, NULL, "/.cache/clgrpo");
    expect_dir("relative", dir, NULL, "/.cache/clgrpo");
    expect_dir(NULL, NULL, NULL, NULL);
    expect_dir(NULL, "relative", NULL, NULL);
    expect_dir(dir, dir, "", NULL);
    xdg != NULL ? setenv("XDG_CACHE_HOME", xdg, 1) : unsetenv("XDG_CACHE_HOME");
    home != NULL ? setenv("HOME", home, 1) : unsetenv("HOME");
    free(xdg), free(home);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("cache");

    tcase_add_checked_fixture(tc, make_dir, remove_dir);
    fx_tests(tc, second_context_loads, no_cache, truncated_file_is_a_miss, corrupt_file_is_a_miss,
             foreign_file_is_a_miss, stale_binary_is_a_miss, store_and_load, not_this_users_alone,
             longest_unused_is_evicted, loading_is_use, cache_folder);
    return fx_main();
}
