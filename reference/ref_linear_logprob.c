/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_linear_logprob.h"

#include <math.h>
#include <stdlib.h>

static double *
zeros(size_t n)
{
    double *p = calloc(n + 1, sizeof *p);

    if (p == NULL)
        abort();
    return p;
}

/* Logits of row i, and the largest sum of |x w| among them. */
static double
row_logits(const struct ref_linear_logprob_args *r, size_t i, double *z)
{
    double largest = 0.0;

    for (size_t v = 0; v < r->v; v++) {
        double dot = 0.0, size = 0.0;

        for (size_t e = 0; e < r->e; e++) {
            dot += r->x[i * r->e + e] * r->w[v * r->e + e];
            size += fabs(r->x[i * r->e + e] * r->w[v * r->e + e]);
        }
        z[v] = r->inv_temperature * dot;
        largest = fmax(largest, r->inv_temperature * size);
    }
    return largest;
}

static double
log_sum_exp(const double *z, size_t n)
{
    double top = -INFINITY, sum = 0.0;

    for (size_t v = 0; v < n; v++)
        top = fmax(top, z[v]);
    for (size_t v = 0; v < n; v++)
        sum += exp(z[v] - top);
    return top + log(sum);
}

static double
entropy_of(const double *z, size_t n, double lse)
{
    double sum = 0.0;

    for (size_t v = 0; v < n; v++)
        sum -= exp(z[v] - lse) * (z[v] - lse);
    return sum;
}

static double
logprob_of(const double *z, size_t n, int32_t target, double lse)
{
    return target >= 0 && (size_t)target < n ? z[target] - lse : -INFINITY;
}

void
ref_linear_logprob(struct ref_linear_logprob_args *r)
{
    r->z = zeros(r->n * r->v);
    r->logprob = zeros(r->n);
    r->lse = zeros(r->n);
    r->entropy = zeros(r->n);
    r->size = zeros(r->n);
    for (size_t i = 0; i < r->n; i++) {
        double *z = r->z + i * r->v;

        r->size[i] = row_logits(r, i, z) + 1.0;
        r->lse[i] = log_sum_exp(z, r->v);
        r->logprob[i] = logprob_of(z, r->v, r->target[i], r->lse[i]);
        r->entropy[i] = entropy_of(z, r->v, r->lse[i]);
        r->size[i] += fabs(r->lse[i]);
    }
}

double
ref_linear_logprob_objective(const struct ref_linear_logprob_args *r)
{
    double *z = zeros(r->v), sum = 0.0;

    for (size_t i = 0; i < r->n; i++) {
        double lse;

        row_logits(r, i, z);
        lse = log_sum_exp(z, r->v);
        if (r->g[i] != 0.0)
            sum += r->g[i] * logprob_of(z, r->v, r->target[i], lse);
        if (r->h != NULL)
            sum += r->h[i] * entropy_of(z, r->v, lse);
    }
    free(z);
    return sum;
}

static void
add_logit(struct ref_linear_logprob_args *r, size_t i, size_t v)
{
    const double g = r->g[i], h = r->h != NULL ? r->h[i] : 0.0;
    const double lp = r->z[i * r->v + v] - r->lse[i], p = exp(lp), hit = (int32_t)v == r->target[i] ? 1.0 : 0.0;
    const double dz = r->inv_temperature * (g * (hit - p) - h * p * (lp + r->entropy[i]));
    const double size = r->inv_temperature * (fabs(g) * (hit + p * r->size[i]) +
                                              fabs(h) * p * (fabs(lp) + r->entropy[i] + 1.0) * (1.0 + r->size[i]));

    for (size_t e = 0; e < r->e; e++) {
        const double x = r->x[i * r->e + e], w = r->w[v * r->e + e];

        r->dx[i * r->e + e] += dz * w;
        r->dw[v * r->e + e] += dz * x;
        r->dx_size[i * r->e + e] += size * fabs(w);
        r->dw_size[v * r->e + e] += size * fabs(x);
    }
}

void
ref_linear_logprob_backward(struct ref_linear_logprob_args *r)
{
    r->dx = zeros(r->n * r->e);
    r->dw = zeros(r->v * r->e);
    r->dx_size = zeros(r->n * r->e);
    r->dw_size = zeros(r->v * r->e);
    for (size_t i = 0; i < r->n; i++)
        for (size_t v = 0; v < r->v; v++)
            add_logit(r, i, v);
}

void
ref_linear_logprob_free(struct ref_linear_logprob_args *r)
{
    double **all[] = {&r->z, &r->logprob, &r->lse, &r->entropy, &r->size, &r->dx, &r->dw, &r->dx_size, &r->dw_size};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(*all[i]);
        *all[i] = NULL;
    }
}
