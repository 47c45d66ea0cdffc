/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on an agent's dialogues: those that the store has, because the agent found them before it was restarted, and
 * those that are still to be found. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_internal.h"

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct mg_key)); /* any order will do; the key is the first member of each */
}

static enum mg_status
recall_results(struct mg_agent *a, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_results rows = {0};
    int64_t cursor = 0;

    MG_TRY(mg_store_ask(a->store, phase, NULL, 0, &cursor, &rows, err));
    MG_ALLOC(a->known, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        a->known[a->n_known++] = (struct mg_known_verdict){.key = rows.row[i].key, .verdict = rows.row[i].verdict};
out:
    mg_results_free(&rows);
    return st;
}

static enum mg_status
recall_rollouts(struct mg_agent *a, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollout_rows rows = {0};
    bool closed = false;

    MG_TRY(mg_store_rollouts(a->store, phase, &closed, &rows, err));
    MG_ALLOC(a->known, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        a->known[a->n_known++] = (struct mg_known_verdict){.key = rows.row[i].key, .verdict = rows.row[i].verdict};
out:
    mg_rollout_rows_free(&rows);
    return st;
}

enum mg_status
mg_agent_recall(struct mg_agent *a, const struct mg_phase_work *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    free(a->known);
    a->known = NULL;
    a->n_known = 0;
    MG_TRY(a->root ? recall_rollouts(a, w->phase.number, err) : recall_results(a, w->phase.number, err));
    qsort(a->known, a->n_known, sizeof *a->known, compare);
out:
    return st;
}

enum mg_status
mg_agent_judge(struct mg_agent *a, struct mg_rollout *r, struct mg_err *err)
{
    const struct mg_known_verdict *known = bsearch(&r->t.key, a->known, a->n_known, sizeof *a->known, compare);

    if (known != NULL) {
        r->t.verdict = known->verdict;
        r->judged = true;
    }
    return mg_judging_ask(a->judging, r, a->root ? &a->questions.q[a->question[r->t.key.question]] : NULL, err);
}

void
mg_agent_wait(struct mg_agent *a, struct mg_pause *pause, struct mg_phase_work *w)
{
    double start = mg_clock();

    if (mg_judging_count(a->judging) > 0)
        mg_judging_run(a->judging, MG_AGENT_PAUSE_MS);
    else
        mg_pause_wait(pause, MG_AGENT_PAUSE_MS);
    w->wait_seconds += mg_clock() - start;
}
