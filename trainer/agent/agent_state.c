/* SPDX-License-Identifier: Apache-2.0 */
/* When an agent writes a state, and what must be on the disk before it. */
#include "agent/agent_internal.h"
#include "run/config.h"
#include "run/pruned.h"
#include "run/run_path.h"
#include "policy/state_file.h"

enum mg_status
mg_agent_restore(struct mg_agent *a, uint32_t *next, struct mg_err *err)
{
    enum mg_status st = mg_state_load(a->part->train ? a->policy : NULL, a->dir, UINT32_MAX, next, err);

    a->state = *next;
    return st;
}

static bool
is_due(const struct mg_agent *a, const struct mg_phase *done)
{
    uint32_t steps = done->step + 1;

    if (done->kind == MG_PHASE_EVAL)
        return true;
    return steps % a->config->checkpoint_every == 0 || mg_plan_ends(&a->plan, steps);
}

enum mg_status
mg_agent_checkpoint(struct mg_agent *a, const struct mg_phase *done, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    if (!is_due(a, done))
        return MG_OK;
    if (!a->knows_best || done->kind == MG_PHASE_EVAL)
        MG_TRY(mg_best_find(mg_agent_path(a->dir, MG_AGENT_METRICS).text, &a->best, err));
    a->knows_best = true;
    /* once the state is there, nothing repeats the rows before it: they must be on the disk first */
    MG_TRY(mg_store_durable(a->store, err));
    MG_TRY(mg_state_save(a->part->train ? a->policy : NULL, a->dir, done->number + 1,
                         a->best.there ? a->best.phase + 1 : done->number + 1, err));
    /* the state before this one is still there, for the case that this one is damaged, and so is what comes behind
     * it */
    MG_TRY(mg_rollouts_prune(a->dir, &a->plan, a->config->keep_rollouts, done->step + (done->kind == MG_PHASE_TRAIN),
                             a->state, err));
    a->state = done->number + 1;
out:
    return st;
}
