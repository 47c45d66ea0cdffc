/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STAGE_H
#define MGRPO_STAGE_H

#include "run/config.h"

/*
 * The curriculum's two stages: the first takes questions of few hops, until success or a number of steps ends it for
 * good. Every agent finds it from its own metrics, in which all have the same success, so that no agent has to be told,
 * and a restart finds it again.
 */
struct mg_stage {
    uint32_t number; /* 1 or 2; 2 also where there is no first */
    uint32_t begun;  /* the train step with which it began */
    double success;  /* the mean that ended the first, or of the last steps so far; NaN without */
};

/* The stage of train step `step`, by the steps before it. */
enum mg_status mg_stage_find(const struct mg_config *c, const char *metrics, uint32_t step, struct mg_stage *out,
                             struct mg_err *err);

#endif
