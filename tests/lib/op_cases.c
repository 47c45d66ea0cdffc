/* SPDX-License-Identifier: Apache-2.0 */
#include "op_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stored.h"

enum { N = 5, E = 32, F = 24, V = 40, H = 4, K = 2, D = 32, S = 2, L = 64 };

/* Tensors: read; read and written; written. Those with ACT hold activations, or their gradients. */
#define FILLED(dtype, is_output, ...)                                                                                  \
    op_bag_fill(b, dtype, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), FX_SHAPE(__VA_ARGS__), is_output)
#define IN(...)        FILLED(CLGRPO_F32, false, __VA_ARGS__)
#define INOUT(...)     FILLED(CLGRPO_F32, true, __VA_ARGS__)
#define IN_ACT(...)    FILLED(b->act, false, __VA_ARGS__)
#define INOUT_ACT(...) FILLED(b->act, true, __VA_ARGS__)
#define OUT_OF(dtype, ...)                                                                                             \
    op_bag_keep(b, fx_output(b->ctx, dtype, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), FX_SHAPE(__VA_ARGS__)),  \
                true)
#define OUT(...)     OUT_OF(CLGRPO_F32, __VA_ARGS__)
#define OUT_ACT(...) OUT_OF(b->act, __VA_ARGS__)

static const int32_t offsets[3] = {0, 2, N}, prefix[2] = {-1, 0}, tokens[N] = {3, 39, 0, 3, 17},
                     positions[N] = {0, 1, 0, 1, 2}, slots[N] = {0, 0, 1, 1, 1}, no_prefix[N] = {0};

/* FORM: arguments of an operation, filled by what follows. OP: those that have its name, and its call. */
#define FORM(name, op)                                                                                                 \
    static void fill_##name(struct op_bag *b, struct clgrpo_##op##_args *a);                                           \
    static void make_##name(struct op_bag *b)                                                                          \
    {                                                                                                                  \
        b->args = calloc(1, sizeof(struct clgrpo_##op##_args));                                                        \
        ck_assert_ptr_nonnull(b->args);                                                                                \
        fill_##name(b, b->args);                                                                                       \
    }                                                                                                                  \
    static void fill_##name(struct op_bag *b, struct clgrpo_##op##_args *a)
#define OP(name)                                                                                                       \
    static enum clgrpo_status call_##name(const struct op_bag *b, cl_command_queue queue, cl_event *event)             \
    {                                                                                                                  \
        struct clgrpo_##name##_args *a = b->args;                                                                      \
                                                                                                                       \
        return clgrpo_##name(b->ctx, a, queue, 0, NULL, event);                                                        \
    }                                                                                                                  \
    FORM(name, name)

#define WORKSPACE(name)                                                                                                \
    do {                                                                                                               \
        size_t bytes_ = 0;                                                                                             \
                                                                                                                       \
        fx_ok(b->ctx, clgrpo_##name##_workspace(b->ctx, a, &bytes_));                                                  \
        b->workspace = a->workspace = fx_workspace(b->ctx, bytes_);                                                    \
    } while (0)

OP(embedding)
{
    *a = CLGRPO_EMBEDDING_ARGS_INIT;
    a->table = IN(V, E);
    a->index = op_bag_integers(b, N, tokens);
    a->y = OUT_ACT(N, E);
}

OP(embedding_backward)
{
    *a = CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT;
    a->dy = IN_ACT(N, E);
    a->index = op_bag_integers(b, N, tokens);
    a->dtable = INOUT(V, E);
}

OP(rmsnorm)
{
    *a = CLGRPO_RMSNORM_ARGS_INIT;
    a->x = INOUT_ACT(N, E);
    a->residual = IN_ACT(N, E);
    a->w = IN(E);
    a->y = OUT_ACT(N, E);
    a->rstd = OUT(N);
}

/* Without a residual. */
FORM(rmsnorm_alone, rmsnorm)
{
    *a = CLGRPO_RMSNORM_ARGS_INIT;
    a->x = IN_ACT(N, E);
    a->w = IN(E);
    a->y = OUT_ACT(N, E);
}

OP(rmsnorm_backward)
{
    *a = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;
    a->x = IN_ACT(N, E);
    a->w = IN(E);
    a->rstd = IN(N);
    a->dy = IN_ACT(N, E);
    a->dx = OUT_ACT(N, E);
    a->dw = INOUT(E);
    WORKSPACE(rmsnorm_backward);
}

OP(rope)
{
    float table[8 * D];

    *a = CLGRPO_ROPE_ARGS_INIT;
    clgrpo_rope_table_fill(table, 8, D, 10000.0);
    a->x = INOUT_ACT(N, H, D);
    a->position = op_bag_integers(b, N, positions);
    a->table = op_bag_keep(b, fx_upload(b->ctx, CLGRPO_F32, 2, FX_SHAPE(8, D), table), false);
}

OP(swiglu)
{
    *a = CLGRPO_SWIGLU_ARGS_INIT;
    a->gate_up = IN_ACT(N, 2 * F);
    a->y = OUT_ACT(N, F);
}

OP(swiglu_backward)
{
    *a = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;
    a->gate_up = IN_ACT(N, 2 * F);
    a->dy = IN_ACT(N, F);
    a->dgate_up = OUT_ACT(N, 2 * F);
}

OP(add)
{
    *a = CLGRPO_ADD_ARGS_INIT;
    a->a = IN_ACT(N, E);
    a->b = IN_ACT(N, E);
    a->y = OUT_ACT(N, E);
}

OP(cast)
{
    *a = CLGRPO_CAST_ARGS_INIT;
    a->x = IN(N, E);
    a->y = OUT_OF(CLGRPO_BF16, N, E);
}

OP(gemm)
{
    *a = CLGRPO_GEMM_ARGS_INIT;
    a->a = IN(E, N);
    a->b = IN(E, V);
    a->c = INOUT_ACT(N, V);
    a->trans_a = a->accumulate = true;
    a->alpha = 0.5f; /* the form that packs all of b first */
    WORKSPACE(gemm);
}

OP(gemm_pack)
{
    *a = CLGRPO_GEMM_PACK_ARGS_INIT;
    a->b = IN(V, E);
    a->trans_b = true;
    a->packed = OUT(clgrpo_gemm_pack_elems(b->ctx, E, V));
}

/* What the two passes of the head are given alike, and those of attention. */
#define GIVE_HEAD() (a->x = IN(N, E), a->w = IN(V, E), a->target = op_bag_integers(b, N, tokens))
#define GIVE_BATCH()                                                                                                   \
    (a->q = IN_ACT(N, H, D), a->k = IN_ACT(N, K, D), a->v = IN_ACT(N, K, D),                                           \
     a->offsets = op_bag_integers(b, 3, offsets), a->prefix = op_bag_integers(b, 2, prefix), a->max_len = 3,           \
     a->scale = 0.2f)

OP(linear_logprob)
{
    *a = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    GIVE_HEAD();
    a->logprob = OUT(N);
    a->lse = OUT(N);
    a->entropy = OUT(N);
    WORKSPACE(linear_logprob);
}

OP(linear_logprob_backward)
{
    *a = CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT;
    GIVE_HEAD();
    a->lse = IN(N);
    a->entropy = IN(N);
    a->dlogprob = IN(N);
    a->dentropy = IN(N);
    a->dx = OUT(N, E);
    a->dw = INOUT(V, E);
    WORKSPACE(linear_logprob_backward);
}

OP(attention)
{
    *a = CLGRPO_ATTENTION_ARGS_INIT;
    GIVE_BATCH();
    a->o = OUT_ACT(N, H, D);
    a->lse = OUT(N, H);
    WORKSPACE(attention);
}

OP(attention_backward)
{
    *a = CLGRPO_ATTENTION_BACKWARD_ARGS_INIT;
    GIVE_BATCH();
    a->o = IN_ACT(N, H, D);
    a->lse = IN(N, H);
    a->dout = IN_ACT(N, H, D);
    a->dq = OUT_ACT(N, H, D);
    a->dk = OUT_ACT(N, K, D);
    a->dv = OUT_ACT(N, K, D);
    WORKSPACE(attention_backward);
}

OP(kv_append)
{
    *a = CLGRPO_KV_APPEND_ARGS_INIT;
    a->k = IN_ACT(N, K, D);
    a->v = IN_ACT(N, K, D);
    a->slot = op_bag_integers(b, N, slots);
    a->position = op_bag_integers(b, N, positions);
    a->k_cache = INOUT(S, K, L / CLGRPO_ATTENTION_BLOCK, D * CLGRPO_ATTENTION_BLOCK);
    a->v_cache = INOUT(S, K, L, D);
}

OP(kv_copy)
{
    *a = CLGRPO_KV_COPY_ARGS_INIT;
    a->source = op_bag_integers(b, 1, (const int32_t[]){0});
    a->target = op_bag_integers(b, 1, (const int32_t[]){1});
    a->length = op_bag_integers(b, 1, (const int32_t[]){3});
    a->k_cache = INOUT(S, K, L / CLGRPO_ATTENTION_BLOCK, D * CLGRPO_ATTENTION_BLOCK);
    a->v_cache = INOUT(S, K, L, D);
}

OP(attention_decode)
{
    *a = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    a->q = IN_ACT(N, H, D);
    a->slot = op_bag_integers(b, N, slots);
    a->position = op_bag_integers(b, N, positions);
    a->k_cache = IN(S, K, L / CLGRPO_ATTENTION_BLOCK, D * CLGRPO_ATTENTION_BLOCK);
    a->v_cache = IN(S, K, L, D);
    a->prefix_slot = op_bag_integers(b, N, slots);
    a->prefix_length = op_bag_integers(b, N, no_prefix);
    a->o = OUT_ACT(N, H, D);
    a->scale = 0.2f;
}

OP(advantage)
{
    *a = CLGRPO_ADVANTAGE_ARGS_INIT;
    a->reward = IN(N);
    a->offsets = op_bag_integers(b, 3, offsets);
    a->advantage = OUT(N);
    a->group_mean = OUT(2);
    a->group_deviation = OUT(2);
    a->group_flat = OUT_OF(CLGRPO_I32, 2);
    a->batch_deviation = OUT(1);
    a->kind = CLGRPO_ADVANTAGE_BATCH;
}

static void
policy_tensors(struct op_bag *b, struct clgrpo_policy_loss_args *a)
{
    *a = CLGRPO_POLICY_LOSS_ARGS_INIT;
    a->logprob = IN(N);
    a->old_logprob = IN(N);
    a->advantage = IN(N);
    a->weight = IN(N);
    a->dlogprob = OUT(N);
    a->stats = OUT(CLGRPO_POLICY_STATS);
}

OP(policy_loss)
{
    policy_tensors(b, a);
    WORKSPACE(policy_loss);
}

FORM(policy_loss_rows, policy_loss)
{
    static const int32_t rows[] = {0, 2, N};

    policy_tensors(b, a);
    a->sampled_logprob = IN(N);
    a->ref_logprob = IN(N);
    a->offsets = op_bag_integers(b, 3, rows);
    a->ratio = CLGRPO_RATIO_MEAN;
    a->correction = CLGRPO_CORRECTION_ROW_TRUNCATE;
    a->kl_beta = 0.1f;
    WORKSPACE(policy_loss);
}

OP(sample)
{
    static const uint64_t keys[2 * N] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

    *a = CLGRPO_SAMPLE_ARGS_INIT;
    a->logits = IN_ACT(N, V);
    a->key = op_bag_keep(b, fx_upload(b->ctx, CLGRPO_U64, 2, FX_SHAPE(N, 2), keys), false);
    a->token = OUT_OF(CLGRPO_I32, N);
    a->logprob = OUT(N);
    a->top_k = 7;
    a->top_p = 0.9f;
    WORKSPACE(sample);
}

/* One row so long that groups of the cpu family share it. */
FORM(sample_shared, sample)
{
    static const uint64_t keys[2] = {1, 2};

    *a = CLGRPO_SAMPLE_ARGS_INIT;
    a->logits = IN_ACT(1, 16385);
    a->key = op_bag_keep(b, fx_upload(b->ctx, CLGRPO_U64, 2, FX_SHAPE(1, 2), keys), false);
    a->token = OUT_OF(CLGRPO_I32, 1);
    a->logprob = OUT(1);
    a->top_k = 7;
    WORKSPACE(sample);
}

OP(global_norm)
{
    *a = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    a->grad = IN(V * E);
    a->out = OUT(2);
    a->max_norm = 1.0f;
    WORKSPACE(global_norm);
}

OP(adamw)
{
    static const float zeros[V * E];
    uint16_t grad[V * E];

    *a = CLGRPO_ADAMW_ARGS_INIT;
    a->param = INOUT(V * E);
    for (int i = 0; i < V * E; i++)
        grad[i] = (uint16_t)(0x3c00 + i % 128); /* bf16 from 2^-7 to 2^-6 */
    a->grad = op_bag_keep(b, fx_upload(b->ctx, CLGRPO_BF16, 1, FX_SHAPE(V * E), grad), false);
    a->copy = OUT_OF(CLGRPO_BF16, V * E);
    a->m = op_bag_keep(b, fx_upload(b->ctx, CLGRPO_F32, 1, FX_SHAPE(V * E), zeros), true);
    a->v = op_bag_keep(b, fx_upload(b->ctx, CLGRPO_F32, 1, FX_SHAPE(V * E), zeros), true);
    a->lr = 0.01f;
    a->step = 1;
}

#define CASE(name)                                                                                                     \
    {                                                                                                                  \
#name, make_##name, call_##name                                                                                \
    }
const struct op_case op_cases[] = {
    CASE(embedding),
    CASE(embedding_backward),
    CASE(rmsnorm),
    {"rmsnorm_alone", make_rmsnorm_alone, call_rmsnorm},
    CASE(rmsnorm_backward),
    CASE(rope),
    CASE(swiglu),
    CASE(swiglu_backward),
    CASE(add),
    CASE(cast),
    CASE(gemm),
    CASE(gemm_pack),
    CASE(linear_logprob),
    CASE(attention),
    CASE(linear_logprob_backward),
    CASE(kv_append),
    CASE(kv_copy),
    CASE(attention_backward),
    CASE(attention_decode),
    CASE(advantage),
    CASE(policy_loss),
    {"policy_loss_rows", make_policy_loss_rows, call_policy_loss},
    CASE(sample),
    {"sample_shared", make_sample_shared, call_sample},
    CASE(global_norm),
    CASE(adamw),
};
const unsigned n_op_cases = sizeof op_cases / sizeof op_cases[0];
