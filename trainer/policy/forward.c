/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_internal.h"

/*
 * One forward for sampling and training. They differ in where keys and values come from (the cache, or the batch
 * itself) and in whether the weights are packed; neither changes the order of a sum, so a token's hidden state has the
 * same bits in both.
 */

static enum mg_status
attend_batch(struct mg_policy *p, const struct mg_batch *b, const struct mg_acts *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    struct clgrpo_attention_args args = CLGRPO_ATTENTION_ARGS_INIT;

    mg_qkv_views(p, &a->qkv, b->n, &args.q, &args.k, &args.v);
    mg_sequence_views(p, b, &args.offsets, &args.prefix);
    args.o = mg_heads(&a->o, b->n, d->H, d->D);
    args.lse = mg_rows(&a->lse, b->n);
    args.max_len = b->max_len;
    args.scale = p->attention_scale;
    MG_RUN_WITH_WORKSPACE(clgrpo_attention, clgrpo_attention_workspace, args);
out:
    return st;
}

static enum mg_status
attend_cache(struct mg_policy *p, const struct mg_batch *b, size_t layer, const struct mg_acts *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    struct clgrpo_kv_append_args append = CLGRPO_KV_APPEND_ARGS_INIT;
    struct clgrpo_attention_decode_args args = CLGRPO_ATTENTION_DECODE_ARGS_INIT;

    mg_qkv_views(p, &a->qkv, b->n, &args.q, &append.k, &append.v);
    append.slot = args.slot = b->slot;
    append.position = args.position = mg_line(&p->ints, MG_INT_POSITION, b->n);
    append.k_cache = args.k_cache = p->k_cache[layer];
    append.v_cache = args.v_cache = p->v_cache[layer];
    args.o = mg_heads(&a->o, b->n, d->H, d->D);
    args.scale = p->attention_scale;
    MG_RUN(clgrpo_kv_append, append);
    MG_RUN(clgrpo_attention_decode, args);
out:
    return st;
}

/* y = x W^T with W at `offset`. */
static enum mg_status
linear(struct mg_policy *p, const struct mg_batch *b, struct clgrpo_tensor x, size_t offset, size_t out_features,
       const struct clgrpo_tensor *packed, struct clgrpo_tensor y, struct mg_err *err)
{
    struct mg_gemm_flags flags = {.trans_b = true, .packed = b->decode ? packed : NULL};

    return mg_op_gemm(p, x, mg_matrix(&p->weights, offset, out_features, x.shape[1]), y, flags, err);
}

/*
 * The additions of the residual stream are done by the norms that read their sums: mid = x + branch by this layer's
 * second norm, and x = mid + branch of the layer before by this layer's first. `before` holds that layer's mid; it is
 * NULL in the first layer, whose x is the embedding.
 */
static enum mg_status
layer_forward(struct mg_policy *p, const struct mg_batch *b, size_t i, const struct mg_acts *before,
              struct clgrpo_tensor x, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    const struct mg_layer_params *w = &p->params.layers[i];
    const struct mg_acts *a = &p->acts[b->keep ? i : 0];
    static const struct mg_packed_layer none;
    const struct mg_packed_layer *packed = p->packed != NULL ? &p->packed[i] : &none;
    size_t n = b->n;
    struct clgrpo_tensor h1 = mg_rows(&a->h1, n), qkv = mg_rows(&a->qkv, n), o = mg_rows(&a->o, n);
    struct clgrpo_tensor mid = mg_rows(&a->mid, n), h2 = mg_rows(&a->h2, n), gate_up = mg_rows(&a->gate_up, n);
    struct clgrpo_tensor act = mg_rows(&a->act, n), branch = mg_rows(&p->branch, n);
    struct clgrpo_tensor norm1 = mg_norm_weight(p, w->norm1), norm2 = mg_norm_weight(p, w->norm2);
    struct clgrpo_tensor rstd1 = mg_vector(&a->rstd1, 0, n), rstd2 = mg_vector(&a->rstd2, 0, n);

    if (before == NULL)
        MG_TRY(mg_op_norm(p, x, norm1, h1, rstd1, err));
    else
        MG_TRY(mg_op_add_norm(p, mg_rows(&before->mid, n), branch, x, norm1, h1, rstd1, err));
    MG_TRY(linear(p, b, h1, w->qkv, d->qkv, &packed->qkv, qkv, err));
    MG_TRY(mg_op_rope(p, qkv, false, err));
    if (b->decode)
        MG_TRY(attend_cache(p, b, i, a, err));
    else
        MG_TRY(attend_batch(p, b, a, err));
    MG_TRY(linear(p, b, o, w->o, d->E, &packed->o, branch, err));
    MG_TRY(mg_op_add_norm(p, x, branch, mid, norm2, h2, rstd2, err));
    MG_TRY(linear(p, b, h2, w->gate_up, 2 * d->F, &packed->gate_up, gate_up, err));
    MG_TRY(mg_op_swiglu(p, gate_up, act, err));
    MG_TRY(linear(p, b, act, w->down, d->E, &packed->down, branch, err));
out:
    return st;
}

enum mg_status
mg_forward(struct mg_policy *p, const struct mg_batch *b, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_params *w = &p->params;
    const struct mg_dims *d = &w->dims;
    const struct mg_acts *before = NULL;
    struct clgrpo_tensor last = mg_rows(&p->x[b->keep ? d->layers : 1], b->n);

    MG_TRY(mg_op_gather(p, mg_matrix(&p->weights, w->embed, d->V, d->E), mg_line(&p->ints, MG_INT_TOKEN, b->n),
                        mg_rows(&p->x[0], b->n), err));
    for (size_t i = 0; i < d->layers; i++) {
        size_t kept = b->keep ? i : 0;

        MG_TRY(layer_forward(p, b, i, before, mg_rows(&p->x[kept], b->n), err));
        before = &p->acts[kept];
    }
    MG_TRY(mg_op_add(p, mg_rows(&before->mid, b->n), mg_rows(&p->branch, b->n), last, err));
    MG_TRY(mg_op_gather(p, last, mg_line(&p->ints, MG_INT_ROW, b->n_rows), mg_rows(&p->selected, b->n_rows), err));
    MG_TRY(mg_op_norm(p, mg_rows(&p->selected, b->n_rows), mg_norm_weight(p, w->norm), mg_rows(&p->hidden, b->n_rows),
                      mg_vector(&p->rstd, 0, b->n_rows), err));
out:
    return st;
}

enum mg_status
mg_head_forward(struct mg_policy *p, const struct mg_batch *b, float temperature, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    struct clgrpo_linear_logprob_args args = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;

    args.x = mg_rows(&p->hidden, b->n_rows);
    args.w = mg_matrix(&p->weights, p->params.head, d->V, d->E);
    args.target = mg_line(&p->ints, MG_INT_TARGET, b->n_rows);
    args.logprob = mg_line(&p->head_out, MG_OUT_LOGPROB, b->n_rows);
    args.lse = mg_line(&p->head_out, MG_OUT_LSE, b->n_rows);
    args.entropy = mg_line(&p->head_out, MG_OUT_ENTROPY, b->n_rows);
    args.inv_temperature = 1.0f / temperature;
    MG_RUN_WITH_WORKSPACE(clgrpo_linear_logprob, clgrpo_linear_logprob_workspace, args);
out:
    return st;
}
