/* SPDX-License-Identifier: Apache-2.0 */
/* One step of GRPO over a small model, as calls of the library's operations. */
#ifndef CLGRPO_BENCH_STEP_H
#define CLGRPO_BENCH_STEP_H

#include "rows/plan.h"

enum { STEP_LAYERS = 2, BENCH_STEP_SHAPES = 2 };

/* `rollouts` of one group, `length` tokens each, packed: layer.tokens in all. */
struct step_shape {
    const char *label;
    size_t rollouts, length, vocabulary;
    struct layer_shape layer;
};
extern const struct step_shape bench_step_shapes[BENCH_STEP_SHAPES];

struct step {
    struct plan plan;
    struct clgrpo_tensor param, grad; /* [P]: layers, embedding, last gain */
    struct clgrpo_tensor logprob;
    float lr;
};
/* Gradients to zero, advantages, forward, loss, backward, clipping, AdamW. */
void bench_step_prepare(struct bench *b, const struct step_shape *s, float lr, struct step *out);
double bench_step_flop(const struct step_shape *s);

#endif
