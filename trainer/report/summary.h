/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_SUMMARY_H
#define MGRPO_SUMMARY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/interval.h"
#include "report/signal.h"
#include "run/config.h"

/* The outcome of a run, from the metrics of its agents. */
struct mg_held_out {
    bool there;
    double n, success, lo, hi;             /* of the whole system, Wilson's 95%; success of those that are judged */
    double unavailable;                    /* of n, not judged: the judge failed, or could not tell */
    double calls;                          /* subtasks per question */
    struct mg_share expert[MG_MAX_AGENTS]; /* verdicts on the results of an agent that was called */
};
struct mg_summary {
    uint32_t n_agents;                        /* agent 0 is the root */
    const char *name[MG_MAX_AGENTS];          /* the configuration's */
    double seconds;                           /* elapsed, in the processes of the root, without what was repeated */
    double steps, planned;                    /* train steps that were done, and that there are to be */
    double phases;                            /* of the run, evaluations among them */
    bool ended;                               /* all of them are over */
    double tokens;                            /* generated and trained, of all agents */
    struct mg_held_out sampled[2], greedy[2]; /* before, after */
    struct mg_signal signal[MG_MAX_AGENTS];   /* of each agent that trains */
    bool missing[MG_MAX_AGENTS];              /* metrics that are not in the folder of the run */
};
enum mg_status mg_summary_read(const char *run_dir, const struct mg_config *config, struct mg_summary *out,
                               struct mg_err *err);
/* What a line of metrics of an evaluation says of the root's answers, and one of the agent that was called of its
 * results. */
void mg_held_out_read(const json_t *line, struct mg_held_out *h);
struct mg_share mg_results_read(const json_t *line);
/* run_dir/summary.json: seconds, steps, planned, ended, tokens,
 * held_out.{before,after}.{n,success,lo,hi,calls,expert.{AGENT}.{n,mean,lo,hi},unavailable}, the same under greedy;
 * signal.{AGENT}.{steps,idle,groups,equal,trajectories,cut_length,cut_context,texts_cut,tokens}; missing, a list of agents. */
enum mg_status mg_summary_write(const char *run_dir, const struct mg_summary *s, struct mg_err *err);
/* The table for people. */
void mg_summary_print(FILE *to, const struct mg_summary *s);

#endif
