/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/family.h"
#include "names/nearest.h"
#include "tune/tune_case.h"

TUNE_RUN_WITH_SPACE(static, gemm, gemm)
TUNE_RUN_WITH_SPACE(static, logprob, linear_logprob)
TUNE_RUN(static, rmsnorm, rmsnorm)

/* ---- Products ---- */

static bool
prepare_gemm(struct tune *t, struct tune_case *c)
{
    const bool tn = strcmp(c->shape_class, "tn") == 0;
    struct clgrpo_gemm_args init = CLGRPO_GEMM_ARGS_INIT, *a = &c->args.gemm;

    *a = init;
    a->trans_a = tn;
    a->trans_b = !tn;
    if (tn) {
        TUNE_ADD(a->a, c->k, c->m);
        TUNE_ADD(a->b, c->k, c->n);
    } else {
        TUNE_ADD(a->a, c->m, c->k);
        TUNE_ADD(a->b, c->n, c->k);
    }
    TUNE_ADD(a->c, c->m, c->n);
    c->out = a->c;
    return true;
}

static bool
check_gemm(const struct tune_case *c, const float *host)
{
    const bool tn = c->args.gemm.trans_a;
    bool good = true;

    for (size_t s = 0; s < TUNE_SAMPLES; s++) {
        const size_t i = s * 7919 % c->m, j = s * 104729 % c->n;
        double sum = 0.0, magnitude = 0.0;

        for (size_t p = 0; p < c->k; p++) {
            const double x = (double)c->host[0][tn ? p * c->m + i : i * c->k + p];
            const double y = (double)c->host[1][tn ? p * c->n + j : j * c->k + p];

            sum += x * y;
            magnitude += fabs(x * y);
        }
        good = good && tune_near((double)host[i * c->n + j], sum, magnitude, c->k);
    }
    return good;
}

/* ---- Log-probabilities: m rows of width k over n tokens ---- */

static bool
prepare_logprob(struct tune *t, struct tune_case *c)
{
    struct clgrpo_linear_logprob_args init = CLGRPO_LINEAR_LOGPROB_ARGS_INIT, *a = &c->args.logprob;

    *a = init;
    TUNE_ADD(a->x, c->m, c->k);
    TUNE_ADD(a->w, c->n, c->k);
    TUNE_ADD(a->logprob, c->m);
    TUNE_ADD(a->lse, c->m);
    a->inv_temperature = 0.125f;
    c->out = a->logprob;
    return tune_add_ints(t, c, c->m, 3, &a->target);
}

static bool
check_logprob(const struct tune_case *c, const float *host)
{
    bool good = true;

    for (size_t s = 0; s < 7; s++) {
        const size_t i = s * 7919 % c->m;
        double total = 0.0, own = 0.0;

        for (size_t j = 0; j < c->n; j++) {
            double z = 0.0;

            for (size_t e = 0; e < c->k; e++)
                z += (double)c->host[0][i * c->k + e] * (double)c->host[1][j * c->k + e];
            z *= (double)c->args.logprob.inv_temperature;
            total += exp(z);
            own = j == i * 3 ? z : own;
        }
        good = good && tune_near((double)host[i], own - log(total), 32.0, c->k);
    }
    return good;
}

/* ---- Rows: RMSNorm of m rows of width n ---- */

static bool
prepare_rows(struct tune *t, struct tune_case *c)
{
    struct clgrpo_rmsnorm_args init = CLGRPO_RMSNORM_ARGS_INIT, *a = &c->args.rmsnorm;

    *a = init;
    TUNE_ADD(a->x, c->m, c->n);
    TUNE_ADD(a->w, c->n);
    TUNE_ADD(a->y, c->m, c->n);
    a->eps = 1e-6f;
    c->out = a->y;
    return true;
}

static bool
check_rows(const struct tune_case *c, const float *host)
{
    bool good = true;

    for (size_t s = 0; s < TUNE_SAMPLES; s++) {
        const size_t i = s * 7919 % c->m, j = s * 104729 % c->n;
        double squares = 0.0, want;

        for (size_t e = 0; e < c->n; e++)
            squares += (double)c->host[0][i * c->n + e] * (double)c->host[0][i * c->n + e];
        want = (double)c->host[0][i * c->n + j] / sqrt(squares / (double)c->n + 1e-6) * (double)c->host[1][j];
        good = good && tune_near((double)host[i * c->n + j], want, fabs(want), c->n);
    }
    return good;
}

/* ---- The list ---- */

#define GEMM .prepare = prepare_gemm, .workspace = tune_workspace_gemm, .run = tune_run_gemm, .check = check_gemm
#define LOGPROB                                                                                                        \
    .prepare = prepare_logprob, .workspace = tune_workspace_logprob, .run = tune_run_logprob, .check = check_logprob
#define ROWS .prepare = prepare_rows, .run = tune_run_rmsnorm, .check = check_rows
static const struct tune_case list[] = {
    {.op = "gemm_cpu", .shape_class = "skinny", .m = 64, .n = 1024, .k = 1024, GEMM},
    {.op = "gemm_cpu", .shape_class = "plain", .m = 768, .n = 512, .k = 512, GEMM},
    {.op = "gemm_cpu", .shape_class = "tn", .m = 512, .n = 256, .k = 2048, GEMM},
    {.op = "gemm_simt", .shape_class = "skinny", .m = 64, .n = 1024, .k = 1024, GEMM},
    {.op = "gemm_simt", .shape_class = "plain", .m = 1024, .n = 1024, .k = 512, GEMM},
    {.op = "gemm_simt", .shape_class = "tn", .m = 704, .n = 512, .k = 2048, GEMM},
    {.op = "attention_cpu", .shape_class = "d32", .m = 1024, .n = 512, .k = 32, TUNE_ATTENTION},
    {.op = "attention_cpu", .shape_class = "d64", .m = 1024, .n = 512, .k = 64, TUNE_ATTENTION},
    {.op = "attention_cpu", .shape_class = "d128", .m = 1024, .n = 512, .k = 128, TUNE_ATTENTION},
    {.op = "attention_simt", .shape_class = "d32", .m = 1024, .n = 512, .k = 32, TUNE_ATTENTION},
    {.op = "attention_simt", .shape_class = "d64", .m = 1024, .n = 512, .k = 64, TUNE_ATTENTION},
    {.op = "attention_simt", .shape_class = "d128", .m = 1024, .n = 512, .k = 128, TUNE_ATTENTION},
    {.op = "attention_backward_simt", .shape_class = "d32", .m = 1024, .n = 512, .k = 32, TUNE_ATTENTION_BACKWARD},
    {.op = "attention_backward_simt", .shape_class = "d64", .m = 1024, .n = 512, .k = 64, TUNE_ATTENTION_BACKWARD},
    {.op = "attention_backward_simt", .shape_class = "d128", .m = 1024, .n = 512, .k = 128, TUNE_ATTENTION_BACKWARD},
    {.op = "linear_logprob_cpu", .shape_class = "all", .m = 256, .n = 4096, .k = 256, LOGPROB},
    {.op = "rows_simt", .shape_class = "all", .m = 2048, .n = 1024, ROWS},
};
enum { N_LIST = sizeof list / sizeof list[0] };

static bool
is_wanted(const struct tune *t, const struct tune_case *c, char **ops, size_t n_ops)
{
    if (!bench_family_has(t->info.family, c->op))
        return false;
    for (size_t i = 0; i < n_ops; i++)
        if (strcmp(ops[i], c->op) == 0)
            return true;
    return n_ops == 0;
}

/* Lists each once: the operations of the list stand together. */
static void
refuse_operation(const char *op)
{
    struct names_nearest n = {.wanted = op};

    for (size_t i = 0; i < N_LIST; i++)
        names_try(&n, list[i].op);
    fprintf(stderr, "clgrpo-tune: there is no operation \"%.40s\" to tune%s\n  There are", op,
            names_hint_of(&n, "").text);
    for (size_t i = 0; i < N_LIST; i++)
        if (i == 0 || strcmp(list[i].op, list[i - 1].op) != 0)
            fprintf(stderr, " %s", list[i].op);
    fputs(".\n", stderr);
}

static bool
is_known(const char *op)
{
    for (size_t i = 0; i < N_LIST; i++)
        if (strcmp(list[i].op, op) == 0)
            return true;
    return false;
}

size_t
tune_cases(const struct tune *t, char **ops, size_t n_ops, struct tune_case *cases)
{
    const size_t scale = (t->info.type & CL_DEVICE_TYPE_GPU) != 0 ? 4 : 1;
    size_t n = 0;

    for (size_t i = 0; i < n_ops; i++)
        if (!is_known(ops[i])) {
            refuse_operation(ops[i]);
            return 0;
        }
    for (size_t i = 0; i < N_LIST; i++) {
        if (!is_wanted(t, &list[i], ops, n_ops))
            continue;
        cases[n] = list[i];
        if (list[i].prepare == prepare_gemm || list[i].prepare == prepare_rows) {
            cases[n].m *= strcmp(list[i].shape_class, "skinny") == 0 ? 1 : scale;
            cases[n].n *= scale;
            cases[n].k *= scale;
        }
        if (cases[n].k == 0)
            snprintf(cases[n].label, sizeof cases[n].label, "%zu x %zu", cases[n].m, cases[n].n);
        else
            snprintf(cases[n].label, sizeof cases[n].label, "%zu x %zu x %zu", cases[n].m, cases[n].n, cases[n].k);
        n++;
    }
    if (n == 0)
        fprintf(stderr, "clgrpo-tune: none of these operations runs on this device\n");
    return n;
}
