/* SPDX-License-Identifier: Apache-2.0 */
/* What the cases of operations share. */
#ifndef CLGRPO_TUNE_CASE_H
#define CLGRPO_TUNE_CASE_H

#include "tune/tuner.h"

/* How many positions of the output `check` compares with the double-precision reference. */
enum { TUNE_SAMPLES = 61 };

/* Adds a tensor of random numbers between -1 and 1 to the case, and a copy on the host; NULL if memory is short. */
const struct clgrpo_tensor *tune_add_tensor(struct tune *t, struct tune_case *c, unsigned rank, const size_t *shape);
/* Adds a tensor of the n integers 0, step, 2 step and so on. */
bool tune_add_ints(struct tune *t, struct tune_case *c, size_t n, cl_int step, struct clgrpo_tensor *out);
/* Whether |got - want| is within the rounding error of a sum of so many terms whose magnitudes add up to
 * `magnitude`. */
bool tune_near(double got, double want, double magnitude, size_t terms);

#define TUNE_SHAPE(...) ((const size_t[]){__VA_ARGS__})
#define TUNE_ADD(to, ...)                                                                                              \
    do {                                                                                                               \
        const struct clgrpo_tensor *added_ =                                                                           \
            tune_add_tensor(t, c, sizeof(TUNE_SHAPE(__VA_ARGS__)) / sizeof(size_t), TUNE_SHAPE(__VA_ARGS__));          \
        if (added_ == NULL)                                                                                            \
            return false;                                                                                              \
        (to) = *added_;                                                                                                \
    } while (0)

/* The functions `run` and `workspace` of a case whose arguments are args.name, for clgrpo_<op>(). */
#define TUNE_RUN(linkage, name, op)                                                                                    \
    linkage enum clgrpo_status tune_run_##name(struct tune *t, struct tune_case *c)                                    \
    {                                                                                                                  \
        return clgrpo_##op(t->ctx, &c->args.name, t->queue, 0, NULL, NULL);                                            \
    }
#define TUNE_RUN_WITH_SPACE(linkage, name, op)                                                                         \
    linkage enum clgrpo_status tune_workspace_##name(struct tune *t, struct tune_case *c, size_t *bytes)               \
    {                                                                                                                  \
        return clgrpo_##op##_workspace(t->ctx, &c->args.name, bytes);                                                  \
    }                                                                                                                  \
    linkage enum clgrpo_status tune_run_##name(struct tune *t, struct tune_case *c)                                    \
    {                                                                                                                  \
        c->args.name.workspace = c->space;                                                                             \
        return clgrpo_##op(t->ctx, &c->args.name, t->queue, 0, NULL, NULL);                                            \
    }

/* Attention: m rows of sequences of n, k is the head dimension; 8 query heads, 2 key heads. */
bool tune_prepare_attention(struct tune *t, struct tune_case *c);
bool tune_prepare_attention_backward(struct tune *t, struct tune_case *c);
bool tune_check_attention(const struct tune_case *c, const float *host);
bool tune_check_attention_backward(const struct tune_case *c, const float *host);
enum clgrpo_status tune_workspace_attention(struct tune *t, struct tune_case *c, size_t *bytes);
enum clgrpo_status tune_run_attention(struct tune *t, struct tune_case *c);
enum clgrpo_status tune_workspace_attention_backward(struct tune *t, struct tune_case *c, size_t *bytes);
enum clgrpo_status tune_run_attention_backward(struct tune *t, struct tune_case *c);
#define TUNE_ATTENTION                                                                                                 \
    .prepare = tune_prepare_attention, .workspace = tune_workspace_attention, .run = tune_run_attention,               \
    .check = tune_check_attention
#define TUNE_ATTENTION_BACKWARD                                                                                        \
    .prepare = tune_prepare_attention_backward, .workspace = tune_workspace_attention_backward,                        \
    .run = tune_run_attention_backward, .check = tune_check_attention_backward

#endif
