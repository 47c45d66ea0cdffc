/* SPDX-License-Identifier: Apache-2.0 */
/* Tuned parameters: their declarations, the three sources, the chain of matches, frozen parameters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "tune.h"

static struct clgrpo_context *
open_with(enum clgrpo_family family, const char *file, bool allow_reordering)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

    config.family = family;
    config.tune_file = file;
    config.allow_reordering = allow_reordering;
    return fx_open(NULL, &config);
}

/* A row for this context: "op class link parameters". */
static void
write_row(char *text, size_t bytes, const struct clgrpo_context *ctx, const char *op, const char *shape_class,
          enum clg_tune_link link, const char *parameters)
{
    snprintf(text, bytes, "%s\tf32\t%s\t%s:%s\t%s\t10.5\t1.25\t%s\t%s\n", op, shape_class, clg_tune_link_name(link),
             clg_tune_key(ctx, link), parameters, ctx->info.driver, PACKAGE_VERSION);
}

static void
take(struct clgrpo_context *ctx, enum clg_tune_source source, const char *text)
{
    fx_ok(ctx, clg_tune_take(ctx, source, "text", text, strlen(text)));
}

static struct clg_tune_choice
choice(struct clgrpo_context *ctx, enum clg_tune_param_id param, size_t shape_class)
{
    const struct clg_tune_choice c = clg_tune_choice_get(ctx, param, shape_class);

    ck_assert_int_eq(c.value, clg_tune_get(ctx, param, shape_class));
    return c;
}

START_TEST(declarations)
{
    const struct clg_tune_op *ops = clg_tune_ops;
    const struct clg_tune_param *params = clg_tune_params;
    size_t declared = 0;

    for (size_t op = 0; op < CLG_TUNE_N_OPS; op++) {
        ck_assert(ops[op].n_classes >= 1 && ops[op].n_classes <= CLG_TUNE_MAX_CLASSES);
        ck_assert_uint_ge(clg_tune_count(op), 1);
        ck_assert_uint_le(clg_tune_count(op), CLG_TUNE_MAX_SET);
        declared += clg_tune_count(op);
    }
    ck_assert_uint_eq(declared, CLG_TUNE_N_PARAMS); /* so those of an operation stand together */
    for (size_t p = 0; p < CLG_TUNE_N_PARAMS; p++)
        for (size_t c = 0; c < ops[params[p].op].n_classes; c++) {
            bool found = false;

            for (size_t i = 0; i < params[p].n_allowed; i++)
                found = found || params[p].allowed[i] == params[p].standard[c];
            ck_assert_msg(found, "%s: the standard value is not allowed", params[p].name);
        }
}
END_TEST

static void
refused_file(const char *path, const char *sentence)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    struct clgrpo_context *ctx = NULL;
    char error[512] = "";

    config.tune_file = path;
    ck_assert_int_eq(clgrpo_context_open(NULL, &config, &ctx, error, sizeof error), CLGRPO_E_TUNING);
    ck_assert_ptr_null(ctx);
    ck_assert_msg(strstr(error, sentence) != NULL, "%s", error);
}

static void
write_file(char *path, const char *text)
{
    FILE *f;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    f = fdopen(fd, "w");
    ck_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

START_TEST(files)
{
    struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_CPU, "", false), *other;
    char path[] = "check_tune.XXXXXX", bad[] = "check_tune.XXXXXX", row[600], text[700];
    const char *sentence;

    refused_file("/nonexistent/tune.tsv", "/nonexistent/tune.tsv: ");
    refused_file("/", "/: ");
    write_row(row, sizeof row, ctx, "gemm_cpu", "*", CLG_TUNE_DEVICE, "KC=1024");
    write_file(path, row);
    snprintf(text, sizeof text, "# fine\ngemm_cpu\n%s\nlast", row);
    write_file(bad, text);
    other = open_with(CLGRPO_FAMILY_CPU, bad, false);
    ck_assert_int_eq(choice(other, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_TN).value, 1024);
    ck_assert_uint_eq(clg_tune_malformed(other, &sentence), 2);
    ck_assert_msg(strstr(sentence, "line 2: ") != NULL, "%s", sentence);
    ck_assert_str_eq(clgrpo_error_text(other), "");
    clgrpo_context_destroy(other);
    other = open_with(CLGRPO_FAMILY_CPU, path, false);
    ck_assert_int_eq(choice(other, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_TN).value, 1024);
    ck_assert_int_eq(choice(other, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_TN).source, CLG_TUNE_USER);
    clgrpo_context_destroy(other);
    clgrpo_context_destroy(ctx);
    unlink(path), unlink(bad);
}
END_TEST

/* Of rows in any order the narrower link wins, then the class by name; a row sets all of its operation. */
START_TEST(chain_of_matches)
{
    static const char *const kc[] = {"KC=128 MC=48", "KC=192", "KC=384", "KC=512"};
    static const int want[] = {128, 192, 384, 512};

    for (int order = 0; order < 2; order++) {
        struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_CPU, "", false);
        int best = -1;

        for (int i = 0; i < 4; i++) {
            enum clg_tune_link link = (enum clg_tune_link)(order == 0 ? i : 3 - i);
            char row[600];

            if (clg_tune_key(ctx, link)[0] == '\0')
                continue;
            write_row(row, sizeof row, ctx, "gemm_cpu", "*", link, kc[link]);
            take(ctx, CLG_TUNE_USER, row);
            best = (int)link > best ? (int)link : best;
            ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_PLAIN).value, want[best]);
            ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_PLAIN).link, best);
        }
        ck_assert_int_eq(best, CLG_TUNE_DEVICE);
        ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_MC, CLG_GEMM_PLAIN).value, 96); /* not 48, of a lesser row */
        clgrpo_context_destroy(ctx);
    }
}
END_TEST

START_TEST(class_by_name_first)
{
    struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_CPU, "", false);
    char row[600];

    write_row(row, sizeof row, ctx, "gemm_cpu", "tn", CLG_TUNE_DEVICE, "KC=128");
    take(ctx, CLG_TUNE_USER, row);
    write_row(row, sizeof row, ctx, "gemm_cpu", "*", CLG_TUNE_DEVICE, "KC=1024");
    take(ctx, CLG_TUNE_USER, row);
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_TN).value, 128);
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_SKINNY).value, 1024);
    clgrpo_context_destroy(ctx);
}
END_TEST

START_TEST(no_match)
{
    struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_CPU, "", false);
    unsigned stale, refused;
    char row[600];

    write_row(row, sizeof row, ctx, "gemm_cpu", "*", CLG_TUNE_DEVICE, "KC=128");
    strcpy(strstr(row, "\t1.25\t") + 6, "other driver\t" PACKAGE_VERSION "\n");
    take(ctx, CLG_TUNE_USER, row);
    take(ctx, CLG_TUNE_USER, "gemm_cpu\tf32\t*\tarch:none\tKC=128\t1\t1\t-\t" PACKAGE_VERSION "\n");
    take(ctx, CLG_TUNE_USER, "gone\tf8\t?\tclass:cpu-vec8\t?\t1\t1\t-\t0.0.1\n"); /* of an older version */
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_PLAIN).source == CLG_TUNE_USER, 0);
    clg_tune_left_out(ctx, &stale, &refused);
    ck_assert_uint_eq(stale, 1);
    ck_assert_uint_eq(refused, 0);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* Built-in < user < environment, whatever the link and whoever comes first. */
START_TEST(sources)
{
    struct clgrpo_context *ctx;
    char row[600];

    setenv("CLGRPO_TUNE", "gemm_cpu/tn:NC=128", 1);
    ctx = open_with(CLGRPO_FAMILY_CPU, "", false);
    unsetenv("CLGRPO_TUNE");
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_NC, CLG_GEMM_TN).value, 128);
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_NC, CLG_GEMM_TN).source, CLG_TUNE_ENVIRONMENT);
    ck_assert_int_ne(choice(ctx, CLG_TUNE_GEMM_CPU_NC, CLG_GEMM_PLAIN).source, CLG_TUNE_ENVIRONMENT);
    write_row(row, sizeof row, ctx, "gemm_cpu", "*", CLG_TUNE_CLASS, "KC=384");
    take(ctx, CLG_TUNE_USER, row);
    write_row(row, sizeof row, ctx, "gemm_cpu", "*", CLG_TUNE_DEVICE, "KC=192");
    take(ctx, CLG_TUNE_BUILT_IN, row);
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_PLAIN).value, 384);
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_PLAIN).source, CLG_TUNE_USER);
    clgrpo_context_destroy(ctx);
}
END_TEST

START_TEST(environment_over_a_user_row)
{
    struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_CPU, "", false);
    char path[] = "check_tune.XXXXXX", row[600];

    write_row(row, sizeof row, ctx, "gemm_cpu", "*", CLG_TUNE_DEVICE, "KC=1024 MC=48");
    clgrpo_context_destroy(ctx);
    write_file(path, row);
    setenv("CLGRPO_TUNE", "linear_logprob_cpu:PANEL_KIB=256 gemm_cpu:KC=128", 1);
    ctx = open_with(CLGRPO_FAMILY_CPU, path, false);
    unsetenv("CLGRPO_TUNE");
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_KC, CLG_GEMM_PLAIN).value, 128);
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_MC, CLG_GEMM_PLAIN).value, 48); /* the row's, for it says nothing */
    ck_assert_int_eq(choice(ctx, CLG_TUNE_LOGPROB_CPU_PANEL_KIB, 0).value, 256);
    clgrpo_context_destroy(ctx);
    unlink(path);
}
END_TEST

START_TEST(bad_environment)
{
    static const char *const bad[] = {"gemm_cpu",        "gemm_cpu:",          "x:KC=128",
                                      "gemm_cpu:KC=7",   "gemm_cpu/zz:KC=128", "gemm_cpu:KC=128 gemm_cpu:P=",
                                      "gemm_cpu:KC=128;"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct clgrpo_context *ctx = NULL;
        char error[256] = "";

        setenv("CLGRPO_TUNE", bad[i], 1);
        ck_assert_int_eq(clgrpo_context_open(NULL, NULL, &ctx, error, sizeof error), CLGRPO_E_TUNING);
        unsetenv("CLGRPO_TUNE");
        ck_assert_msg(strstr(error, i == 5 ? "CLGRPO_TUNE: entry 2: " : "CLGRPO_TUNE: entry 1: ") == error, "%s",
                      error);
    }
}
END_TEST

START_TEST(frozen)
{
    for (int allow = 0; allow < 2; allow++) {
        struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_SIMT, "", allow);
        struct clg_tune_choice c;
        char row[600];
        int v = 32;

        write_row(row, sizeof row, ctx, "rows_simt", "*", CLG_TUNE_DEVICE, "P_GROUP=32");
        take(ctx, CLG_TUNE_USER, row);
        c = choice(ctx, CLG_TUNE_ROWS_SIMT_GROUP, 0);
        ck_assert_int_eq(c.value, allow ? 32 : 64);
        ck_assert_int_eq(c.wanted, 32);
        ck_assert_int_eq(c.frozen, !allow);
        if (allow)
            fx_ok(ctx, clg_tune_set(ctx, CLG_TUNE_ROWS_SIMT, 0, &v, 1));
        else
            fx_fails(ctx, clg_tune_set(ctx, CLG_TUNE_ROWS_SIMT, 0, &v, 1), CLGRPO_E_VALUE);
        clgrpo_context_destroy(ctx);
    }
}
END_TEST

/* CLBlast is never used on a processor, even where a row asks for it and may. */
START_TEST(refused_by_the_device)
{
    struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_SIMT, "", true), *other = NULL;
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    unsigned stale, refused;
    char row[600], error[256] = "";

    config.family = CLGRPO_FAMILY_SIMT;
    config.tune_file = "";
    config.allow_reordering = true;

    if ((ctx->info.type & CL_DEVICE_TYPE_GPU) == 0) {
        write_row(row, sizeof row, ctx, "gemm_simt", "tn", CLG_TUNE_DEVICE, "PROVIDER=1");
        take(ctx, CLG_TUNE_USER, row);
        ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_SIMT_PROVIDER, CLG_GEMM_TN).value, 0);
        clg_tune_left_out(ctx, &stale, &refused);
        ck_assert_uint_eq(refused, 1);
        ck_assert_str_eq(clgrpo_error_text(ctx), "");
        setenv("CLGRPO_TUNE", "gemm_simt:TILE=1 gemm_simt/tn:PROVIDER=1", 1);
        ck_assert_int_eq(clgrpo_context_open(NULL, &config, &other, error, sizeof error), CLGRPO_E_TUNING);
        unsetenv("CLGRPO_TUNE");
        ck_assert_msg(strncmp(error, "CLGRPO_TUNE: entry 2: ", 22) == 0, "%s", error);
    }
    clgrpo_context_destroy(ctx);
}
END_TEST

START_TEST(set_refuses)
{
    struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_CPU, "", false);
    int v[4] = {256, 96, 512, 3};

    fx_fails(ctx, clg_tune_set(ctx, CLG_TUNE_GEMM_CPU, 0, v, 4), CLGRPO_E_VALUE);
    v[3] = 8;
    fx_fails(ctx, clg_tune_set(ctx, CLG_TUNE_GEMM_CPU, 0, v, 3), CLGRPO_E_VALUE);
    fx_fails(ctx, clg_tune_set(ctx, CLG_TUNE_GEMM_CPU, 3, v, 4), CLGRPO_E_VALUE);
    fx_fails(ctx, clg_tune_set(ctx, CLG_TUNE_N_OPS, 0, v, 4), CLGRPO_E_VALUE);
    fx_fails(ctx, clg_tune_set(ctx, 0, 0, NULL, 4), CLGRPO_E_ARGUMENT);
    fx_ok(ctx, clg_tune_set(ctx, CLG_TUNE_GEMM_CPU, 0, v, 4));
    ck_assert_int_eq(choice(ctx, CLG_TUNE_GEMM_CPU_GROUPS, 0).source, CLG_TUNE_CALL);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* Bytes that a product with A transposed needs: of copies of slices, so they follow KC. */
static size_t
bytes_with(struct clgrpo_context *ctx, size_t shape_class, int kc)
{
    const int v[4] = {kc, 96, 512, 1};
    struct clgrpo_gemm_args a = CLGRPO_GEMM_ARGS_INIT;
    size_t bytes = 0;

    fx_ok(ctx, clg_tune_set(ctx, CLG_TUNE_GEMM_CPU, shape_class, v, 4));
    a.a = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(1100, 7));
    a.b = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(1100, 5));
    a.c = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(7, 5));
    a.trans_a = true;
    fx_ok(ctx, clgrpo_gemm_workspace(ctx, &a, &bytes));
    fx_release_all(&a.a, &a.b, &a.c);
    return bytes;
}

/* A product takes the values of its own class, those of the others do not matter. */
START_TEST(values_of_the_class)
{
    struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_CPU, "", false);
    const size_t before = bytes_with(ctx, CLG_GEMM_TN, 128);

    ck_assert_uint_eq(bytes_with(ctx, CLG_GEMM_SKINNY, 1024), before);
    ck_assert_uint_eq(bytes_with(ctx, CLG_GEMM_PLAIN, 1024), before);
    ck_assert_uint_gt(bytes_with(ctx, CLG_GEMM_TN, 1024), 2 * before);
    clgrpo_context_destroy(ctx);
}
END_TEST

START_TEST(defines)
{
    struct clgrpo_context *ctx = open_with(CLGRPO_FAMILY_SIMT, "", true);
    char text[64] = "-DC_CPU=0";
    int v = 128;

    clg_tune_defines(ctx, CLG_TUNE_ROWS_SIMT, 0, text, sizeof text);
    ck_assert_str_eq(text, "-DC_CPU=0");
    fx_ok(ctx, clg_tune_set(ctx, CLG_TUNE_ROWS_SIMT, 0, &v, 1));
    clg_tune_defines(ctx, CLG_TUNE_ROWS_SIMT, 0, text, sizeof text);
    ck_assert_str_eq(text, "-DC_CPU=0 -DP_GROUP=128");
    clgrpo_context_destroy(ctx);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("tune");

    fx_tests(t, declarations, files, chain_of_matches, class_by_name_first, no_match, sources,
             environment_over_a_user_row, bad_environment, frozen, refused_by_the_device, set_refuses,
             values_of_the_class, defines);
    return fx_main();
}
