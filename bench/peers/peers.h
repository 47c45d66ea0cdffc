/* SPDX-License-Identifier: Apache-2.0 */
/* What the operations are compared with in the same run. */
#ifndef CLGRPO_BENCH_PEERS_H
#define CLGRPO_BENCH_PEERS_H

#include "measure/bench.h"

/* OpenBLAS, loaded at run time; the name says for which processor its kernels are. */
typedef void peer_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
                        const float *b, int ldb, float beta, float *c, int ldc);
struct peer_openblas {
    char name[48];
    peer_sgemm *sgemm;
};
/* To be called before anything of OpenCL: a driver's threads read the environment while it would change. */
void peer_openblas_set_environment(void);
/* NULL if the system has none. */
const struct peer_openblas *peer_openblas_load(void);

/* Adds CLBlast on the same buffers, if this build has it; args_bytes is arg_bytes of the case. */
void peer_add_clblast(struct bench *b, struct bench_case *c, struct clgrpo_gemm_args *args, size_t args_bytes);

/*
 * Textbook OpenCL kernels on the operation's own inputs, with an output of their own: one item for each output element,
 * all intermediate results in global memory. They are left out if a processor would need minutes, or if the device
 * lacks the memory. Their result is compared once with the operation's: the run fails if they differ.
 *
 * Each function adds the peer to the case, whose `run` and `arg` are set already, and returns NULL if it is left out.
 * The arguments must live as long as the result.
 */
struct peer_naive;
struct peer_naive *peer_add_naive_gemm(struct bench *b, struct bench_case *c, const struct clgrpo_gemm_args *args);
struct peer_naive *peer_add_naive_attention(struct bench *b, struct bench_case *c,
                                            const struct clgrpo_attention_args *args);
struct peer_naive *peer_add_naive_logprob(struct bench *b, struct bench_case *c,
                                          const struct clgrpo_linear_logprob_args *args);
void peer_naive_destroy(struct peer_naive *n);

#endif
