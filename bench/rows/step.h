/* SPDX-License-Identifier: Apache-2.0 */
/* One training step of GRPO on a small model, as calls of the library's operations. */
#ifndef CLGRPO_BENCH_STEP_H
#define CLGRPO_BENCH_STEP_H

#include "rows/layer.h"

enum { STEP_LAYERS = 2, STEP_SHAPES = 2 };

/* One group of `rollouts`, of `length` tokens each, packed into layer.tokens in all. */
struct step_shape {
    const char *label;
    size_t rollouts, length, vocabulary;
    struct layer_shape layer;
};
extern const struct step_shape step_shapes[STEP_SHAPES];

struct step {
    struct plan plan;
    struct clgrpo_tensor param, grad; /* all parameters: layers, embedding, last gain */
    struct clgrpo_tensor logprob;
    float lr;
};
/* Fills out->plan: zeroed gradients, advantages, forward pass, loss, backward pass, clipping, AdamW with the rate
 * lr. */
void step_prepare(struct bench *b, const struct step_shape *s, float lr, struct step *out);
double step_flop(const struct step_shape *s);

#endif
