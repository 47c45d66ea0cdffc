/* SPDX-License-Identifier: Apache-2.0 */
#include "tier.h"
#include "launch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A tier must be faster by this factor, in the median of TIMED pairs of launches. The groups are more than run at once,
 * and an odd number. */
static const double least_gain = 1.05;
enum { TIMED = 9, GROUPS_PER_UNIT = 8 };

struct probe {
    struct clgrpo_context *ctx;
    const struct clg_tier_spec *spec;
    cl_command_queue queue;
    cl_mem in, out;
    size_t n_groups, n; /* most groups, their items */
    float *x, *got, *base;
    double *want, *bound;
    cl_kernel plain, tier;
};

/* Asymmetric: every value differs from every other, in sign and size too, so that no permutation gives the same. */
static void
fill(float *x, size_t n)
{
    uint32_t counter[4] = {0}, key[2] = {7, 11}, random[4];

    for (size_t i = 0; i < n; i++) {
        counter[0] = (uint32_t)i;
        clgrpo_philox4x32(counter, key, random);
        x[i] = ((float)(random[0] >> 8) * 0x1p-23f - 1.0f) * (float)(1 + i % 7);
    }
}

static enum clgrpo_status
run(struct probe *p, cl_kernel kernel, size_t n_groups, cl_uint rounds)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};
    struct clg_grid grid = clg_grid1(n_groups, p->spec->group);

    CLG_TRY(clg_seq_begin(&seq, p->ctx, p->queue, 0, NULL, NULL));
    CLG_TRY(CLG_LAUNCH(&seq, kernel, &grid, CLG_MEM(p->in), CLG_MEM(p->out), CLG_UINT(rounds)));
out:
    return clg_seq_end(&seq, st);
}

/* Runs n_groups groups and reads their results. The buffer is overwritten first, so that no earlier result counts. */
static enum clgrpo_status
results(struct probe *p, cl_kernel kernel, size_t n_groups, cl_uint rounds, float *to)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t bytes = n_groups * p->spec->group * sizeof *to;

    memset(to, 0xff, bytes);
    CLG_CL(p->ctx, clEnqueueWriteBuffer(p->queue, p->out, CL_TRUE, 0, bytes, to, 0, NULL, NULL));
    CLG_TRY(run(p, kernel, n_groups, rounds));
    CLG_CL(p->ctx, clEnqueueReadBuffer(p->queue, p->out, CL_TRUE, 0, bytes, to, 0, NULL, NULL));
out:
    return st;
}

/* Whether the tier's results are right: near the reference, and for 1 to 3 rounds the bits of the plain kernel's. */
static enum clgrpo_status
compare(struct probe *p, size_t n_groups, bool *right)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = n_groups * p->spec->group;

    *right = true;
    CLG_TRY(results(p, p->tier, n_groups, 1, p->got));
    for (size_t i = 0; i < n; i++)
        *right = *right && fabs((double)p->got[i] - p->want[i]) <= p->bound[i];
    for (cl_uint rounds = 1; rounds < 4 && !p->spec->changes_order; rounds++) {
        CLG_TRY(results(p, p->plain, n_groups, rounds, p->base));
        CLG_TRY(results(p, p->tier, n_groups, rounds, p->got));
        *right = *right && memcmp(p->base, p->got, n * sizeof *p->got) == 0;
    }
out:
    return st;
}

static int
by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static enum clgrpo_status
time_once(struct probe *p, cl_kernel kernel, double *seconds)
{
    enum clgrpo_status st = CLGRPO_OK;
    const double start = clg_now();

    CLG_TRY(run(p, kernel, p->n_groups, p->spec->rounds));
    CLG_CL(p->ctx, clFinish(p->queue));
    *seconds = clg_now() - start;
out:
    return st;
}

/* Time without the tier over time with it: the median of pairs taken in turn. */
static enum clgrpo_status
measure(struct probe *p, double *ratio)
{
    enum clgrpo_status st = CLGRPO_OK;
    double pairs[TIMED], plain = 0.0, tier = 0.0;

    for (int i = 0; i < TIMED; i++) {
        CLG_TRY(time_once(p, p->plain, &plain));
        CLG_TRY(time_once(p, p->tier, &tier));
        pairs[i] = plain / tier;
    }
    qsort(pairs, TIMED, sizeof pairs[0], by_size);
    *ratio = pairs[TIMED / 2];
out:
    return st;
}

static enum clgrpo_status
build(struct probe *p, const char *more, cl_kernel *kernel)
{
    char defines[512];

    snprintf(defines, sizeof defines, "%s%s%s", p->spec->common, more[0] != '\0' ? " " : "", more);
    return clg_kernel_get(p->ctx, p->spec->unit, p->spec->entry, defines, kernel);
}

static enum clgrpo_status
prepare(struct probe *p)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_context *ctx = p->ctx;
    const size_t group = p->spec->group;
    cl_int code = CL_SUCCESS;

    p->n_groups = (size_t)ctx->info.compute_units * GROUPS_PER_UNIT + 3;
    p->n = p->n_groups * group;
    p->x = malloc(p->n * sizeof *p->x);
    p->got = malloc(p->n * sizeof *p->got);
    p->base = malloc(p->n * sizeof *p->base);
    p->want = malloc(p->n * sizeof *p->want);
    p->bound = malloc(p->n * sizeof *p->bound);
    CLG_REQUIRE(ctx, p->x != NULL && p->got != NULL && p->base != NULL && p->want != NULL && p->bound != NULL,
                CLGRPO_E_MEMORY, "out of memory");
    fill(p->x, p->n);
    for (size_t g = 0; g < p->n_groups; g++)
        p->spec->reference(p->x + g * group, group, p->want + g * group, p->bound + g * group);
    p->queue = clCreateCommandQueue(ctx->cl, ctx->device, 0, &code);
    CLG_CL(ctx, code);
    p->in = clCreateBuffer(ctx->cl, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, p->n * sizeof(cl_float), p->x, &code);
    CLG_CL(ctx, code);
    p->out = clCreateBuffer(ctx->cl, CL_MEM_READ_WRITE, p->n * sizeof(cl_float), NULL, &code);
    CLG_CL(ctx, code);
    CLG_TRY(build(p, p->spec->below, &p->plain));
out:
    return st;
}

static void
release(struct probe *p)
{
    if (p->in != NULL)
        clReleaseMemObject(p->in);
    if (p->out != NULL)
        clReleaseMemObject(p->out);
    if (p->queue != NULL)
        clReleaseCommandQueue(p->queue);
    free(p->x), free(p->got), free(p->base), free(p->want), free(p->bound);
}

/* One of the spec's defines, from compiling to timing. */
static enum clgrpo_status
try_defines(struct probe *p, const char *more, struct clg_tier *out)
{
    enum clgrpo_status st = CLGRPO_OK;
    bool one = false, many = false;

    CLG_TRY(build(p, more, &p->tier));
    CLG_TRY(compare(p, 1, &one));
    CLG_TRY(compare(p, p->n_groups, &many));
    out->verdict = CLG_TIER_WRONG;
    snprintf(out->reason, sizeof out->reason, "its probe gave wrong numbers with %s",
             one    ? "many work-groups"
             : many ? "one work-group"
                    : "one and with many work-groups");
    if (!one || !many)
        goto out;
    CLG_TRY(measure(p, &out->ratio));
    out->verdict = out->ratio >= least_gain ? CLG_TIER_USED : CLG_TIER_SLOWER;
    snprintf(out->reason, sizeof out->reason, "%.2f times as fast as without it", out->ratio);
out:
    return st;
}

static void
settle_broken(const struct clgrpo_context *ctx, struct clg_tier *out)
{
    out->verdict = CLG_TIER_BROKEN;
    snprintf(out->reason, sizeof out->reason, "%.127s", ctx->error.text);
}

void
clg_tier_probe(struct clgrpo_context *ctx, const struct clg_tier_spec *spec, struct clg_tier *out, unsigned *which)
{
    const struct clg_error before = clg_error_save(ctx);
    struct clgrpo_profile *const profile = ctx->profile; /* the probe is no operation */
    struct probe p = {.ctx = ctx, .spec = spec};
    enum clgrpo_status st;

    ctx->profile = NULL;
    st = prepare(&p);
    settle_broken(ctx, out);
    for (unsigned i = 0; st == CLGRPO_OK && i < CLG_TIER_MAX_DEFINES && spec->defines[i] != NULL; i++) {
        struct clg_tier t = *out;

        t.ratio = 0.0;
        if (try_defines(&p, spec->defines[i], &t) != CLGRPO_OK)
            settle_broken(ctx, &t);
        clgrpo_error_clear(ctx);
        if (i == 0 || t.verdict > out->verdict || (t.verdict == out->verdict && t.ratio > out->ratio)) {
            *out = t;
            *which = i;
        }
        if (t.verdict == CLG_TIER_USED)
            break;
    }
    release(&p);
    ctx->profile = profile;
    clg_error_restore(ctx, before);
}
