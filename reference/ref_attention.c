/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One query against the keys of its sequence: n_past rows from `past` on, then rows from `first` on. */
struct row {
    const double *q;
    size_t past, n_past, first, n_keys;
    double *p, *w; /* [n_keys] */
    double lse, w_max;
};

static double
dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static double
dot_size(const double *a, const double *b, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += fabs(a[i] * b[i]);
    return sum;
}

static const double *
key_row(const struct ref_attention *r, const double *k, size_t j, size_t g)
{
    return k + (j * r->K + g) * r->D;
}

static size_t
key_of(const struct row *row, size_t j)
{
    return j < row->n_past ? row->past + j : row->first + j - row->n_past;
}

static bool
in_batch(const struct ref_attention *r, int32_t p)
{
    return p >= 0 && p < (int32_t)r->n_sequences;
}

int32_t
ref_attention_root(const struct ref_attention *r, size_t b)
{
    const int32_t p = r->prefix != NULL ? r->prefix[b] : -1;

    return in_batch(r, p) && !in_batch(r, r->prefix[p]) ? p : -1;
}

static void
softmax_row(const struct ref_attention *r, const double *k, size_t g, struct row *row)
{
    double top = -INFINITY, sum = 0.0;

    row->w_max = 0.0;
    for (size_t j = 0; j < row->n_keys; j++) {
        const double *key = key_row(r, k, key_of(row, j), g);

        row->p[j] = r->scale * dot(row->q, key, r->D);
        row->w[j] = 1.0 + r->scale * dot_size(row->q, key, r->D);
        row->w_max = fmax(row->w_max, row->w[j]);
        top = fmax(top, row->p[j]);
    }
    for (size_t j = 0; j < row->n_keys; j++)
        sum += exp(row->p[j] - top);
    row->lse = top + log(sum);
    for (size_t j = 0; j < row->n_keys; j++) {
        row->p[j] = exp(row->p[j] - row->lse);
        row->w[j] += fabs(row->lse);
    }
}

static void
output_row(const struct ref_attention *r, const double *v, size_t g, const struct row *row, double *o, double *o_size)
{
    for (size_t d = 0; d < r->D; d++) {
        o[d] = o_size[d] = 0.0;
        for (size_t j = 0; j < row->n_keys; j++)
            o[d] += row->p[j] * key_row(r, v, key_of(row, j), g)[d];
        for (size_t j = 0; j < row->n_keys; j++)
            o_size[d] += row->p[j] * row->w[j] * (fabs(key_row(r, v, key_of(row, j), g)[d]) + fabs(o[d]));
    }
}

/* Calls `each` for every row of every head, with its softmax. */
typedef void visit_row(const struct ref_attention *r, size_t n, size_t h, const struct row *row, void *arg);
static void
for_each_row(const struct ref_attention *r, const double *q, const double *k, visit_row *each, void *arg)
{
    size_t n_rows = (size_t)r->offsets[r->n_sequences];
    struct row row = {.p = calloc(n_rows + 1, sizeof(double)), .w = calloc(n_rows + 1, sizeof(double))};

    for (size_t b = 0; b < r->n_sequences; b++) {
        size_t first = (size_t)r->offsets[b], end = (size_t)r->offsets[b + 1];
        int32_t root = ref_attention_root(r, b);

        row.past = root >= 0 ? (size_t)r->offsets[root] : first;
        row.n_past = root >= 0 ? (size_t)r->offsets[root + 1] - row.past : 0;
        row.first = first;
        for (size_t n = first; n < end; n++) {
            for (size_t h = 0; h < r->H; h++) {
                row.q = q + (n * r->H + h) * r->D;
                row.n_keys = row.n_past + (r->causal ? n + 1 : end) - first;
                softmax_row(r, k, h / (r->H / r->K), &row);
                each(r, n, h, &row, arg);
            }
        }
    }
    free(row.p);
    free(row.w);
}

struct forward {
    const double *v;
    double *o, *lse, *o_size, *lse_size;
};

static void
visit_forward(const struct ref_attention *r, size_t n, size_t h, const struct row *row, void *arg)
{
    struct forward *f = arg;
    size_t at = n * r->H + h;

    output_row(r, f->v, h / (r->H / r->K), row, f->o + at * r->D, f->o_size + at * r->D);
    f->lse[at] = row->lse;
    f->lse_size[at] = row->w_max;
}

void
ref_attention_forward(const struct ref_attention *r, const double *q, const double *k, const double *v, double *o,
                      double *lse, double *o_size, double *lse_size)
{
    struct forward f = {v, o, lse, o_size, lse_size};

    for_each_row(r, q, k, visit_forward, &f);
}

struct backward {
    const double *k, *v, *dout;
    struct ref_attention_gradients *g;
};

static void
visit_backward(const struct ref_attention *r, size_t n, size_t h, const struct row *row, void *arg)
{
    struct backward *b = arg;
    struct ref_attention_gradients *out = b->g;
    double o[256], o_size[256], delta, delta_size;
    size_t g = h / (r->H / r->K), at = (n * r->H + h) * r->D;
    const double *dout = b->dout + at;

    output_row(r, b->v, g, row, o, o_size);
    delta = dot(dout, o, r->D);
    delta_size = dot_size(dout, o_size, r->D);
    for (size_t j = 0; j < row->n_keys; j++) {
        size_t to = (key_of(row, j) * r->K + g) * r->D;
        double dp = dot(dout, b->v + to, r->D), p = row->p[j], pw = p * row->w[j], ds = r->scale * p * (dp - delta);
        double ds_size = r->scale * (p * (dot_size(dout, b->v + to, r->D) + delta_size) + pw * fabs(dp - delta));

        for (size_t d = 0; d < r->D; d++) {
            out->dq[at + d] += ds * b->k[to + d];
            out->dk[to + d] += ds * row->q[d];
            out->dv[to + d] += p * dout[d];
            out->dq_size[at + d] += ds_size * fabs(b->k[to + d]);
            out->dk_size[to + d] += ds_size * fabs(row->q[d]);
            out->dv_size[to + d] += pw * fabs(dout[d]);
        }
    }
}

void
ref_attention_backward(const struct ref_attention *r, const double *q, const double *k, const double *v,
                       const double *dout, struct ref_attention_gradients *g)
{
    size_t n = (size_t)r->offsets[r->n_sequences] * r->D * sizeof(double);
    struct backward b = {k, v, dout, g};

    memset(g->dq, 0, n * r->H);
    memset(g->dq_size, 0, n * r->H);
    memset(g->dk, 0, n * r->K);
    memset(g->dk_size, 0, n * r->K);
    memset(g->dv, 0, n * r->K);
    memset(g->dv_size, 0, n * r->K);
    for_each_row(r, q, k, visit_backward, &b);
}
