/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tuner may pick: every combination of allowed values of every operation that the device does not refuse. One
 * that keeps the order of sums gives the standard's bits, in every context; one that changes it is near the double
 * reference where a context allows it, and elsewhere leaves the standard. Each gives the same bits twice, and a row
 * alone the bits of the row among others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "candidate_case.h"
#include "tune_table.h"

/* ---- The problems ---- */

#define SKINNY(...)    "skinny", &candidate_gemm_nt, __VA_ARGS__
#define PLAIN(...)     "plain", &candidate_gemm_nt, __VA_ARGS__
#define TN(...)        "tn", &candidate_gemm_tn, __VA_ARGS__
#define BACKWARD(...)  &candidate_attention_backward, __VA_ARGS__
#define ATTENTION(...) &candidate_attention, __VA_ARGS__
#define LOGPROB(...)   "all", &candidate_logprob, __VA_ARGS__
#define ROWS(...)      "all", &candidate_rows, __VA_ARGS__
/* So that each parameter matters: more than MC rows, NC columns, KC terms; tiles and a rest of one; several panels. */
static const struct candidate_case full[] = {
    {"gemm_cpu", SKINNY(23, 2100, 17)},
    {"gemm_cpu", SKINNY(13, 19, 1100)},
    {"gemm_cpu", PLAIN(401, 37, 19)},
    {"gemm_cpu", PLAIN(67, 19, 1100)},
    {"gemm_cpu", TN(401, 19, 150)},
    {"gemm_cpu", TN(7, 300, 1100)},
    {"gemm_simt", SKINNY(37, 131, 43)},
    {"gemm_simt", PLAIN(131, 67, 21)},
    {"gemm_simt", TN(67, 131, 19)},
    {"attention_cpu", "d32", ATTENTION(401, 1, 32)},
    {"attention_cpu", "d64", ATTENTION(401, 1, 64)},
    {"attention_cpu", "d128", ATTENTION(131, 3, 128)},
    {"attention_simt", "d32", ATTENTION(131, 1, 32)},
    {"attention_simt", "d64", ATTENTION(131, 2, 64)},
    {"attention_simt", "d128", ATTENTION(7, 1, 128)},
    {"attention_backward_simt", "d32", BACKWARD(131, 1, 32)},
    {"attention_backward_simt", "d64", BACKWARD(67, 2, 64)},
    {"attention_backward_simt", "d128", BACKWARD(7, 1, 128)},
    {"linear_logprob_cpu", LOGPROB(13, 9001, 33)},
    {"rows_simt", ROWS(37, 259, 0)},
};
/* For an interpreter, or a driver that takes seconds to compile a tile. */
static const struct candidate_case few[] = {
    {"gemm_cpu", SKINNY(7, 35, 9)},
    {"gemm_cpu", PLAIN(65, 17, 3)},
    {"gemm_cpu", TN(13, 17, 9)},
    {"gemm_simt", SKINNY(5, 67, 9)},
    {"attention_cpu", "d32", ATTENTION(7, 1, 32)},
    {"attention_simt", "d32", ATTENTION(7, 1, 32)},
    {"attention_backward_simt", "d32", BACKWARD(7, 1, 32)},
    {"linear_logprob_cpu", LOGPROB(5, 70, 9)},
    {"rows_simt", ROWS(3, 67, 0)},
};

static const struct candidate_case *
cases(int *n)
{
    *n = (int)(fx_small() ? sizeof few / sizeof few[0] : sizeof full / sizeof full[0]);
    return fx_small() ? few : full;
}

/* ---- One problem under one candidate after the other ---- */

/* In a context that keeps the order of sums, and in one that may change it. */
enum { STRICT, FREE, N_CONTEXTS };
struct trial {
    const struct candidate_case *c;
    struct clgrpo_context *ctx[N_CONTEXTS];
    void *problem[N_CONTEXTS];
    size_t op, shape_class, n_params;
    const struct clg_tune_param *params;
    float *standard; /* the outputs with standard values, which the reference confirms */
    size_t n;
};

static struct clgrpo_context *
context(enum clgrpo_family family, bool allow_reordering)
{
    static struct clgrpo_context *open[2][N_CONTEXTS];
    struct clgrpo_context **ctx = &open[family == CLGRPO_FAMILY_CPU][allow_reordering];
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

    config.family = family;
    config.tune_file = "";
    config.allow_reordering = allow_reordering;
    if (*ctx == NULL)
        *ctx = fx_open(NULL, &config);
    return *ctx;
}

static enum clgrpo_status
set(const struct trial *t, int which, const int *values)
{
    return clg_tune_set(t->ctx[which], t->op, t->shape_class, values, t->n_params);
}

static void
same(struct trial *t, int which, const char *what, const float *want)
{
    size_t n = 0;
    float *got = t->c->kind->run(t->ctx[which], t->problem[which], &n);

    ck_assert_uint_eq(n, t->n);
    fx_same_bits(what, got, want, n * sizeof *got);
    free(got);
}

/* A row that asks for these values, as the tuner writes it. */
static void
take_row(const struct trial *t, const int *values)
{
    struct clgrpo_context *ctx = t->ctx[STRICT];
    char row[1024], parameters[256] = "";
    size_t used = 0;

    for (size_t p = 0; p < t->n_params; p++)
        used += (size_t)snprintf(parameters + used, sizeof parameters - used, "%s%s=%d", p > 0 ? " " : "",
                                 t->params[p].name, values[p]);
    snprintf(row, sizeof row, "%s\tf32\t%s\tdevice:%s\t%s\t10.5\t1.25\t%s\t%s\n", t->c->op, t->c->shape_class,
             clg_tune_key(ctx, CLG_TUNE_DEVICE), parameters, ctx->info.driver, PACKAGE_VERSION);
    fx_ok(ctx, clg_tune_take(ctx, CLG_TUNE_USER, "row", row, strlen(row)));
}

/* Neither a call nor a row makes a strict context change the order of a sum; one that may is right, in its own bits. */
static void
reordered(struct trial *t, const int *values)
{
    const struct candidate_kind *kind = t->c->kind;
    float *own;
    size_t n;

    fx_fails(t->ctx[STRICT], set(t, STRICT, values), CLGRPO_E_VALUE);
    take_row(t, values);
    for (size_t p = 0; p < t->n_params; p++)
        if (t->params[p].changes_order)
            ck_assert_int_eq(
                clg_tune_get(t->ctx[STRICT], (enum clg_tune_param_id)(t->params + p - clg_tune_params), t->shape_class),
                t->params[p].standard[t->shape_class]);
    same(t, STRICT, "the standard under a frozen row", t->standard);
    fx_ok(t->ctx[FREE], set(t, FREE, values));
    own = kind->run(t->ctx[FREE], t->problem[FREE], &n);
    kind->verify(t->problem[FREE], own, false);
    same(t, FREE, "a second run", own);
    if (t->op != CLG_TUNE_GEMM_SIMT) /* CLBlast promises no more than the order that it takes for a shape */
        kind->alone(t->ctx[FREE], t->problem[FREE], own);
    free(own);
}

static void
in_order(struct trial *t, const int *values)
{
    fx_ok(t->ctx[STRICT], set(t, STRICT, values));
    same(t, STRICT, "a candidate", t->standard);
    same(t, STRICT, "a candidate's second run", t->standard);
    t->c->kind->alone(t->ctx[STRICT], t->problem[STRICT], t->standard);
}

static void
try_candidate(struct trial *t, const int *values, unsigned *n_tried)
{
    bool changes_order = false;

    if (clg_tune_check(t->ctx[FREE], "candidate", t->op, t->shape_class, values) != CLGRPO_OK) {
        clgrpo_error_clear(t->ctx[FREE]);
        fx_fails(t->ctx[FREE], set(t, FREE, values), CLGRPO_E_VALUE);
        return;
    }
    for (size_t p = 0; p < t->n_params; p++)
        changes_order =
            changes_order || (t->params[p].changes_order && values[p] != t->params[p].standard[t->shape_class]);
    (changes_order ? reordered : in_order)(t, values);
    ++*n_tried;
}

/* Every combination; under an interpreter those that differ from the standard in one parameter. */
static unsigned
try_all(struct trial *t)
{
    size_t index[CLG_TUNE_MAX_SET] = {0}, p;
    int values[CLG_TUNE_MAX_SET];
    unsigned n_tried = 0;

    do {
        unsigned n_changed = 0;

        for (p = 0; p < t->n_params; p++) {
            values[p] = t->params[p].allowed[index[p]];
            n_changed += values[p] != t->params[p].standard[t->shape_class];
        }
        if (n_changed <= 1 || !fx_small())
            try_candidate(t, values, &n_tried);
        for (p = 0; p < t->n_params && ++index[p] == t->params[p].n_allowed; p++)
            index[p] = 0;
    } while (p < t->n_params);
    return n_tried;
}

static void
begin(struct trial *t)
{
    const struct candidate_case *c = t->c;
    int shape_class, values[CLG_TUNE_MAX_SET];

    ck_assert(clg_tune_find_op(c->op, &t->op) && clg_tune_find_class(t->op, c->shape_class, &shape_class));
    t->shape_class = (size_t)shape_class;
    t->n_params = clg_tune_count(t->op);
    t->params = clg_tune_params + clg_tune_first(t->op);
    for (size_t p = 0; p < t->n_params; p++)
        values[p] = t->params[p].standard[shape_class];
    for (int i = 0; i < N_CONTEXTS; i++) {
        fx_ok(t->ctx[i], set(t, i, values));
        t->problem[i] = c->kind->make(t->ctx[i], c->m, c->n, c->k);
    }
    t->standard = c->kind->run(t->ctx[STRICT], t->problem[STRICT], &t->n);
    c->kind->verify(t->problem[STRICT], t->standard, true);
}

static bool
is_of(const struct candidate_case *c, enum clgrpo_family family)
{
    return strcmp(strrchr(c->op, '_'), family == CLGRPO_FAMILY_CPU ? "_cpu" : "_simt") == 0;
}

static bool
is_wanted(enum clgrpo_family family)
{
    for (int i = 0; i < FX_N_FAMILIES; i++)
        if (fx_family(i) == family)
            return true;
    return false;
}

/* The backward's kernels of wide heads, those of d32 with more columns, take PoCL three minutes to compile: there they
 * wait for CLGRPO_TEST_LONG. */
static bool
compiles_in_time(const struct candidate_case *c, const struct clgrpo_context *ctx)
{
    return getenv("CLGRPO_TEST_LONG") != NULL || strstr(ctx->info.platform, "Portable Computing Language") == NULL ||
           strcmp(c->op, "attention_backward_simt") != 0 || strcmp(c->shape_class, "d32") == 0;
}

START_TEST(every_candidate)
{
    int n;
    struct trial t = {.c = &cases(&n)[_i]};
    const enum clgrpo_family family = is_of(t.c, CLGRPO_FAMILY_CPU) ? CLGRPO_FAMILY_CPU : CLGRPO_FAMILY_SIMT;

    if (!is_wanted(family))
        return;
    for (int i = 0; i < N_CONTEXTS; i++)
        t.ctx[i] = context(family, i == FREE);
    if (!compiles_in_time(t.c, t.ctx[STRICT])) {
        printf("%s %s is not tried on PoCL without CLGRPO_TEST_LONG: it takes minutes to compile\n", t.c->op,
               t.c->shape_class);
        return;
    }
    begin(&t);
    ck_assert_uint_ge(try_all(&t), 2);
    for (int i = 0; i < N_CONTEXTS; i++)
        t.c->kind->destroy(t.problem[i]);
    free(t.standard);
}
END_TEST

/* No operation or class is left out above. */
START_TEST(every_class_has_a_problem)
{
    for (size_t op = 0; op < CLG_TUNE_N_OPS; op++)
        for (size_t c = 0; c < clg_tune_ops[op].n_classes; c++) {
            bool found = false;

            for (size_t i = 0; i < sizeof full / sizeof full[0]; i++)
                found = found || (strcmp(full[i].op, clg_tune_ops[op].name) == 0 &&
                                  strcmp(full[i].shape_class, clg_tune_ops[op].classes[c]) == 0);
            ck_assert_msg(found, "%s/%s has no problem", clg_tune_ops[op].name, clg_tune_ops[op].classes[c]);
        }
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("candidates");
    int n;

    cases(&n);
    tcase_add_loop_test(t, every_candidate, 0, n);
    fx_tests(t, every_class_has_a_problem);
    return fx_main();
}
