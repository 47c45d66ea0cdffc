/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_REPORT_SHOW_H
#define MGRPO_REPORT_SHOW_H

#include <stdio.h>

#include "run/config.h"

/*
 * The rollouts of one question of a train step as they were learnt from, as text or as one JSON object: the dialogues
 * of the first agent and, behind each, those that it asked for, with rewards, advantages and weights. MG_INPUT: the
 * step or the question is none of the run's, was not reached, or its rollouts were removed.
 */
struct mg_show_request {
    const char *run;
    uint32_t step, question; /* the question's number in the step */
    bool json;
};
enum mg_status mg_show(FILE *to, const struct mg_config *config, const struct mg_show_request *what,
                       struct mg_err *err);

#endif
