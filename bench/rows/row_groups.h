/* SPDX-License-Identifier: Apache-2.0 */
/* The rows. Each function measures those that are wanted, or adds their names to the list while b->listing is set. */
#ifndef CLGRPO_BENCH_ROW_GROUPS_H
#define CLGRPO_BENCH_ROW_GROUPS_H

#include "measure/bench.h"

/* Speed: products, attention, decoding with a cache, the vocabulary head, operations bound by memory, what only a
 * policy's training needs, a decoder layer, a training step. */
void rows_gemm(struct bench *b);
void rows_attention(struct bench *b);
void rows_decode(struct bench *b);
void rows_head(struct bench *b);
void rows_small(struct bench *b);
void rows_policy(struct bench *b);
void rows_layer(struct bench *b);
void rows_step(struct bench *b);

/* Quality: errors against double precision, whether the same bits come again, whether they come in another batch, and
 * the gap between decoding and training. */
void rows_error(struct bench *b);
void rows_repeat(struct bench *b);
void rows_batch(struct bench *b);
void rows_gap(struct bench *b);

/* What a program waits for before its first result. */
void rows_program(struct bench *b);

#endif
