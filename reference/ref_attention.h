/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_REF_ATTENTION_H
#define CLGRPO_TESTS_REF_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A packed batch: sequence b owns rows offsets[b] .. offsets[b+1]-1. q, o [N][H][D], k, v [N][K][D], lse [N][H].
 * Unless prefix is NULL, sequence b continues prefix[b] where that is a sequence which names none itself.
 */
struct ref_attention {
    size_t n_sequences, H, K, D;
    const int32_t *offsets;
    double scale;
    bool causal;
    const int32_t *prefix;
};

/* The sequence that b continues, or -1. */
int32_t ref_attention_root(const struct ref_attention *r, size_t b);

/*
 * o and lse, and how large the terms behind them are, for error bounds: a score of float arithmetic is off by some eps
 * times its sum of |q k|, so p_j is off by that factor, call it w_j = 1 + scale sum |q k_j|, and
 *   o_size = sum_j p_j w_j (|v_j| + |o|)   lse_size = max_j w_j + |lse|
 */
void ref_attention_forward(const struct ref_attention *r, const double *q, const double *k, const double *v, double *o,
                           double *lse, double *o_size, double *lse_size);

/* dq, dk, dv (written) from dout, and their sizes likewise: ds_size = p w (sum |dout v| + sum |dout| o_size + |dp -
 * delta|). */
struct ref_attention_gradients {
    double *dq, *dk, *dv, *dq_size, *dk_size, *dv_size;
};
void ref_attention_backward(const struct ref_attention *r, const double *q, const double *k, const double *v,
                            const double *dout, struct ref_attention_gradients *g);

#endif
