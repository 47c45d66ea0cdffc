/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of a context and the disk cache of their binaries: what is built, loaded, refused and replaced. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "cache_case.h"
#include "fixture.h"
#include "internal.h"

static struct clgrpo_context *
open_cached(const char *cache_dir)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

    config.cache_dir = cache_dir;
    return fx_open(NULL, &config);
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
    fx_release_all(&a.a, &a.b, &a.y);
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

    expect(cache_path, 1, 0, "an empty cache");
    find_cache_file(path, 1);
    expect(cache_path, 0, 1, "a warm cache");
    find_cache_file(path, 1);
}
END_TEST

START_TEST(no_cache)
{
    char path[600];

    expect("", 1, 0, "no cache");
    expect("", 1, 0, "no cache, again");
    snprintf(path, sizeof path, "%s/file.bin", cache_path);
    fclose(fopen(path, "w"));
    strcat(path, "/below");
    expect(path, 1, 0, "a cache folder below a file");
    find_cache_file(path, 1);
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

    expect(cache_path, 1, 0, what);
    now = read_all(path, &n);
    ck_assert_msg(n > 0 && n_good > 0 && memcmp(now, good, 16) == 0, "%s: the file was not replaced", what);
    free(now);
    expect(cache_path, 0, 1, what);
}

START_TEST(truncated_file_is_a_miss)
{
    char path[512];
    unsigned char *good;
    size_t n;

    expect(cache_path, 1, 0, "an empty cache");
    find_cache_file(path, 1);
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

    expect(cache_path, 1, 0, "an empty cache");
    find_cache_file(path, 1);
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

    expect(cache_path, 1, 0, "an empty cache");
    find_cache_file(path, 1);
    good = read_all(path, &n);
    write_all(path, text, sizeof text);
    expect_replaced(path, good, n, "a text file");
    /* whole and sound, but made for another key: two programs whose names collide */
    unlink(path);
    clg_cache_store(cache_path, key, sizeof key, text, sizeof text);
    find_cache_file(other, 1);
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

    expect(cache_path, 1, 0, "an empty cache");
    find_cache_file(path, 1);
    good = read_all(path, &n);
    memcpy(&key_bytes, good + 8, sizeof key_bytes);
    key = memmem(good + 32, n - 32, "\5\0\0\0\0\0\0\0" PACKAGE_VERSION, 13);
    ck_assert_msg(key != NULL && key_bytes < n, "the file does not hold its key");
    clg_cache_store(cache_path, (const char *)key, key_bytes, text, sizeof text);
    find_cache_file(path, 1);
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
    clg_cache_load(cache_path, "key", 3, &got, &n);
    ck_assert_ptr_null(got);
    clg_cache_store(cache_path, "key", 3, binary, N);
    clg_cache_load(cache_path, "key", 3, &got, &n);
    ck_assert_ptr_nonnull(got);
    ck_assert_uint_eq(n, N);
    fx_same_bits("binary", got, binary, N);
    free(got);
    clg_cache_load(cache_path, "kez", 3, &got, &n);
    ck_assert_ptr_null(got);
    free(binary);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("cache");

    fx_own_driver_cache();
    tcase_add_checked_fixture(tc, make_cache_path, remove_cache_path);
    fx_tests(tc, second_context_loads, no_cache, truncated_file_is_a_miss, corrupt_file_is_a_miss,
             foreign_file_is_a_miss, stale_binary_is_a_miss, store_and_load);
    return fx_main();
}
