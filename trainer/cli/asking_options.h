/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ASKING_OPTIONS_H
#define MGRPO_ASKING_OPTIONS_H

#include <stdio.h>

#include "cli/cmd.h"
#include "eval/asking.h"

/* Options of the commands that ask questions outside of a run. The struct of their options, `type`, has a member
 * `with`, a struct mg_asking_options; for MG_ASKING_CUTS `top_p`, a double, and `top_k`, a uint32_t. */
#define MG_ASKING_MODELS(type)                                                                                         \
    MG_OPTION('m', "model", "AGENT=DIR", "another model for an agent", MG_OPTION_TAKEN,                                \
              .offset = offsetof(type, with), .take = mg_asking_take_model),                                           \
        MG_OPTION(0, "tokenizer", "FILE", "another tokenizer.json", MG_OPTION_TEXT,                                    \
                  .offset = offsetof(type, with.tokenizer))
#define MG_ASKING_DEVICE(type)                                                                                         \
    MG_OPTION(0, "device", "SELECTOR", "OpenCL device", MG_OPTION_TEXT, .offset = offsetof(type, with.device))
#define MG_ASKING_CUTS(type)                                                                                           \
    MG_OPTION(0, "top-p", "X", "draw from the likeliest tokens that have this probability together (default 1: all)",  \
              MG_OPTION_DOUBLE, .offset = offsetof(type, top_p), .min = 0.01, .max = 1),                               \
        MG_OPTION(0, "top-k", "N", "draw from so many of the likeliest tokens (default 0: all)", MG_OPTION_U32,        \
                  .offset = offsetof(type, top_k), .max = 1000000)
/* Takes an AGENT=DIR into the struct mg_asking_options at `at`. */
enum mg_status mg_asking_take_model(void *at, const char *value, struct mg_err *err);
/* A line for each agent: which weights it has. */
void mg_asking_print_weights(FILE *to, const struct mg_asking *a);
/* Whether an agent has other weights than those that its run ends with, and nobody asked for them. */
bool mg_asking_is_early(const struct mg_asking *a);

#endif
