/* SPDX-License-Identifier: Apache-2.0 */
#include "run/phase.h"

/* Evaluations between train steps; the one after the last step is not among them. */
static uint32_t
between(const struct mg_plan *p)
{
    return p->evals && p->eval_every > 0 && p->steps > 0 ? (p->steps - 1) / p->eval_every : 0;
}

uint32_t
mg_plan_length(const struct mg_plan *p)
{
    return p->steps + between(p) + (p->evals ? 4 : 0);
}

struct mg_phase
mg_plan_phase(const struct mg_plan *p, uint32_t number)
{
    struct mg_phase phase = {.number = number, .kind = MG_PHASE_EVAL};
    uint32_t i = number, every = p->eval_every, body = p->steps + between(p);

    if (p->evals && i < 2) {
        phase.greedy = i == 1;
        return phase;
    }
    i -= p->evals ? 2 : 0;
    if (i >= body) {
        phase.step = p->steps;
        phase.greedy = i - body == 1;
        return phase;
    }
    if (!p->evals || every == 0) {
        phase.kind = MG_PHASE_TRAIN;
        phase.step = i;
        return phase;
    }
    /* `every` train steps and one evaluation, again and again */
    phase.step = i / (every + 1) * every + i % (every + 1);
    phase.kind = i % (every + 1) == every ? MG_PHASE_EVAL : MG_PHASE_TRAIN;
    return phase;
}

const char *
mg_phase_name(const struct mg_plan *p, const struct mg_phase *phase)
{
    if (phase->kind == MG_PHASE_TRAIN)
        return "train";
    if (phase->number < 2)
        return phase->greedy ? "before-greedy" : "before";
    if (phase->step < p->steps)
        return "during";
    return phase->greedy ? "after-greedy" : "after";
}
