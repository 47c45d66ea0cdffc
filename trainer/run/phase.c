/* SPDX-License-Identifier: Apache-2.0 */
#include "run/phase.h"

/* The train steps from `first` to `end`, at which the run ends or ended, and the phases that belong to them. */
struct stretch {
    uint32_t first, end;
    uint32_t at, length; /* number of its first phase; phases without the evaluations at its end */
    uint32_t extra;      /* as in the phases */
};

/* Evaluations after first + 1 .. end - 1 train steps. */
static uint32_t
between(const struct mg_plan *p, uint32_t first, uint32_t end)
{
    return p->evals && p->eval_every > 0 && end > 0 ? (end - 1) / p->eval_every - first / p->eval_every : 0;
}

static struct stretch
stretch_of(const struct mg_plan *p, uint32_t first, uint32_t i, uint32_t at, uint32_t extra)
{
    uint32_t end = i < p->n_ends ? p->end[i] : p->steps;

    return (struct stretch){first, end, at, end - first + between(p, first, end), extra};
}

/* The stretch of phase `number`, or the last one. */
static struct stretch
find(const struct mg_plan *p, uint32_t number)
{
    uint32_t evals = p->evals ? 2 : 0;
    struct stretch s = stretch_of(p, 0, 0, evals, 0);

    for (uint32_t i = 1; i <= p->n_ends && number >= s.at + s.length + evals; i++) {
        /* with eval_every a run of more steps has one evaluation there, too */
        bool shared = p->eval_every > 0 && s.end % p->eval_every == 0;

        s = stretch_of(p, s.end, i, s.at + s.length + evals, s.extra + (evals > 0 && shared ? 1 : evals));
    }
    return s;
}

uint32_t
mg_plan_length(const struct mg_plan *p)
{
    struct stretch last = find(p, UINT32_MAX);

    return last.at + last.length + (p->evals ? 2 : 0);
}

struct mg_phase
mg_plan_phase(const struct mg_plan *p, uint32_t number)
{
    struct mg_phase phase = {.number = number, .kind = MG_PHASE_EVAL};
    struct stretch s;
    uint32_t i, every = p->eval_every, before;

    if (p->evals && number < 2) {
        phase.greedy = number == 1;
        return phase;
    }
    s = find(p, number);
    i = number - s.at;
    phase.extra = s.extra;
    if (i >= s.length) {
        phase.step = s.end;
        phase.greedy = i - s.length == 1;
        return phase;
    }
    if (!p->evals || every == 0) {
        phase.kind = MG_PHASE_TRAIN;
        phase.step = s.first + i;
        return phase;
    }
    /* `every` train steps and one evaluation, again and again, from a multiple of `every` on */
    before = s.first % every;
    i += before;
    phase.step = s.first - before + i / (every + 1) * every + i % (every + 1);
    phase.kind = i % (every + 1) == every ? MG_PHASE_EVAL : MG_PHASE_TRAIN;
    return phase;
}

bool
mg_plan_ends(const struct mg_plan *p, uint32_t steps)
{
    for (uint32_t i = 0; i < p->n_ends; i++)
        if (p->end[i] == steps)
            return true;
    return steps == p->steps;
}

const char *
mg_phase_name(const struct mg_plan *p, const struct mg_phase *phase)
{
    if (phase->kind == MG_PHASE_TRAIN)
        return "train";
    if (phase->number < 2)
        return phase->greedy ? "before-greedy" : "before";
    if (!mg_plan_ends(p, phase->step))
        return "during";
    return phase->greedy ? "after-greedy" : "after";
}
