/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_gemm.h"

#include <math.h>

static float
a_at(const struct ref_gemm_args *g, size_t i, size_t p)
{
    return g->trans_a ? g->a[p * g->m + i] : g->a[i * g->k + p];
}

static float
b_at(const struct ref_gemm_args *g, size_t p, size_t j)
{
    return g->trans_b ? g->b[j * g->k + p] : g->b[p * g->n + j];
}

void
ref_gemm(const struct ref_gemm_args *g, double *want, double *magnitude)
{
    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            double old = g->accumulate ? (double)g->c[i * g->n + j] : 0.0, sum = 0.0, size = 0.0;

            for (size_t p = 0; p < g->k; p++) {
                double term = (double)a_at(g, i, p) * (double)b_at(g, p, j);

                sum += term;
                size += fabs(term);
            }
            want[i * g->n + j] = (double)g->alpha * sum + old;
            magnitude[i * g->n + j] = fabs((double)g->alpha) * size + fabs(old);
        }
    }
}

void
ref_gemm_chain(const struct ref_gemm_args *g, float *want)
{
    bool from_c = g->accumulate && g->alpha == 1.0f;

    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            float old = g->accumulate ? g->c[i * g->n + j] : 0.0f, sum = from_c ? old : 0.0f;

            for (size_t p = 0; p < g->k; p++)
                sum = fmaf(a_at(g, i, p), b_at(g, p, j), sum);
            if (g->alpha != 1.0f)
                sum = g->accumulate ? fmaf(g->alpha, sum, old) : g->alpha * sum;
            want[i * g->n + j] = sum;
        }
    }
}
