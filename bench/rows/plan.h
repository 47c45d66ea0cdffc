/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence of calls of the library, prepared once and run many times, with all the tensors that it works on. */
#ifndef CLGRPO_BENCH_PLAN_H
#define CLGRPO_BENCH_PLAN_H

#include "measure/bench.h"

enum { PLAN_TENSORS = 160, PLAN_CALLS = 96 };

/* Every operation that a plan can call: X(op) for clgrpo_<op>. */
#define PLAN_OPERATIONS(X)                                                                                             \
    X(gemm)                                                                                                            \
    X(gemm_pack)                                                                                                       \
    X(embedding)                                                                                                       \
    X(embedding_backward)                                                                                              \
    X(rmsnorm)                                                                                                         \
    X(rmsnorm_backward)                                                                                                \
    X(rope)                                                                                                            \
    X(attention)                                                                                                       \
    X(attention_backward)                                                                                              \
    X(kv_append)                                                                                                       \
    X(kv_copy)                                                                                                         \
    X(attention_decode)                                                                                                \
    X(swiglu)                                                                                                          \
    X(swiglu_backward)                                                                                                 \
    X(add)                                                                                                             \
    X(linear_logprob)                                                                                                  \
    X(linear_logprob_backward)                                                                                         \
    X(sample)                                                                                                          \
    X(advantage)                                                                                                       \
    X(policy_loss)                                                                                                     \
    X(global_norm)                                                                                                     \
    X(adamw)                                                                                                           \
    X(cast)
#define PLAN_ARGS(op) struct clgrpo_##op##_args op;

struct plan_call {
    enum clgrpo_status (*run)(struct bench *b, const void *args);
    union {
        PLAN_OPERATIONS(PLAN_ARGS)
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

/* Tensors that belong to the plan: of random numbers, of integers, of zeros. A vector has rank 1. */
struct clgrpo_tensor plan_random(struct plan *p, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape);
struct clgrpo_tensor plan_matrix(struct plan *p, size_t rows, size_t columns);
struct clgrpo_tensor plan_vector(struct plan *p, size_t n);
struct clgrpo_tensor plan_heads(struct plan *p, size_t rows, size_t heads, size_t dim);
struct clgrpo_tensor plan_ints(struct plan *p, size_t n, const cl_int *host);
/* n integers: first + i / by * step. */
struct clgrpo_tensor plan_series(struct plan *p, size_t n, size_t first, size_t by, size_t step);
/* n integers: i / by * step modulo `below`. */
struct clgrpo_tensor plan_indices(struct plan *p, size_t n, size_t by, size_t step, size_t below);
struct clgrpo_tensor plan_zeros(struct plan *p, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape);

/* PLAN appends clgrpo_<op>() with the arguments a. PLAN_WITH_SPACE gives it a workspace first, which belongs to the
 * call. */
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
#define PLAN_RUNNER(op) enum clgrpo_status plan_run_##op(struct bench *b, const void *args);
PLAN_OPERATIONS(PLAN_RUNNER)
PLAN_RUNNER(zero)

/* Enqueues all calls once; `arg` is the plan: this is the `run` of a bench_case. */
enum clgrpo_status plan_run(struct bench *b, void *arg);
/* Releases all tensors and workspaces, and empties the plan. */
void plan_release(struct plan *p);

#endif
