/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer of textbook kernels (naive.cl) on the operation's own inputs, its output apart. Where a processor would take
 * minutes, or the device lacks the memory, it is left out. It is compared with the operation's result once: a peer that
 * computes something else fails the run.
 */
#ifndef CLGRPO_BENCH_NAIVE_H
#define CLGRPO_BENCH_NAIVE_H

#include "measure/bench.h"

struct bench_naive;

/* Each adds the peer to the case, whose `run` and arguments are already set; NULL where it is left out. The arguments
 * must outlive the result. */
struct bench_naive *bench_naive_gemm(struct bench *b, struct bench_case *c, const struct clgrpo_gemm_args *args);
struct bench_naive *bench_naive_attention(struct bench *b, struct bench_case *c,
                                          const struct clgrpo_attention_args *args);
struct bench_naive *bench_naive_logprob(struct bench *b, struct bench_case *c,
                                        const struct clgrpo_linear_logprob_args *args);
void bench_naive_destroy(struct bench_naive *n);

#endif
