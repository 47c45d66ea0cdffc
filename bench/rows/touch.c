/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "rows/touch.h"

/* Every operation once, in the forms that a training step uses, on sizes so small that only the programs cost. */

enum { N = 64, E = 64, V = 128, HEADS = 2, D = 64, MAX_TENSORS = 64, SCRATCH = 16 << 20 };

struct touch {
    struct bench *b;
    struct clgrpo_tensor all[MAX_TENSORS];
    unsigned n;
    struct clgrpo_workspace scratch;
    struct clgrpo_tensor index, offsets; /* 0, 1, 2 ... below V; one sequence of N */
};

static struct clgrpo_tensor
keep(struct touch *t, struct clgrpo_tensor x)
{
    if (t->n < MAX_TENSORS)
        t->all[t->n++] = x;
    return x;
}

static struct clgrpo_tensor
vector(struct touch *t, size_t n)
{
    return keep(t, bench_random(t->b, 1, BENCH_SHAPE(n)));
}

static struct clgrpo_tensor
matrix(struct touch *t, size_t rows, size_t columns)
{
    return keep(t, bench_random(t->b, 2, BENCH_SHAPE(rows, columns)));
}

static struct clgrpo_tensor
heads(struct touch *t)
{
    return keep(t, bench_random(t->b, 3, BENCH_SHAPE(N, HEADS, D)));
}

#define RUN(t, op, args) bench_ok((t)->b, clgrpo_##op((t)->b->ctx, &(args), (t)->b->queue, 0, NULL, NULL), #op)

static void
touch_products(struct touch *t)
{
    struct clgrpo_gemm_args gemm = CLGRPO_GEMM_ARGS_INIT;
    struct clgrpo_gemm_pack_args pack = CLGRPO_GEMM_PACK_ARGS_INIT;

    gemm.a = matrix(t, N, N);
    gemm.b = pack.b = matrix(t, N, N);
    gemm.c = matrix(t, N, N);
    gemm.workspace = t->scratch;
    RUN(t, gemm, gemm);
    gemm.trans_a = gemm.accumulate = true;
    RUN(t, gemm, gemm);
    gemm.trans_a = gemm.accumulate = false;
    gemm.trans_b = pack.trans_b = true;
    RUN(t, gemm, gemm);
    gemm.b_packed = pack.packed = vector(t, clgrpo_gemm_pack_elems(t->b->ctx, N, N));
    RUN(t, gemm_pack, pack);
    RUN(t, gemm, gemm);
}

static void
touch_attention(struct touch *t)
{
    struct clgrpo_attention_args fwd = CLGRPO_ATTENTION_ARGS_INIT;
    struct clgrpo_attention_backward_args bwd = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;

    fwd.q = bwd.q = heads(t);
    fwd.k = bwd.k = heads(t);
    fwd.v = bwd.v = heads(t);
    fwd.o = bwd.o = heads(t);
    fwd.lse = bwd.lse = matrix(t, N, HEADS);
    fwd.offsets = bwd.offsets = t->offsets;
    bwd.dout = heads(t);
    bwd.dq = heads(t);
    bwd.dk = heads(t);
    bwd.dv = heads(t);
    fwd.max_len = bwd.max_len = N;
    fwd.scale = bwd.scale = 0.125f;
    fwd.workspace = bwd.workspace = t->scratch;
    RUN(t, attention, fwd);
    RUN(t, attention_backward, bwd);
}

static void
touch_decoding(struct touch *t)
{
    enum { LENGTH = 2 * CLGRPO_ATTENTION_BLOCK };
    struct clgrpo_kv_append_args append = CLGRPO_KV_APPEND_ARGS_INIT;
    struct clgrpo_kv_copy_args copy = CLGRPO_KV_COPY_ARGS_INIT;
    struct clgrpo_attention_decode_args decode = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    struct clgrpo_sample_args sample = CLGRPO_SAMPLE_ARGS_INIT;
    struct clgrpo_tensor key = {0};

    append.k_cache = decode.k_cache = keep(
        t, bench_random(t->b, 4, BENCH_SHAPE(1, HEADS, LENGTH / CLGRPO_ATTENTION_BLOCK, D * CLGRPO_ATTENTION_BLOCK)));
    append.v_cache = decode.v_cache = keep(t, bench_random(t->b, 4, BENCH_SHAPE(1, HEADS, LENGTH, D)));
    copy.k_cache = append.k_cache;
    copy.v_cache = append.v_cache;
    copy.source = copy.target = copy.length = keep(t, bench_ints(t->b, 1, (const cl_int[]){0}));
    append.k = heads(t);
    append.v = heads(t);
    decode.q = heads(t);
    decode.o = heads(t);
    append.slot = decode.slot = keep(t, bench_ints(t->b, N, (const cl_int[N]){0}));
    append.position = decode.position = t->index;
    decode.scale = 0.125f;
    sample.workspace = t->scratch;
    RUN(t, kv_append, append);
    RUN(t, kv_copy, copy);
    RUN(t, attention_decode, decode);
    sample.logits = matrix(t, N, V);
    sample.logprob = vector(t, N);
    sample.token = keep(t, bench_ints(t->b, N, (const cl_int[N]){0}));
    if (bench_ok(t->b, clgrpo_tensor_create(t->b->ctx, CLGRPO_U64, 2, BENCH_SHAPE(N, 2), &key), "tensor"))
        bench_ok(t->b, clgrpo_tensor_zero(t->b->ctx, &key, t->b->queue, 0, NULL, NULL), "zero");
    sample.key = keep(t, key);
    RUN(t, sample, sample);
}

static void
touch_layer(struct touch *t)
{
    struct clgrpo_embedding_args embedding = CLGRPO_EMBEDDING_ARGS_INIT;
    struct clgrpo_embedding_backward_args embedding_back = CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT;
    struct clgrpo_rmsnorm_args norm = CLGRPO_RMSNORM_ARGS_INIT;
    struct clgrpo_rmsnorm_backward_args norm_back = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;
    struct clgrpo_rope_args rope = CLGRPO_ROPE_ARGS_INIT;
    struct clgrpo_add_args add = CLGRPO_ADD_ARGS_INIT;
    struct clgrpo_swiglu_args swiglu = CLGRPO_SWIGLU_ARGS_INIT;
    struct clgrpo_swiglu_backward_args swiglu_back = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;

    embedding.table = embedding_back.dtable = matrix(t, V, E);
    embedding.index = embedding_back.index = rope.position = t->index;
    embedding.y = norm.x = norm_back.x = add.a = matrix(t, N, E);
    embedding_back.dy = norm_back.dy = add.b = swiglu_back.dy = matrix(t, N, E);
    norm.w = norm_back.w = vector(t, E);
    norm.y = norm_back.dx = add.y = swiglu.y = matrix(t, N, E);
    norm.rstd = norm_back.rstd = vector(t, N);
    norm_back.dw = vector(t, E);
    norm_back.workspace = t->scratch;
    rope.x = heads(t);
    rope.table = matrix(t, N, D);
    swiglu.gate_up = swiglu_back.gate_up = matrix(t, N, 2 * (size_t)E);
    swiglu_back.dgate_up = matrix(t, N, 2 * (size_t)E);
    RUN(t, embedding, embedding);
    RUN(t, embedding_backward, embedding_back);
    RUN(t, rmsnorm, norm);
    RUN(t, rmsnorm_backward, norm_back);
    RUN(t, rope, rope);
    rope.inverse = true;
    RUN(t, rope, rope);
    RUN(t, add, add);
    RUN(t, swiglu, swiglu);
    RUN(t, swiglu_backward, swiglu_back);
}

static void
touch_policy(struct touch *t)
{
    struct clgrpo_linear_logprob_args fwd = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    struct clgrpo_linear_logprob_backward_args bwd = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;
    struct clgrpo_advantage_args advantage = CLGRPO_ADVANTAGE_ARGS_INIT;
    struct clgrpo_policy_loss_args loss = CLGRPO_POLICY_LOSS_ARGS_INIT;

    fwd.x = bwd.x = matrix(t, N, E);
    fwd.w = bwd.w = matrix(t, V, E);
    fwd.target = bwd.target = t->index;
    fwd.logprob = loss.logprob = advantage.reward = vector(t, N);
    fwd.lse = bwd.lse = vector(t, N);
    fwd.entropy = loss.old_logprob = vector(t, N);
    bwd.dlogprob = loss.dlogprob = vector(t, N);
    bwd.dx = matrix(t, N, E);
    bwd.dw = matrix(t, V, E);
    advantage.offsets = t->offsets;
    advantage.advantage = loss.advantage = vector(t, N);
    loss.weight = vector(t, N);
    loss.stats = vector(t, CLGRPO_POLICY_STATS);
    fwd.workspace = bwd.workspace = loss.workspace = t->scratch;
    RUN(t, linear_logprob, fwd);
    RUN(t, linear_logprob_backward, bwd);
    RUN(t, advantage, advantage);
    RUN(t, policy_loss, loss);
}

static void
touch_optimiser(struct touch *t)
{
    struct clgrpo_global_norm_args norm = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    struct clgrpo_adamw_args adamw = CLGRPO_ADAMW_ARGS_INIT;

    adamw.param = vector(t, N);
    adamw.grad = norm.grad = vector(t, N);
    adamw.m = vector(t, N);
    adamw.v = vector(t, N);
    norm.out = vector(t, 2);
    norm.workspace = t->scratch;
    adamw.lr = 1e-6f;
    adamw.step = 1;
    RUN(t, global_norm, norm);
    RUN(t, adamw, adamw);
}

void
touch_all(struct bench *b)
{
    struct touch t = {.b = b};
    cl_int index[N];

    for (cl_int i = 0; i < N; i++)
        index[i] = i;
    t.scratch = bench_workspace(b, SCRATCH);
    t.index = keep(&t, bench_ints(b, N, index));
    t.offsets = keep(&t, bench_ints(b, 2, (const cl_int[]){0, N}));
    touch_products(&t);
    touch_attention(&t);
    touch_decoding(&t);
    touch_layer(&t);
    touch_policy(&t);
    touch_optimiser(&t);
    bench_ok(b, clgrpo_queue_finish(b->ctx, b->queue), "finish");
    for (unsigned i = 0; i < t.n; i++)
        bench_release(&t.all[i]);
    bench_release_workspace(&t.scratch);
}
