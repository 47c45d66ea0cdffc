/* SPDX-License-Identifier: Apache-2.0 */
/* One search for the best values of an operation's parameters: its candidates, and how they are tried. */
#ifndef CLGRPO_TUNE_SEARCH_H
#define CLGRPO_TUNE_SEARCH_H

#include "tune/tuner.h"

struct tune_search {
    struct tune *t;
    struct tune_case *c;
    struct tune_result *r;
    const struct clg_tune_param *params; /* of the operation */
    double until_us;                     /* when to stop */
    struct tune_candidate *all;          /* all[0] has the standard values */
    unsigned n;
    float *standard, *got; /* results with the standard values and with a candidate's */
    size_t n_out, space_bytes;
    unsigned repeat; /* runs in a sample */
};

/* One candidate. Each is false, or a negative time, after a failure, which has been reported. */

/* Makes the context use the candidate's values, and the workspace large enough for them. */
bool tune_use(struct tune_search *s, const struct tune_candidate *x);
/* Runs the case once with the values in use, and reads its result. */
bool tune_run_for_result(struct tune_search *s, float *to);
/* Whether the candidate's result has the bits of the standard's, or, where the candidate changes the order of a sum, is
 * near the double-precision reference. This also compiles its kernels. */
bool tune_is_right(struct tune_search *s, const struct tune_candidate *x);
/* Microseconds of one run with the values in use: the mean of s->repeat runs. */
double tune_time(struct tune_search *s);

/* All candidates, by rounds in which each that is still alive gives one sample. */

bool tune_round(struct tune_search *s);
unsigned tune_n_alive(const struct tune_search *s);
/* Drops the candidates whose median is above that of all; the standard stays. */
void tune_drop_slower_half(struct tune_search *s);
/* Fills in the result: the candidate with the largest gain if fresh samples confirm it, else the standard. */
void tune_decide(struct tune_search *s);

#endif
