/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_internal.h"

/* dW += dy^T x: both operands in their forward layout. */
static enum mg_status
weight_gradient(struct mg_policy *p, struct clgrpo_tensor dy, struct clgrpo_tensor x, size_t offset, struct mg_err *err)
{
    struct mg_gemm_flags flags = {.trans_a = true, .accumulate = true};

    return mg_op_gemm(p, dy, x, mg_matrix(&p->grad, offset, dy.shape[1], x.shape[1]), flags, err);
}

/* dx = dy W. */
static enum mg_status
input_gradient(struct mg_policy *p, struct clgrpo_tensor dy, size_t offset, struct clgrpo_tensor dx, struct mg_err *err)
{
    struct mg_gemm_flags flags = {0};

    return mg_op_gemm(p, dy, mg_matrix(&p->weights, offset, dy.shape[1], dx.shape[1]), dx, flags, err);
}

static enum mg_status
mlp_backward(struct mg_policy *p, size_t i, size_t n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_layer_params *w = &p->params.layers[i];
    const struct mg_acts *a = &p->acts[i];
    struct clgrpo_tensor dx = mg_rows(&p->grads.dx, n), dact = mg_rows(&p->grads.dact, n);
    struct clgrpo_tensor dgate_up = mg_rows(&p->grads.dgate_up, n), dh = mg_rows(&p->grads.dh, n);

    MG_TRY(input_gradient(p, dx, w->down, dact, err));
    MG_TRY(weight_gradient(p, dx, mg_rows(&a->act, n), w->down, err));
    MG_TRY(mg_op_swiglu_backward(p, mg_rows(&a->gate_up, n), dact, dgate_up, err));
    MG_TRY(input_gradient(p, dgate_up, w->gate_up, dh, err));
    MG_TRY(weight_gradient(p, dgate_up, mg_rows(&a->h2, n), w->gate_up, err));
    MG_TRY(mg_op_norm_backward(p, mg_rows(&a->mid, n), w->norm2, mg_vector(&a->rstd2, 0, n), dh, dx, true, err));
out:
    return st;
}

static enum mg_status
attend_backward(struct mg_policy *p, const struct mg_batch *b, const struct mg_acts *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    struct clgrpo_attention_backward_args args = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;

    mg_qkv_views(p, &a->qkv, b->n, &args.q, &args.k, &args.v);
    mg_qkv_views(p, &p->grads.dqkv, b->n, &args.dq, &args.dk, &args.dv);
    mg_sequence_views(p, b, &args.offsets, &args.prefix);
    args.o = mg_heads(&a->o, b->n, d->H, d->D);
    args.dout = mg_heads(&p->grads.do_, b->n, d->H, d->D);
    args.lse = mg_rows(&a->lse, b->n);
    args.max_len = b->max_len;
    args.scale = p->attention_scale;
    MG_RUN_WITH_WORKSPACE(clgrpo_attention_backward, clgrpo_attention_backward_workspace, args);
out:
    return st;
}

static enum mg_status
attention_block_backward(struct mg_policy *p, const struct mg_batch *b, size_t i, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_layer_params *w = &p->params.layers[i];
    const struct mg_acts *a = &p->acts[i];
    size_t n = b->n;
    struct clgrpo_tensor dx = mg_rows(&p->grads.dx, n), do_ = mg_rows(&p->grads.do_, n);
    struct clgrpo_tensor dqkv = mg_rows(&p->grads.dqkv, n), dh = mg_rows(&p->grads.dh, n);

    MG_TRY(input_gradient(p, dx, w->o, do_, err));
    MG_TRY(weight_gradient(p, dx, mg_rows(&a->o, n), w->o, err));
    MG_TRY(attend_backward(p, b, a, err));
    MG_TRY(mg_op_rope(p, dqkv, true, err));
    MG_TRY(input_gradient(p, dqkv, w->qkv, dh, err));
    MG_TRY(weight_gradient(p, dqkv, mg_rows(&a->h1, n), w->qkv, err));
    MG_TRY(mg_op_norm_backward(p, mg_rows(&p->x[i], n), w->norm1, mg_vector(&a->rstd1, 0, n), dh, dx, true, err));
out:
    return st;
}

enum mg_status
mg_backward(struct mg_policy *p, const struct mg_batch *b, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_params *w = &p->params;
    struct clgrpo_tensor dx = mg_rows(&p->grads.dx, b->n), dselected = mg_rows(&p->dselected, b->n_rows);

    MG_TRY(mg_op_norm_backward(p, mg_rows(&p->selected, b->n_rows), w->norm, mg_vector(&p->rstd, 0, b->n_rows),
                               mg_rows(&p->dhidden, b->n_rows), dselected, false, err));
    MG_TRY(mg_op_zero(p, dx, err));
    MG_TRY(mg_op_scatter(p, dselected, mg_line(&p->ints, MG_INT_ROW, b->n_rows), dx, err));
    for (size_t i = w->dims.layers; i-- > 0;) {
        MG_TRY(mlp_backward(p, i, b->n, err));
        MG_TRY(attention_block_backward(p, b, i, err));
    }
    MG_TRY(mg_op_scatter(p, dx, mg_line(&p->ints, MG_INT_TOKEN, b->n),
                         mg_matrix(&p->grad, w->embed, w->dims.V, w->dims.E), err));
out:
    return st;
}
