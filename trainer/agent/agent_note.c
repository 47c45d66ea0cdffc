/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent tells people: how far it is, and what failed. */
#include <stdio.h>

#include "agent/agent_internal.h"

enum { TELL_MS = 250 };

enum mg_status
mg_agent_tell(struct mg_agent *a, bool now, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    double clock = mg_clock();

    if (!now && clock - a->told < TELL_MS * 1e-3)
        return MG_OK;
    a->told = clock;
    a->note.done = (uint32_t)mg_rollouts_done(a->rollouts);
    a->note.tokens = (double)mg_rollouts_tokens(a->rollouts);
    a->note.version = (uint32_t)mg_policy_version(a->policy);
    MG_TRY(mg_store_put_note(a->store, &a->note, err));
out:
    return st;
}

void
mg_agent_tell_lesson(const struct mg_agent *a, const struct mg_phase *phase, const struct mg_lesson *l)
{
    if (!a->part->train || phase->kind != MG_PHASE_TRAIN || l->groups_without < l->groups)
        return;
    fprintf(
        stderr,
        "mgrpo agent: phase %u: nothing to learn from: the rewards are equal in each of %u groups; of %u trajectories "
        "%u were cut by length, %u by context, %u are unavailable\n",
        phase->number, l->groups, l->trajectories, l->fault[MG_FAULT_LENGTH], l->fault[MG_FAULT_CONTEXT],
        l->unavailable);
}

void
mg_agent_tell_trouble(struct mg_agent *a, const struct mg_phase *phase)
{
    char who[48];

    snprintf(who, sizeof who, "mgrpo agent: phase %u", phase->number);
    mg_troubles_tell(mg_judging_troubles(a->judging), stderr, who);
    if (mg_judging_networked(a->judging) && !a->told_network)
        fprintf(stderr, "mgrpo agent: the system does not let the network of judges be turned off: they have it\n");
    a->told_network |= mg_judging_networked(a->judging);
}
