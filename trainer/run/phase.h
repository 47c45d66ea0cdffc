/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PHASE_H
#define MGRPO_PHASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/*
 * A run is a fixed list of phases, the same for every agent: held-out questions before (as sampled, then greedy), the
 * train steps with held-out questions as sampled after every eval_every of them, held-out questions after. A run that
 * was extended goes on behind those with more train steps, and ends with held-out questions again.
 */
enum mg_phase_kind { MG_PHASE_EVAL, MG_PHASE_TRAIN };
struct mg_phase {
    uint32_t number; /* its place in the list */
    enum mg_phase_kind kind;
    uint32_t step; /* train steps before it: the version of the weights that it uses */
    bool greedy;   /* arg-max instead of draws */
    uint32_t
        extra; /* phases before it that a run of as many steps from the start would not have: draws leave them out */
};

enum { MG_MAX_ENDS = 64 };
struct mg_plan {
    uint32_t steps;            /* train steps */
    uint32_t eval_every;       /* 0: before and after only */
    bool evals;                /* whether there are held-out questions at all */
    uint32_t end[MG_MAX_ENDS]; /* [n_ends] ascending, below steps: where the run ended before it was extended */
    uint32_t n_ends;
};
uint32_t mg_plan_length(const struct mg_plan *plan);
struct mg_phase mg_plan_phase(const struct mg_plan *plan, uint32_t number);
/* Whether the run ends, or ended, after so many train steps. */
bool mg_plan_ends(const struct mg_plan *plan, uint32_t steps);
/* "before", "before-greedy", "train", "during", "after", "after-greedy". */
const char *mg_phase_name(const struct mg_plan *plan, const struct mg_phase *phase);

#endif
