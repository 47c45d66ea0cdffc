/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tune/tune_case.h"

TUNE_RUN_WITH_SPACE(extern, attention, attention)
TUNE_RUN_WITH_SPACE(extern, attention_backward, attention_backward)

enum { HEADS = 8, KEY_HEADS = 2 };

bool
tune_prepare_attention(struct tune *t, struct tune_case *c)
{
    struct clgrpo_attention_args init = CLGRPO_ATTENTION_ARGS_INIT, *a = &c->args.attention;

    *a = init;
    TUNE_ADD(a->q, c->m, HEADS, c->k);
    TUNE_ADD(a->k, c->m, KEY_HEADS, c->k);
    TUNE_ADD(a->v, c->m, KEY_HEADS, c->k);
    TUNE_ADD(a->o, c->m, HEADS, c->k);
    a->max_len = c->n;
    a->causal = true;
    a->scale = 1.0f / sqrtf((float)c->k);
    c->out = a->o;
    return tune_add_ints(t, c, c->m / c->n + 1, (cl_int)c->n, &a->offsets);
}

/* Element d of the output for query i and head h. */
static double
attention_value(const struct tune_case *c, size_t i, size_t h, size_t d)
{
    const size_t first = i / c->n * c->n, g = h / (HEADS / KEY_HEADS);
    double weights = 0.0, sum = 0.0;

    for (size_t j = first; j <= i; j++) {
        double score = 0.0;

        for (size_t e = 0; e < c->k; e++)
            score +=
                (double)c->host[0][(i * HEADS + h) * c->k + e] * (double)c->host[1][(j * KEY_HEADS + g) * c->k + e];
        score = exp(score * (double)c->args.attention.scale); /* the inputs are below 1, so exp cannot overflow */
        weights += score;
        sum += score * (double)c->host[2][(j * KEY_HEADS + g) * c->k + d];
    }
    return sum / weights;
}

bool
tune_check_attention(const struct tune_case *c, const float *host)
{
    bool good = true;

    for (size_t s = 0; s < TUNE_SAMPLES; s++) {
        const size_t i = s * 7919 % c->m, h = s % HEADS, d = s * 31 % c->k;

        good =
            good && tune_near((double)host[(i * HEADS + h) * c->k + d], attention_value(c, i, h, d), 1.0, c->n + c->k);
    }
    return good;
}

/* The output is one tensor with dq, dk and dv as its heads, [m][HEADS + 2 KEY_HEADS][k]. The copies on the host are, in
 * this order, of q, k, v, dout. */
bool
tune_prepare_attention_backward(struct tune *t, struct tune_case *c)
{
    struct clgrpo_attention_args f = CLGRPO_ATTENTION_ARGS_INIT;
    struct clgrpo_attention_backward_args init = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT, *a = &c->args.attention_backward;

    *a = init;
    TUNE_ADD(a->q, c->m, HEADS, c->k);
    TUNE_ADD(a->k, c->m, KEY_HEADS, c->k);
    TUNE_ADD(a->v, c->m, KEY_HEADS, c->k);
    TUNE_ADD(a->dout, c->m, HEADS, c->k);
    TUNE_ADD(a->o, c->m, HEADS, c->k);
    TUNE_ADD(a->lse, c->m, HEADS);
    TUNE_ADD(c->out, c->m, HEADS + 2 * KEY_HEADS, c->k);
    a->dq = clg_tensor_part(&c->out, 1, 0, HEADS);
    a->dk = clg_tensor_part(&c->out, 1, HEADS, KEY_HEADS);
    a->dv = clg_tensor_part(&c->out, 1, HEADS + KEY_HEADS, KEY_HEADS);
    a->max_len = f.max_len = c->n;
    a->causal = f.causal = true;
    a->scale = f.scale = 1.0f / sqrtf((float)c->k);
    if (!tune_add_ints(t, c, c->m / c->n + 1, (cl_int)c->n, &a->offsets))
        return false;
    f.q = a->q;
    f.k = a->k;
    f.v = a->v;
    f.o = a->o;
    f.lse = a->lse;
    f.offsets = a->offsets;
    return tune_ok(t, clgrpo_attention(t->ctx, &f, t->queue, 0, NULL, NULL), c->op);
}

static double
dot(const float *x, const float *y, size_t n)
{
    double sum = 0.0;

    for (size_t e = 0; e < n; e++)
        sum += (double)x[e] * (double)y[e];
    return sum;
}

/* The probabilities p and score gradients ds of query i and head h, for each key from the sequence's first to i. */
static void
row_of(const struct tune_case *c, size_t i, size_t h, double *p, double *ds)
{
    const size_t first = i / c->n * c->n, g = h / (HEADS / KEY_HEADS), n = i - first + 1, d = c->k;
    double weights = 0.0, delta = 0.0;

    for (size_t j = 0; j < n; j++) {
        p[j] = exp(dot(c->host[0] + (i * HEADS + h) * d, c->host[1] + ((first + j) * KEY_HEADS + g) * d, d) *
                   (double)c->args.attention_backward.scale);
        ds[j] = dot(c->host[3] + (i * HEADS + h) * d, c->host[2] + ((first + j) * KEY_HEADS + g) * d, d);
        weights += p[j];
        delta += p[j] * ds[j];
    }
    for (size_t j = 0; j < n; j++) {
        p[j] /= weights;
        ds[j] = p[j] * (ds[j] - delta / weights);
    }
}

/* Element e of dq, for query i and head h; p and ds are space for n numbers each. */
static bool
check_dq(const struct tune_case *c, const float *host, size_t i, size_t h, size_t e, double *p, double *ds)
{
    const size_t first = i / c->n * c->n, g = h / (HEADS / KEY_HEADS);
    const double scale = (double)c->args.attention_backward.scale;
    double sum = 0.0, size = 0.0;

    row_of(c, i, h, p, ds);
    for (size_t j = first; j <= i; j++) {
        const double term = scale * ds[j - first] * (double)c->host[1][(j * KEY_HEADS + g) * c->k + e];

        sum += term;
        size += fabs(term);
    }
    return tune_near((double)host[(i * (HEADS + 2 * KEY_HEADS) + h) * c->k + e], sum, size + 0x1p-10, c->n + c->k);
}

/* Element e of dk and of dv, for key j and key head g. */
static bool
check_dkdv(const struct tune_case *c, const float *host, size_t j, size_t g, size_t e, double *p, double *ds)
{
    const size_t first = j / c->n * c->n, group = HEADS / KEY_HEADS;
    const float *at = host + (j * (HEADS + 2 * KEY_HEADS) + HEADS + g) * c->k + e;
    double sum[2] = {0.0, 0.0}, size[2] = {0.0, 0.0};

    for (size_t h = g * group; h < (g + 1) * group; h++)
        for (size_t i = j; i < first + c->n; i++) {
            double term[2];

            row_of(c, i, h, p, ds);
            term[0] = (double)c->args.attention_backward.scale * ds[j - first] *
                      (double)c->host[0][(i * HEADS + h) * c->k + e];
            term[1] = p[j - first] * (double)c->host[3][(i * HEADS + h) * c->k + e];
            for (int x = 0; x < 2; x++) {
                sum[x] += term[x];
                size[x] += fabs(term[x]);
            }
        }
    return tune_near((double)at[0], sum[0], size[0] + 0x1p-10, group * c->n + c->k) &&
           tune_near((double)at[KEY_HEADS * c->k], sum[1], size[1] + 0x1p-10, group * c->n + c->k);
}

bool
tune_check_attention_backward(const struct tune_case *c, const float *host)
{
    double *p = malloc(2 * c->n * sizeof *p), *ds = p + c->n;
    bool good = p != NULL;

    for (size_t s = 0; s < TUNE_SAMPLES && good; s++)
        good = check_dq(c, host, s * 7919 % c->m, s % HEADS, s * 31 % c->k, p, ds);
    for (size_t s = 0; s < 3 && good; s++)
        good = check_dkdv(c, host, c->n - 1 - s * 211, s % KEY_HEADS, s * 31 % c->k, p, ds);
    free(p);
    return good;
}
