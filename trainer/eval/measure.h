/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_MEASURE_H
#define MGRPO_MEASURE_H

#include "base/file.h"
#include "base/interval.h"
#include "eval/asking.h"

/* Questions asked outside of a run, each several times, and how often the answers are right. */
struct mg_exam {
    const uint32_t *question; /* [n] indices into the question file, no two alike */
    uint32_t n, draws;        /* draws of each question */
    struct mg_sampling how;
    const char *name;         /* "sampled", of its rows */
    struct mg_file_new *rows; /* a JSON line for each question and draw goes here; NULL: none */
    const char *of;           /* a member of the rows: whose answers these are; NULL: none */
};

/* The verdicts on the dialogues of one agent. */
struct mg_scores {
    double *sum, *count; /* [n] by question: of the verdicts */
    double unavailable;  /* verdicts that could not be had */
};
struct mg_measured {
    uint32_t n, draws, n_agents;
    double calls;                          /* mean per dialogue of the root */
    double *best;                          /* [n] of the verdicts on a question's answers; 0 without any */
    struct mg_scores agent[MG_MAX_AGENTS]; /* agent 0: the answers */
};

/* `out` starts zeroed; free it also after a failure. A draw is a function of the seed, the weights, its number and the
 * question's place in the exam. */
enum mg_status mg_measure(struct mg_asking *a, const struct mg_exam *exam, struct mg_measured *out, struct mg_err *err);
void mg_measured_free(struct mg_measured *m);

/* The mean of all verdicts on an agent's dialogues, n of them; the interval is clustered by question. */
struct mg_share mg_measured_mean(const struct mg_measured *m, uint32_t agent);
/* The mean of the best of a question's draws, over the n questions whose draws are all judged: pass@k. */
struct mg_share mg_measured_pass(const struct mg_measured *m);
/* The mean of b's mean less a's, over the n questions of which both have a verdict. */
enum mg_status mg_measured_difference(const struct mg_measured *a, const struct mg_measured *b, struct mg_share *out,
                                      struct mg_err *err);

#endif
