/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_OBJECTIVE_H
#define MGRPO_OBJECTIVE_H

#include <stdint.h>

#include "clgrpo.h"

/*
 * What an agent optimises (mgrpo-objectives(7)): an objective and a kind of advantage, each a row of a table that
 * everything else reads. With r the ratio of a token's probability to the sampler's and A its trajectory's advantage,
 * the loss of a step is
 *
 *   sum over sampled tokens of weight * -min(r A, clamp(r, 1 - clip_low, 1 + clip_high) A)
 *
 * The weights are those of the whole step, never of a part of it: how it is cut into micro-batches does not matter.
 */

enum mg_ratio {
    MG_RATIO_TOKEN /* of each token by itself */
};
enum mg_clip {
    MG_CLIP_BOTH /* min(r A, clamp(r, 1 - clip_low, 1 + clip_high) A) */
};
/* The weight of a token, with w its trajectory's alignment weight, n that trajectory's sampled tokens, and sums over
 * the trajectories of the step. */
enum mg_normalisation {
    MG_PER_TOKEN,      /* w / sum(w n) */
    MG_PER_TRAJECTORY, /* w / (n sum(w)) */
    MG_PER_CONSTANT    /* w / (new_max sum(w)) */
};

struct mg_objective {
    const char *name;
    enum mg_ratio ratio;
    enum mg_clip clip;
    enum mg_normalisation normalisation;
    const char *text; /* one sentence */
};
extern const struct mg_objective mg_objectives[]; /* ends with a row without name; the first is the default */

struct mg_advantage_kind {
    const char *name;
    enum clgrpo_advantage_kind kind;
    const char *text; /* one sentence */
};
extern const struct mg_advantage_kind mg_advantage_kinds[]; /* likewise */

/* Names for sentences: "the ratio of each token", "clipped on both sides". */
const char *mg_ratio_text(enum mg_ratio ratio);
const char *mg_clip_text(enum mg_clip clip);

struct mg_step_sums {
    double weight, weighted_tokens; /* sum(w), sum(w n) */
    double new_max;                 /* the most tokens that a dialogue can sample */
};
/* Weight of each sampled token of a trajectory of n of them and alignment weight w; 0 if the sums are. */
double mg_token_weight(enum mg_normalisation normalisation, const struct mg_step_sums *sums, double w, uint32_t n);

#endif
