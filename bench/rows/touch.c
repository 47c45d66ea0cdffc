/* SPDX-License-Identifier: Apache-2.0 */
#include "rows/touch.h"

#include "rows/plan.h"

enum { N = 64, E = 64, V = 128, HEADS = 2, D = 64 };

static void
touch_products(struct plan *p)
{
    struct clgrpo_gemm_args gemm = CLGRPO_GEMM_ARGS_INIT;
    struct clgrpo_gemm_pack_args pack = CLGRPO_GEMM_PACK_ARGS_INIT;

    gemm.a = plan_matrix(p, N, N);
    gemm.b = pack.b = plan_matrix(p, N, N);
    gemm.c = plan_matrix(p, N, N);
    PLAN_WITH_SPACE(p, gemm, gemm);
    gemm.trans_a = gemm.accumulate = true;
    PLAN_WITH_SPACE(p, gemm, gemm);
    gemm.trans_a = gemm.accumulate = false;
    gemm.trans_b = pack.trans_b = true;
    PLAN_WITH_SPACE(p, gemm, gemm);
    gemm.b_packed = pack.packed = plan_vector(p, clgrpo_gemm_pack_elems(p->b->ctx, N, N));
    PLAN(p, gemm_pack, pack);
    PLAN_WITH_SPACE(p, gemm, gemm);
}

static void
touch_attention(struct plan *p)
{
    struct clgrpo_attention_args fwd = CLGRPO_ATTENTION_ARGS_INIT;
    struct clgrpo_attention_backward_args bwd = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;

    fwd.q = bwd.q = plan_heads(p, N, HEADS, D);
    fwd.k = bwd.k = plan_heads(p, N, HEADS, D);
    fwd.v = bwd.v = plan_heads(p, N, HEADS, D);
    fwd.o = bwd.o = plan_heads(p, N, HEADS, D);
    fwd.lse = bwd.lse = plan_matrix(p, N, HEADS);
    fwd.offsets = bwd.offsets = plan_series(p, 2, 0, 1, N);
    bwd.dout = plan_heads(p, N, HEADS, D);
    bwd.dq = plan_heads(p, N, HEADS, D);
    bwd.dk = plan_heads(p, N, HEADS, D);
    bwd.dv = plan_heads(p, N, HEADS, D);
    fwd.max_len = bwd.max_len = N;
    fwd.scale = bwd.scale = 0.125f;
    PLAN_WITH_SPACE(p, attention, fwd);
    PLAN_WITH_SPACE(p, attention_backward, bwd);
}

static void
touch_decoding(struct plan *p)
{
    enum { LENGTH = 2 * CLGRPO_ATTENTION_BLOCK };
    struct clgrpo_kv_append_args append = CLGRPO_KV_APPEND_ARGS_INIT;
    struct clgrpo_kv_copy_args copy = CLGRPO_KV_COPY_ARGS_INIT;
    struct clgrpo_attention_decode_args decode = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    struct clgrpo_sample_args sample = CLGRPO_SAMPLE_ARGS_INIT;

    append.k_cache = decode.k_cache = plan_random(
        p, CLGRPO_F32, 4, BENCH_SHAPE(1, HEADS, LENGTH / CLGRPO_ATTENTION_BLOCK, D * CLGRPO_ATTENTION_BLOCK));
    append.v_cache = decode.v_cache = plan_random(p, CLGRPO_F32, 4, BENCH_SHAPE(1, HEADS, LENGTH, D));
    copy.k_cache = append.k_cache;
    copy.v_cache = append.v_cache;
    copy.source = copy.target = copy.length = plan_series(p, 1, 0, 1, 0);
    append.k = plan_heads(p, N, HEADS, D);
    append.v = plan_heads(p, N, HEADS, D);
    decode.q = plan_heads(p, N, HEADS, D);
    decode.o = plan_heads(p, N, HEADS, D);
    append.slot = decode.slot = plan_series(p, N, 0, 1, 0);
    append.position = decode.position = plan_series(p, N, 0, 1, 1);
    decode.scale = 0.125f;
    PLAN(p, kv_append, append);
    PLAN(p, kv_copy, copy);
    PLAN(p, attention_decode, decode);
    sample.logits = plan_matrix(p, N, V);
    sample.logprob = plan_vector(p, N);
    sample.token = plan_series(p, N, 0, 1, 0);
    sample.key = plan_zeros(p, CLGRPO_U64, 2, BENCH_SHAPE(N, 2));
    PLAN_WITH_SPACE(p, sample, sample);
}

static void
touch_layer(struct plan *p)
{
    struct clgrpo_embedding_args embedding = CLGRPO_EMBEDDING_ARGS_INIT;
    struct clgrpo_embedding_backward_args embedding_back = CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT;
    struct clgrpo_rmsnorm_args norm = CLGRPO_RMSNORM_ARGS_INIT;
    struct clgrpo_rmsnorm_backward_args norm_back = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;
    struct clgrpo_rope_args rope = CLGRPO_ROPE_ARGS_INIT;
    struct clgrpo_add_args add = CLGRPO_ADD_ARGS_INIT;
    struct clgrpo_swiglu_args swiglu = CLGRPO_SWIGLU_ARGS_INIT;
    struct clgrpo_swiglu_backward_args swiglu_back = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;

    embedding.table = embedding_back.dtable = plan_matrix(p, V, E);
    embedding.index = embedding_back.index = rope.position = plan_series(p, N, 0, 1, 1);
    embedding.y = norm.x = norm_back.x = add.a = plan_matrix(p, N, E);
    embedding_back.dy = norm_back.dy = add.b = swiglu_back.dy = plan_matrix(p, N, E);
    norm.w = norm_back.w = plan_vector(p, E);
    norm.y = norm_back.dx = add.y = swiglu.y = plan_matrix(p, N, E);
    norm.rstd = norm_back.rstd = plan_vector(p, N);
    norm_back.dw = plan_vector(p, E);
    rope.x = plan_heads(p, N, HEADS, D);
    rope.table = plan_matrix(p, N, D);
    swiglu.gate_up = swiglu_back.gate_up = plan_matrix(p, N, 2 * (size_t)E);
    swiglu_back.dgate_up = plan_matrix(p, N, 2 * (size_t)E);
    PLAN(p, embedding, embedding);
    PLAN(p, embedding_backward, embedding_back);
    PLAN(p, rmsnorm, norm);
    PLAN_WITH_SPACE(p, rmsnorm_backward, norm_back);
    PLAN(p, rope, rope);
    rope.inverse = true;
    PLAN(p, rope, rope);
    PLAN(p, add, add);
    PLAN(p, swiglu, swiglu);
    PLAN(p, swiglu_backward, swiglu_back);
}

static void
touch_policy(struct plan *p)
{
    struct clgrpo_linear_logprob_args fwd = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    struct clgrpo_linear_logprob_backward_args bwd = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;
    struct clgrpo_advantage_args advantage = CLGRPO_ADVANTAGE_ARGS_INIT;
    struct clgrpo_policy_loss_args loss = CLGRPO_POLICY_LOSS_ARGS_INIT;

    fwd.x = bwd.x = plan_matrix(p, N, E);
    fwd.w = bwd.w = plan_matrix(p, V, E);
    fwd.target = bwd.target = plan_series(p, N, 0, 1, 1);
    fwd.logprob = loss.logprob = advantage.reward = plan_vector(p, N);
    fwd.lse = bwd.lse = plan_vector(p, N);
    fwd.entropy = loss.old_logprob = plan_vector(p, N);
    bwd.dlogprob = loss.dlogprob = plan_vector(p, N);
    bwd.dx = plan_matrix(p, N, E);
    bwd.dw = plan_matrix(p, V, E);
    advantage.offsets = plan_series(p, 2, 0, 1, N);
    advantage.advantage = loss.advantage = plan_vector(p, N);
    loss.weight = plan_vector(p, N);
    loss.stats = plan_vector(p, CLGRPO_POLICY_STATS);
    PLAN_WITH_SPACE(p, linear_logprob, fwd);
    PLAN_WITH_SPACE(p, linear_logprob_backward, bwd);
    PLAN(p, advantage, advantage);
    PLAN_WITH_SPACE(p, policy_loss, loss);
}

static void
touch_optimiser(struct plan *p)
{
    struct clgrpo_global_norm_args norm = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    struct clgrpo_adamw_args adamw = CLGRPO_ADAMW_ARGS_INIT;

    adamw.param = plan_vector(p, N);
    adamw.grad = norm.grad = plan_vector(p, N);
    adamw.m = plan_vector(p, N);
    adamw.v = plan_vector(p, N);
    norm.out = plan_vector(p, 2);
    adamw.lr = 1e-6f;
    adamw.step = 1;
    PLAN_WITH_SPACE(p, global_norm, norm);
    PLAN(p, adamw, adamw);
}

void
touch_all(struct bench *b)
{
    static struct plan p;

    p = (struct plan){.b = b};
    touch_products(&p);
    touch_attention(&p);
    touch_decoding(&p);
    touch_layer(&p);
    touch_policy(&p);
    touch_optimiser(&p);
    if (!b->failed && bench_ok(b, plan_run(b, &p), "start"))
        bench_ok(b, clgrpo_queue_finish(b->ctx, b->queue), "start");
    plan_release(&p);
}
