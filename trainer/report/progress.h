/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PROGRESS_H
#define MGRPO_PROGRESS_H

#include <stdio.h>

#include "report/signal.h"
#include "run/key.h"
#include "run/phase.h"
#include "store/store.h"

/*
 * How far a run is, for a person: one line that is rewritten on a terminal, else a line whenever a phase has ended.
 */
struct mg_progress {
    FILE *out;
    bool terminal;
    struct mg_plan plan;
    double train_work, eval_work; /* dialogues of a phase; a train step also learns from them */
    double start, start_work;     /* the first call's time, and the work done before it */
    bool looked;
    double rate_time, rate_tokens, rate;    /* tokens per second over the last seconds */
    uint32_t last_phase;                    /* of the root, at the last plain line */
    struct mg_signal signal[MG_MAX_AGENTS]; /* of each agent's last train step; whoever has its metrics sets it */
};
void mg_progress_init(struct mg_progress *p, FILE *out, bool terminal, const struct mg_plan *plan,
                      double train_dialogues, double eval_dialogues);
/* Shows the notes of n agents; notes[0] is the root's, the others may be NULL. */
void mg_progress_show(struct mg_progress *p, const struct mg_agent_note *const notes[], uint32_t n);
/* Ends the rewritten line. */
void mg_progress_end(struct mg_progress *p);

#endif
