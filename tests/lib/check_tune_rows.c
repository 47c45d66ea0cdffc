/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of tuned parameters as text, the built-in ones, hostile and damaged ones; and the place of the user's. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "internal.h"
#include "tune.h"
#include "tune_rows.h"

static void
count_current(void *arg, const struct clg_tune_row *row)
{
    unsigned *n = arg;

    ck_assert_msg(row->current, "line %u is of another version", row->line);
    ++*n;
}

/* Every row that is built in is well-formed and of this version. */
START_TEST(built_in_rows)
{
    struct clgrpo_context ctx = {0};
    unsigned n_files = 0, n = 0;

    for (size_t i = 0; i < clg_n_sources; i++) {
        const char *name = clg_sources[i].name;

        if (strstr(name, ".tsv") == NULL)
            continue;
        n_files++;
        fx_ok(&ctx, clg_tune_parse(&ctx, name, (const char *)clg_sources[i].bytes, clg_sources[i].n_bytes,
                                   count_current, NULL, &n));
    }
    ck_assert_uint_eq(n_files, 2);
    ck_assert_uint_ge(n, 1);
}
END_TEST

#define GOOD "gemm_cpu\tf32\ttn\tclass:cpu-vec8\tKC=512 MC=96\t10.5\t1.25\t-\t" PACKAGE_VERSION

static void
ignore(void *arg, const struct clg_tune_row *row)
{
    unsigned *n = arg;

    (void)row;
    ++*n;
}

START_TEST(hostile_rows)
{
    static const struct {
        const char *row, *sentence;
    } bad[] = {
        {"gemm_cpu", "nine columns"},
        {GOOD "\tmore", "nine columns"},
        {"gemm_cup\tf32\ttn\tclass:x\tKC=512\t1\t1\t-\t" PACKAGE_VERSION, "no such operation"},
        {"gemm_cpu\tf16\ttn\tclass:x\tKC=512\t1\t1\t-\t" PACKAGE_VERSION, "no such type"},
        {"gemm_cpu\tf32\tnt\tclass:x\tKC=512\t1\t1\t-\t" PACKAGE_VERSION, "no such class"},
        {"gemm_cpu\tf32\ttn\tcpu-vec8\tKC=512\t1\t1\t-\t" PACKAGE_VERSION, "does not begin with"},
        {"gemm_cpu\tf32\ttn\tclass:\tKC=512\t1\t1\t-\t" PACKAGE_VERSION, "empty"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC\t1\t1\t-\t" PACKAGE_VERSION, "not NAME=VALUE"},
        {"gemm_cpu\tf32\ttn\tclass:x\t\t1\t1\t-\t" PACKAGE_VERSION, "not NAME=VALUE"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=512  MC=96\t1\t1\t-\t" PACKAGE_VERSION, "not NAME=VALUE"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=513\t1\t1\t-\t" PACKAGE_VERSION, "not among those allowed"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=-512\t1\t1\t-\t" PACKAGE_VERSION, "no number"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=4294967808\t1\t1\t-\t" PACKAGE_VERSION, "no number"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=512x\t1\t1\t-\t" PACKAGE_VERSION, "no number"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=512 KC=256\t1\t1\t-\t" PACKAGE_VERSION, "twice"},
        {"gemm_cpu\tf32\ttn\tclass:x\tP_GROUP=64\t1\t1\t-\t" PACKAGE_VERSION, "no such parameter"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=512\t0\t1\t-\t" PACKAGE_VERSION, "no positive number"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=512\t1\tnan\t-\t" PACKAGE_VERSION, "no positive number"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=512\t1e9\t1\t-\t" PACKAGE_VERSION, "no positive number"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=512\t1\t1\t\t" PACKAGE_VERSION, "driver is empty"},
        {"gemm_cpu\tf32\ttn\tclass:x\tKC=512\t1\t1\t-\t", "version is empty"},
        {GOOD "\r", "control character"},
        {"\033[2Jgemm_cpu", "control character"},
    };
    unsigned n = 0;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct clgrpo_context ctx = {0}; /* for its sentence */
        const char *error = ctx.error.text;
        char text[512];
        int bytes = snprintf(text, sizeof text, "# first\n%s\n\n%s\n" GOOD "\n", GOOD, bad[i].row);

        n = 0;
        ck_assert_msg(clg_tune_parse(&ctx, "f", text, (size_t)bytes, ignore, NULL, &n) == CLGRPO_E_TUNING, "taken: %s",
                      bad[i].row);
        ck_assert_msg(strstr(error, bad[i].sentence) != NULL && strncmp(error, "f: line 4: ", 11) == 0,
                      "'%s' gave '%s'", bad[i].row, error);
        ck_assert_uint_eq(n, 1);
    }
}
END_TEST

/* No proper prefix of a row counts, no byte past the text is read, and a zero byte anywhere is refused. */
START_TEST(damaged_rows)
{
    const size_t full = strlen(GOOD);
    struct clgrpo_context ctx = {0};
    unsigned n = 0;

    fx_ok(&ctx, clg_tune_parse(&ctx, "f", GOOD, full, ignore, NULL, &n));
    ck_assert_uint_eq(n, 1);
    for (size_t k = 1; k < full; k++) {
        char *text = malloc(k); /* no byte after it */
        bool good;

        memcpy(text, GOOD, k);
        good = clg_tune_parse(&ctx, "f", text, k, ignore, NULL, &n) == CLGRPO_OK;
        ck_assert(!good || k >= full - strlen(PACKAGE_VERSION) + 1); /* a shorter version is another version */
        free(text);
    }
    for (size_t k = 0; k < full; k++) {
        char text[256];

        memcpy(text, GOOD, full);
        text[k] = '\0';
        clgrpo_error_clear(&ctx);
        ck_assert_int_eq(clg_tune_parse(&ctx, "f", text, full, ignore, NULL, &n), CLGRPO_E_TUNING);
        ck_assert_msg(strstr(ctx.error.text, "control character") != NULL, "%s", ctx.error.text);
    }
}
END_TEST

START_TEST(long_rows)
{
    struct clgrpo_context ctx = {0};
    char *text = malloc(5000);
    unsigned n = 0;

    memset(text, 'x', 5000);
    ck_assert_int_eq(clg_tune_parse(&ctx, "f", text, 5000, ignore, NULL, &n), CLGRPO_E_TUNING);
    ck_assert_str_eq(ctx.error.text, "f: line 1: the line is too long: 5000 bytes, at most 1023");
    clgrpo_error_clear(&ctx);
    memset(text, '#', 5000);
    fx_ok(&ctx, clg_tune_parse(&ctx, "f", text, 5000, ignore, NULL, &n));
    ck_assert_uint_eq(n, 0);
    free(text);
}
END_TEST

/* The user's own place: what cannot be read there keeps no program from working. */
START_TEST(users_file_is_a_folder)
{
    char base[] = "check_tune.XXXXXX", here[4000], path[4096], *old = getenv("XDG_DATA_HOME");
    struct clgrpo_context *ctx;
    const char *sentence;

    old = old != NULL ? strdup(old) : NULL;
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_ptr_nonnull(realpath(base, here));
    setenv("XDG_DATA_HOME", here, 1);
    snprintf(path, sizeof path, "%s/clgrpo", here);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/clgrpo/tune.tsv", here);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ctx = fx_open(NULL, NULL);
    ck_assert_uint_eq(clg_tune_malformed(ctx, &sentence), 1);
    ck_assert_msg(strstr(sentence, "no plain file") != NULL, "%s", sentence);
    clgrpo_context_destroy(ctx);
    rmdir(path);
    *strrchr(path, '/') = '\0';
    rmdir(path), rmdir(base);
    old != NULL ? setenv("XDG_DATA_HOME", old, 1) : unsetenv("XDG_DATA_HOME");
    free(old);
}
END_TEST

START_TEST(place_of_the_file)
{
    char path[4096], *old = getenv("XDG_DATA_HOME");

    old = old != NULL ? strdup(old) : NULL;
    setenv("XDG_DATA_HOME", "/somewhere", 1);
    ck_assert(clg_tune_path(path, sizeof path));
    ck_assert_str_eq(path, "/somewhere/clgrpo/tune.tsv");
    ck_assert(!clg_tune_path(path, 10));
    setenv("XDG_DATA_HOME", "relative", 1); /* the standard says to ignore it */
    ck_assert(!clg_tune_path(path, sizeof path) || path[0] == '/');
    old != NULL ? setenv("XDG_DATA_HOME", old, 1) : unsetenv("XDG_DATA_HOME");
    free(old);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("tune_rows");

    fx_tests(t, built_in_rows, hostile_rows, damaged_rows, long_rows, users_file_is_a_folder, place_of_the_file);
    return fx_main();
}
