/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_internal.h"

struct clgrpo_tensor
mg_rows(const struct clgrpo_tensor *t, size_t n)
{
    return clgrpo_tensor_view(t->buf, t->offset, t->dtype, 2, (const size_t[]){n, t->shape[1]});
}

struct clgrpo_tensor
mg_line(const struct clgrpo_tensor *t, size_t row, size_t n)
{
    return clgrpo_tensor_view(t->buf, t->offset + row * t->stride[0], t->dtype, 1, &n);
}

struct clgrpo_tensor
mg_matrix(const struct clgrpo_tensor *flat, size_t offset, size_t rows, size_t cols)
{
    return clgrpo_tensor_view(flat->buf, flat->offset + offset, flat->dtype, 2, (const size_t[]){rows, cols});
}

struct clgrpo_tensor
mg_vector(const struct clgrpo_tensor *flat, size_t offset, size_t n)
{
    return clgrpo_tensor_view(flat->buf, flat->offset + offset, flat->dtype, 1, &n);
}

struct clgrpo_tensor
mg_norm_weight(const struct mg_policy *p, size_t offset)
{
    if (p->norms.buf == NULL)
        return mg_vector(&p->weights, offset, p->params.dims.E);
    return mg_vector(&p->norms, offset - p->params.decay_elems, p->params.dims.E);
}

struct clgrpo_tensor
mg_heads(const struct clgrpo_tensor *t, size_t n, size_t heads, size_t dim)
{
    struct clgrpo_tensor v = clgrpo_tensor_view(t->buf, t->offset, t->dtype, 3, (const size_t[]){n, heads, dim});

    v.stride[0] = t->stride[0];
    return v;
}

void
mg_qkv_views(const struct mg_policy *p, const struct clgrpo_tensor *qkv, size_t n, struct clgrpo_tensor *q,
             struct clgrpo_tensor *k, struct clgrpo_tensor *v)
{
    const struct mg_dims *d = &p->params.dims;

    *q = mg_heads(qkv, n, d->H, d->D);
    *k = mg_heads(qkv, n, d->K, d->D);
    *v = mg_heads(qkv, n, d->K, d->D);
    k->offset += d->H * d->D;
    v->offset += (d->H + d->K) * d->D;
}

void
mg_sequence_views(const struct mg_policy *p, const struct mg_batch *b, struct clgrpo_tensor *offsets,
                  struct clgrpo_tensor *prefix)
{
    *offsets = mg_vector(&p->offsets, 0, b->n_seqs + 1);
    if (b->shared)
        *prefix = mg_vector(&p->prefix, 0, b->n_seqs);
}
