/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_internal.h"

enum mg_status
mg_from_clgrpo(struct mg_policy *p, enum clgrpo_status status, struct mg_err *err)
{
    if (status == CLGRPO_OK)
        return MG_OK;
    mg_fail(err, MG_FAIL, "%s", clgrpo_error_text(p->ctx));
    clgrpo_error_clear(p->ctx);
    return MG_FAIL;
}

enum mg_status
mg_workspace(struct mg_policy *p, size_t bytes, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_tensor t;
    size_t elems = (bytes + 3) / 4;

    if (bytes <= p->workspace.bytes)
        return MG_OK;
    elems += elems / 4;
    MG_TRY(mg_from_clgrpo(p, clgrpo_tensor_create(p->ctx, CLGRPO_F32, 1, &elems, &t), err));
    if (p->workspace.buf != NULL)
        clgrpo_tensor_destroy(&(struct clgrpo_tensor){.buf = p->workspace.buf});
    p->workspace = (struct clgrpo_workspace){.buf = t.buf, .bytes = elems * 4};
out:
    return st;
}

enum mg_status
mg_op_gemm(struct mg_policy *p, struct clgrpo_tensor a, struct clgrpo_tensor b, struct clgrpo_tensor c,
           struct mg_gemm_flags flags, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_gemm_args args = CLGRPO_GEMM_ARGS_INIT;

    args.a = a;
    args.b = b;
    args.c = c;
    args.trans_a = flags.trans_a;
    args.trans_b = flags.trans_b;
    args.accumulate = flags.accumulate;
    if (flags.packed != NULL)
        args.b_packed = *flags.packed;
    MG_RUN_WITH_WORKSPACE(clgrpo_gemm, clgrpo_gemm_workspace, args);
out:
    return st;
}

enum mg_status
mg_op_add_norm(struct mg_policy *p, struct clgrpo_tensor x, struct clgrpo_tensor residual, struct clgrpo_tensor sum,
               struct clgrpo_tensor w, struct clgrpo_tensor y, struct clgrpo_tensor rstd, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_rmsnorm_args args = CLGRPO_RMSNORM_ARGS_INIT;

    args.x = x;
    args.residual = residual;
    args.sum = sum;
    args.w = w;
    args.y = y;
    args.rstd = rstd;
    args.eps = p->params.dims.eps;
    MG_RUN(clgrpo_rmsnorm, args);
out:
    return st;
}

enum mg_status
mg_op_norm(struct mg_policy *p, struct clgrpo_tensor x, struct clgrpo_tensor w, struct clgrpo_tensor y,
           struct clgrpo_tensor rstd, struct mg_err *err)
{
    struct clgrpo_tensor none = {0};

    return mg_op_add_norm(p, x, none, none, w, y, rstd, err);
}

enum mg_status
mg_op_norm_backward(struct mg_policy *p, struct clgrpo_tensor x, size_t w_offset, struct clgrpo_tensor rstd,
                    struct clgrpo_tensor dy, struct clgrpo_tensor dx, bool accumulate, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_rmsnorm_backward_args args = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;

    args.x = x;
    args.w = mg_vector(&p->weights, w_offset, p->params.dims.E);
    args.dw = mg_vector(&p->grad, w_offset, p->params.dims.E);
    args.rstd = rstd;
    args.dy = dy;
    args.dx = dx;
    args.accumulate_dx = accumulate;
    MG_RUN_WITH_WORKSPACE(clgrpo_rmsnorm_backward, clgrpo_rmsnorm_backward_workspace, args);
out:
    return st;
}

/* Query and key heads are adjacent in qkv and are rotated alike, by one call. */
enum mg_status
mg_op_rope(struct mg_policy *p, struct clgrpo_tensor qkv, bool inverse, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_rope_args args = CLGRPO_ROPE_ARGS_INIT;

    args.x = mg_heads(&qkv, qkv.shape[0], p->params.dims.H + p->params.dims.K, p->params.dims.D);
    args.position = mg_line(&p->ints, MG_INT_POSITION, qkv.shape[0]);
    args.table = p->rope;
    args.inverse = inverse;
    MG_RUN(clgrpo_rope, args);
out:
    return st;
}

enum mg_status
mg_op_add(struct mg_policy *p, struct clgrpo_tensor a, struct clgrpo_tensor b, struct clgrpo_tensor y,
          struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_add_args args = CLGRPO_ADD_ARGS_INIT;

    args.a = a;
    args.b = b;
    args.y = y;
    MG_RUN(clgrpo_add, args);
out:
    return st;
}

enum mg_status
mg_op_swiglu(struct mg_policy *p, struct clgrpo_tensor gate_up, struct clgrpo_tensor y, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_swiglu_args args = CLGRPO_SWIGLU_ARGS_INIT;

    args.gate_up = gate_up;
    args.y = y;
    MG_RUN(clgrpo_swiglu, args);
out:
    return st;
}

enum mg_status
mg_op_swiglu_backward(struct mg_policy *p, struct clgrpo_tensor gate_up, struct clgrpo_tensor dy,
                      struct clgrpo_tensor dgate_up, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_swiglu_backward_args args = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;

    args.gate_up = gate_up;
    args.dy = dy;
    args.dgate_up = dgate_up;
    MG_RUN(clgrpo_swiglu_backward, args);
out:
    return st;
}

enum mg_status
mg_op_gather(struct mg_policy *p, struct clgrpo_tensor table, struct clgrpo_tensor index, struct clgrpo_tensor y,
             struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_embedding_args args = CLGRPO_EMBEDDING_ARGS_INIT;

    args.table = table;
    args.index = index;
    args.y = y;
    MG_RUN(clgrpo_embedding, args);
out:
    return st;
}

enum mg_status
mg_op_scatter(struct mg_policy *p, struct clgrpo_tensor dy, struct clgrpo_tensor index, struct clgrpo_tensor dtable,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_embedding_backward_args args = CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT;

    args.dy = dy;
    args.index = index;
    args.dtable = dtable;
    MG_RUN(clgrpo_embedding_backward, args);
out:
    return st;
}

enum mg_status
mg_op_zero(struct mg_policy *p, struct clgrpo_tensor t, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_RUN(clgrpo_tensor_zero, t);
out:
    return st;
}

static size_t
bytes_of(const struct clgrpo_tensor *t)
{
    return clgrpo_tensor_elems(t) * clgrpo_dtype_bytes(t->dtype);
}

enum mg_status
mg_op_write(struct mg_policy *p, struct clgrpo_tensor t, const void *host, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_from_clgrpo(p, clgrpo_tensor_write(p->ctx, p->queue, &t, host, bytes_of(&t)), err));
out:
    return st;
}

enum mg_status
mg_op_read(struct mg_policy *p, struct clgrpo_tensor t, void *host, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_from_clgrpo(p, clgrpo_tensor_read(p->ctx, p->queue, &t, host, bytes_of(&t)), err));
out:
    return st;
}
