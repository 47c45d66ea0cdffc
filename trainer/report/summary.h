/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_SUMMARY_H
#define MGRPO_SUMMARY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"

/* What became of a run, from the metrics of its agents. */
struct mg_held_out {
    bool there;
    double n, success, lo, hi; /* of the whole system, Wilson's 95% */
    double calls;              /* subtasks per question */
    double expert;             /* the sub-agent's own verdicts; NaN without any */
};
struct mg_summary {
    double seconds;                           /* of the rollouts and learning of main */
    double steps;                             /* train steps */
    double tokens;                            /* generated and trained, of both agents */
    struct mg_held_out sampled[2], greedy[2]; /* before, after */
};
enum mg_status mg_summary_read(const char *run_dir, struct mg_summary *out, struct mg_err *err);
/* run_dir/summary.json: seconds, steps, tokens, held_out.{before,after}.{n,success,lo,hi,calls,expert}, the same under
 * greedy. */
enum mg_status mg_summary_write(const char *run_dir, const struct mg_summary *s, struct mg_err *err);
/* The table for people. */
void mg_summary_print(FILE *to, const struct mg_summary *s);

#endif
