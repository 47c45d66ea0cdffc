/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One decoder layer as Qwen and Llama have it: two RMSNorms, grouped queries with RoPE, SwiGLU. Sequences are packed:
 * offsets[sequences + 1], none longer than max_len.
 */
#ifndef CLGRPO_BENCH_LAYER_H
#define CLGRPO_BENCH_LAYER_H

#include "rows/plan.h"

struct layer_shape {
    size_t tokens, sequences, max_len, width, heads, key_heads;
    size_t dim;   /* of a head */
    size_t inner; /* the width of SwiGLU */
};
/* What the layers of a model share: position [tokens], and the table of RoPE, [max_len][dim]. */
struct layer_inputs {
    struct clgrpo_tensor position, table, offsets;
};
struct layer_weights {
    struct clgrpo_tensor norm1, qkv, o, norm2, gate_up, down;
};
/* What the backward pass needs from the forward pass. */
struct layer_state {
    struct clgrpo_tensor x, n1, rstd1, qkv, lse, o, h, n2, rstd2, gate_up, mlp;
};
size_t layer_weight_elems(const struct layer_shape *s);
/* The weights, or their gradients, as views of `flat` from element `at` on, in the order above. */
struct layer_weights layer_weights_of(const struct layer_shape *s, struct clgrpo_tensor flat, size_t at);
/* flop of a forward pass: of the products with weights, and of the two products of attention over so many pairs of
 * query and key. */
double layer_flop(const struct layer_shape *s);
double layer_attention_flop(const struct layer_shape *s, double pairs);
/* Appends the calls of a forward pass, and returns the layer's output. */
struct clgrpo_tensor layer_forward(struct plan *p, const struct layer_shape *s, const struct layer_inputs *in,
                                   const struct layer_weights *w, struct clgrpo_tensor x, struct layer_state *state);
/* Appends the calls of a backward pass, which add to the gradients of the weights, and returns the gradient of x. */
struct clgrpo_tensor layer_backward(struct plan *p, const struct layer_shape *s, const struct layer_inputs *in,
                                    const struct layer_weights *w, const struct layer_weights *dw,
                                    const struct layer_state *state, struct clgrpo_tensor dy);
/* RMSNorm with gain w. With a residual, x + residual is normalised, and *total is that sum. */
struct clgrpo_tensor layer_norm(struct plan *p, struct clgrpo_tensor x, struct clgrpo_tensor w,
                                const struct clgrpo_tensor *residual, struct clgrpo_tensor *total,
                                struct clgrpo_tensor *rstd);
/* Its gradients: that of x is returned. */
struct clgrpo_tensor layer_norm_backward(struct plan *p, struct clgrpo_tensor x, struct clgrpo_tensor w,
                                         struct clgrpo_tensor rstd, struct clgrpo_tensor dy, struct clgrpo_tensor dw);

#endif
