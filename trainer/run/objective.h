/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_OBJECTIVE_H
#define MGRPO_OBJECTIVE_H

#include <stdint.h>

#include "clgrpo.h"

/*
 * What an agent optimises (mgrpo-objectives(7)): an objective and a kind of advantage, each a row of a table that
 * everything else reads. The loss of a step is that of clgrpo_policy_loss: of each sampled token its weight times -J,
 * where J is made of a ratio, that of a token or of its trajectory, and the trajectory's advantage.
 *
 * The weights are those of a whole mini-batch, never of a part of it: how it is cut into micro-batches does not matter.
 */

/* The weight of a token, with w its trajectory's alignment weight, n that trajectory's sampled tokens, and sums over
 * the trajectories of the mini-batch. */
enum mg_normalisation {
    MG_PER_TOKEN,      /* w / sum(w n) */
    MG_PER_TRAJECTORY, /* w / (n sum(w)) */
    MG_PER_CONSTANT    /* w / (new_max sum(w)) */
};

struct mg_objective {
    const char *name;
    enum clgrpo_policy_ratio ratio;
    enum clgrpo_policy_surrogate surrogate;
    enum mg_normalisation normalisation;
    double ratio_min, ratio_max; /* the bounds of the ratio, where the configuration gives none */
    const char *text;            /* one sentence */
};
extern const struct mg_objective mg_objectives[]; /* ends with a row without name; the first is the default */

struct mg_advantage_kind {
    const char *name;
    enum clgrpo_advantage_kind kind;
    const char *text; /* one sentence */
};
extern const struct mg_advantage_kind mg_advantage_kinds[]; /* likewise */

struct mg_correction_kind {
    const char *name;
    enum clgrpo_policy_correction kind;
};
extern const struct mg_correction_kind mg_correction_kinds[]; /* likewise */

struct mg_kl_kind {
    const char *name;
    enum clgrpo_policy_kl kind;
};
extern const struct mg_kl_kind mg_kl_kinds[]; /* likewise */

struct mg_storage_kind {
    const char *name;
    enum clgrpo_dtype dtype;
};
extern const struct mg_storage_kind mg_storage_kinds[]; /* likewise */

/* Names for sentences: "the ratio of each token", "clipped on both sides". */
const char *mg_ratio_text(enum clgrpo_policy_ratio ratio);
const char *mg_surrogate_text(enum clgrpo_policy_surrogate surrogate);

struct mg_step_sums {
    double weight, weighted_tokens; /* sum(w), sum(w n) */
    double new_max;                 /* the most tokens that a dialogue can sample */
};
/* Weight of each sampled token of a trajectory of n of them and alignment weight w; 0 if the sums are. */
double mg_token_weight(enum mg_normalisation normalisation, const struct mg_step_sums *sums, double w, uint32_t n);

#endif
