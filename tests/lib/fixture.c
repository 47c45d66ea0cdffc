/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The environment's CLGRPO_TEST_FAMILY, or AUTO for both. */
static enum clgrpo_family
only_family(void)
{
    const char *env = getenv("CLGRPO_TEST_FAMILY");

    if (env == NULL || env[0] == '\0')
        return CLGRPO_FAMILY_AUTO;
    if (strcasecmp(env, "simt") == 0)
        return CLGRPO_FAMILY_SIMT;
    if (strcasecmp(env, "cpu") == 0)
        return CLGRPO_FAMILY_CPU;
    fprintf(stderr, "CLGRPO_TEST_FAMILY is '%s', neither simt nor cpu\n", env); /* main asks too: no assertion there */
    exit(EXIT_FAILURE);
}

int
fx_n_families(void)
{
    return only_family() == CLGRPO_FAMILY_AUTO ? 2 : 1;
}

enum clgrpo_family
fx_family(int index)
{
    enum clgrpo_family only = only_family();

    return only != CLGRPO_FAMILY_AUTO ? only : index == 0 ? CLGRPO_FAMILY_SIMT : CLGRPO_FAMILY_CPU;
}

const char *
fx_family_name(enum clgrpo_family family)
{
    return family == CLGRPO_FAMILY_SIMT ? "simt" : "cpu";
}

const char *
fx_platform(struct clgrpo_context *ctx)
{
    static struct clgrpo_device_info info;

    info = CLGRPO_DEVICE_INFO_INIT;
    fx_ok(ctx, clgrpo_device_info_get(ctx, &info));
    return info.platform;
}

struct clgrpo_context *
fx_open(const char *selector, const struct clgrpo_context_config *config)
{
    struct clgrpo_context *ctx = NULL;
    char error[512] = "";

    ck_assert_msg(clgrpo_context_open(selector, config, &ctx, error, sizeof error) == CLGRPO_OK, "%s", error);
    return ctx;
}

struct clgrpo_context *
fx_context(enum clgrpo_family family)
{
    static struct clgrpo_context *open[2];
    int i = family == CLGRPO_FAMILY_SIMT ? 0 : 1;

    if (open[i] == NULL) {
        struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

        config.family = family;
        open[i] = fx_open(NULL, &config);
    }
    return open[i];
}

bool
fx_small(void)
{
    const char *small = getenv("CLGRPO_TEST_SMALL");

    return small != NULL && small[0] != '\0';
}

static uint32_t
draw(uint64_t seed, uint32_t i)
{
    uint32_t counter[4] = {i, 0, 0, 0}, key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)}, out[4];

    clgrpo_philox4x32(counter, key, out);
    return out[0];
}

float *
fx_random(size_t n, float scale, uint64_t seed)
{
    float *x = malloc((n + 1) * sizeof *x);

    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++) {
        double sum = -2.0; /* of four uniforms less their mean: near normal, asymmetric by the shift below */

        for (uint32_t j = 0; j < 4; j++)
            sum += draw(seed, (uint32_t)(4 * i + j)) * (1.0 / 4294967296.0);
        x[i] = (float)((sum * 1.7 + 0.0625) * scale);
        if (x[i] == 0.0f || x[i] == 1.0f)
            x[i] = 0.7071f * scale;
    }
    return x;
}

int32_t *
fx_random_i32(size_t n, int32_t below, uint64_t seed)
{
    int32_t *x = malloc((n + 1) * sizeof *x);

    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (int32_t)(draw(seed, (uint32_t)i) % (uint32_t)below);
    return x;
}

double *
fx_widen(const float *x, size_t n)
{
    double *y = calloc(n + 1, sizeof *y);

    ck_assert_ptr_nonnull(y);
    for (size_t i = 0; x != NULL && i < n; i++)
        y[i] = x[i];
    return y;
}

/* One line of the environment's CLGRPO_TEST_REPORT: suite, what, error over bound. Errors of the file fail the test. */
static void
report(const char *what, double worst)
{
    const char *path = getenv("CLGRPO_TEST_REPORT");
    FILE *f;

    if (path == NULL || path[0] == '\0')
        return;
    f = fopen(path, "a");
    ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
    fprintf(f, "%s\t%s\t%.4g\n", program_invocation_short_name, what, worst);
    ck_assert_int_eq(fclose(f), 0);
}

void
fx_close(const char *what, const float *got, const double *want, const double *magnitude, size_t n, double c,
         size_t n_terms)
{
    const double eps = 1.1920928955078125e-7; /* 2^-23 */
    double worst = 0.0;
    size_t worst_i = 0;

    for (size_t i = 0; i < n; i++) {
        double size = magnitude != NULL ? fabs(magnitude[i]) : fabs(want[i]);
        double bound = c * eps * sqrt((double)n_terms + 1.0) * size + 1e-30;
        double ratio = fabs((double)got[i] - want[i]) / bound;

        if (!(ratio <= worst)) { /* also true of NaN */
            worst = ratio;
            worst_i = i;
        }
        if (isnan(ratio))
            break;
    }
    report(what, worst);
    ck_assert_msg(worst <= 1.0, "%s: element %zu of %zu is %.9g, want %.9g: %.3g times the bound", what, worst_i, n,
                  n > 0 ? (double)got[worst_i] : 0.0, n > 0 ? want[worst_i] : 0.0, worst);
}

void
fx_same_bits(const char *what, const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a, *y = b;

    for (size_t i = 0; i < bytes; i++)
        if (x[i] != y[i])
            ck_abort_msg("%s: byte %zu of %zu differs", what, i, bytes);
}

static Suite *suite;

TCase *
fx_case(const char *name)
{
    TCase *tcase = tcase_create(name);

    if (suite == NULL)
        suite = suite_create(name);
    suite_add_tcase(suite, tcase);
    return tcase;
}

void
fx_add_tests(TCase *tcase, int n_runs, const TTest *const *tests)
{
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, n_runs);
}

static char driver_cache[256];

void
fx_own_driver_cache(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(driver_cache, sizeof driver_cache, "%.200s/clgrpo_driver.XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(driver_cache) == NULL || setenv("POCL_CACHE_DIR", driver_cache, 1) != 0) {
        perror(driver_cache);
        exit(EXIT_FAILURE);
    }
}

static int
remove_entry(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s, (void)type, (void)at;
    return remove(path);
}

int
fx_main(void)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (driver_cache[0] != '\0')
        nftw(driver_cache, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
