/* SPDX-License-Identifier: Apache-2.0 */
/* Calls with their arguments, prepared once and run in a row, with all that they work on. */
#ifndef CLGRPO_BENCH_PLAN_H
#define CLGRPO_BENCH_PLAN_H

#include <stdlib.h>

#include "measure/bench.h"

enum { PLAN_TENSORS = 160, PLAN_CALLS = 96 };

struct plan_call {
    enum clgrpo_status (*run)(struct bench *b, const void *args);
    union {
        struct clgrpo_gemm_args gemm;
        struct clgrpo_embedding_args embedding;
        struct clgrpo_embedding_backward_args embedding_backward;
        struct clgrpo_rmsnorm_args rmsnorm;
        struct clgrpo_rmsnorm_backward_args rmsnorm_backward;
        struct clgrpo_rope_args rope;
        struct clgrpo_attention_args attention;
        struct clgrpo_attention_backward_args attention_backward;
        struct clgrpo_kv_append_args kv_append;
        struct clgrpo_attention_decode_args attention_decode;
        struct clgrpo_swiglu_args swiglu;
        struct clgrpo_swiglu_backward_args swiglu_backward;
        struct clgrpo_add_args add;
        struct clgrpo_linear_logprob_args linear_logprob;
        struct clgrpo_linear_logprob_backward_args linear_logprob_backward;
        struct clgrpo_sample_args sample;
        struct clgrpo_advantage_args advantage;
        struct clgrpo_policy_loss_args policy_loss;
        struct clgrpo_global_norm_args global_norm;
        struct clgrpo_adamw_args adamw;
        struct clgrpo_cast_args cast;
        struct clgrpo_tensor zero;
    } args;
    struct clgrpo_workspace space;
};

struct plan {
    struct bench *b;
    struct clgrpo_tensor all[PLAN_TENSORS];
    struct plan_call calls[PLAN_CALLS];
    unsigned n, n_calls;
};

/* Tensors of the plan. A vector has rank 1. */
struct clgrpo_tensor plan_matrix(struct plan *p, size_t rows, size_t columns);
struct clgrpo_tensor plan_vector(struct plan *p, size_t n);
struct clgrpo_tensor plan_heads(struct plan *p, size_t rows, size_t heads, size_t dim);
struct clgrpo_tensor plan_ints(struct plan *p, size_t n, const cl_int *host);
struct clgrpo_tensor plan_blank(struct plan *p, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape);
/* n integers, i / by * step modulo `below`. */
struct clgrpo_tensor plan_indices(struct plan *p, size_t n, size_t by, size_t step, size_t below);
struct clgrpo_tensor plan_keep(struct plan *p, struct clgrpo_tensor t);

/* Appends a call; a call that wants a workspace gets one of its own. */
#define PLAN(p, op, a)                                                                                                 \
    do {                                                                                                               \
        struct plan_call *call_ = plan_next(p);                                                                        \
        call_->run = plan_run_##op;                                                                                    \
        call_->args.op = (a);                                                                                          \
    } while (0)
#define PLAN_WITH_SPACE(p, op, a)                                                                                      \
    do {                                                                                                               \
        size_t bytes_ = 0;                                                                                             \
        bench_ok((p)->b, clgrpo_##op##_workspace((p)->b->ctx, &(a), &bytes_), #op);                                    \
        (a).workspace = bench_workspace((p)->b, bytes_);                                                               \
        PLAN(p, op, a);                                                                                                \
        (p)->calls[(p)->n_calls - 1].space = (a).workspace;                                                            \
    } while (0)
struct plan_call *plan_next(struct plan *p);
#define PLAN_RUNNER(op) enum clgrpo_status plan_run_##op(struct bench *b, const void *args)
PLAN_RUNNER(gemm);
PLAN_RUNNER(embedding);
PLAN_RUNNER(embedding_backward);
PLAN_RUNNER(rmsnorm);
PLAN_RUNNER(rmsnorm_backward);
PLAN_RUNNER(rope);
PLAN_RUNNER(attention);
PLAN_RUNNER(attention_backward);
PLAN_RUNNER(kv_append);
PLAN_RUNNER(attention_decode);
PLAN_RUNNER(swiglu);
PLAN_RUNNER(swiglu_backward);
PLAN_RUNNER(add);
PLAN_RUNNER(linear_logprob);
PLAN_RUNNER(linear_logprob_backward);
PLAN_RUNNER(sample);
PLAN_RUNNER(advantage);
PLAN_RUNNER(policy_loss);
PLAN_RUNNER(global_norm);
PLAN_RUNNER(adamw);
PLAN_RUNNER(cast);
PLAN_RUNNER(zero);

/* All calls once; arg is the plan, as a bench_case has it. */
enum clgrpo_status plan_run(struct bench *b, void *arg);
void plan_release(struct plan *p);

/*
 * One decoder layer of a Qwen or Llama form: two RMSNorms, grouped queries with RoPE, SwiGLU. dim is that of a head.
 * Sequences of tokens are packed: offsets[sequences + 1], none longer than max_len.
 */
struct layer_shape {
    size_t tokens, sequences, max_len, width, heads, key_heads, dim, inner;
};
/* What the layers of a model share. table [max_len][dim], position [tokens]. */
struct layer_inputs {
    struct clgrpo_tensor position, table, offsets;
};
struct layer_weights {
    struct clgrpo_tensor norm1, qkv, o, norm2, gate_up, down;
};
/* What the backward needs of the forward. */
struct layer_state {
    struct clgrpo_tensor x, n1, rstd1, qkv, lse, o, h, n2, rstd2, gate_up, mlp;
};
size_t layer_weight_elems(const struct layer_shape *s);
/* The weights as views of `flat` from element `at` on, in the order above; also of gradients. */
struct layer_weights layer_weights_of(const struct layer_shape *s, struct clgrpo_tensor flat, size_t at);
/* flop of the products of a forward; with attention over `pairs` of query and key, of its two. */
double layer_flop(const struct layer_shape *s);
double layer_attention_flop(const struct layer_shape *s, double pairs);
/* Appends the calls; the layer's output. */
struct clgrpo_tensor layer_forward(struct plan *p, const struct layer_shape *s, const struct layer_inputs *in,
                                   const struct layer_weights *w, struct clgrpo_tensor x, struct layer_state *state);
/* The gradient of x; those of the weights are added to. */
struct clgrpo_tensor layer_backward(struct plan *p, const struct layer_shape *s, const struct layer_inputs *in,
                                    const struct layer_weights *w, const struct layer_weights *dw,
                                    const struct layer_state *state, struct clgrpo_tensor dy);
/* A normalisation with its gain, and its gradients. With a residual, *total is x + residual, and is what is normalised.
 */
struct clgrpo_tensor layer_norm(struct plan *p, struct clgrpo_tensor x, struct clgrpo_tensor w,
                                const struct clgrpo_tensor *residual, struct clgrpo_tensor *total,
                                struct clgrpo_tensor *rstd);
struct clgrpo_tensor layer_norm_backward(struct plan *p, struct clgrpo_tensor x, struct clgrpo_tensor w,
                                         struct clgrpo_tensor rstd, struct clgrpo_tensor dy, struct clgrpo_tensor dw);

#endif
