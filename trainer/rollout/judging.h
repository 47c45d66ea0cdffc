/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_JUDGING_H
#define MGRPO_JUDGING_H

#include "question/question_file.h"
#include "rollout/rollout.h"
#include "rollout/trouble.h"
#include "run/config.h"

/*
 * The judges of a run at work: a verdict for each dialogue that has ended, found once and kept with it, in training,
 * evaluation and outside of runs alike. Judges that are programs run beside the decoding.
 */
struct mg_judging;

/* The questions outlive it. */
enum mg_status mg_judging_open(const struct mg_config *config, const struct mg_question_file *questions,
                               struct mg_judging **out, struct mg_err *err);
void mg_judging_close(struct mg_judging *j); /* accepts NULL; what is still asked for is forgotten */

/*
 * Asks for the verdict on a dialogue that has ended; `q` is the question that it was asked, or NULL for an agent that
 * was called. A dialogue that a tool or an agent failed gets MG_VERDICT_UNAVAILABLE, and no judge is asked; one that
 * has a verdict already, as after a restart, keeps it. The dialogue must stay until its verdict is there or the judging
 * is closed.
 */
enum mg_status mg_judging_ask(struct mg_judging *j, struct mg_rollout *r, const struct mg_asked *q, struct mg_err *err);
/* Takes the verdicts that have come; waits up to `ms` milliseconds for the first. */
void mg_judging_run(struct mg_judging *j, double ms);
/* Dialogues whose verdict is still to come. */
size_t mg_judging_count(const struct mg_judging *j);

/* Why verdicts were unavailable since they were told last: what failed. */
struct mg_troubles *mg_judging_troubles(struct mg_judging *j);
/* The same of one judge: why it failed at first, or "". */
const char *mg_judging_why(const struct mg_judging *j, enum mg_judged what);
/* Whether a judge had the network although its configuration says that it may not. */
bool mg_judging_networked(const struct mg_judging *j);

#endif
