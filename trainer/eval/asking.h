/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ASKING_H
#define MGRPO_ASKING_H

#include "run/config.h"
#include "eval/play.h"
#include "eval/source.h"
#include "rollout/rollout_config.h"

/* The agents of a run in one process, to be asked questions outside of it. */
struct mg_asking_options {
    const char *run; /* folder of a run: configuration, and models unless named here */
    /* "AGENT=DIR"; without one, the run's own: the final model, else the newest state, else what it began with */
    const char *model[MG_MAX_AGENTS];
    uint32_t n_models;
    bool best;                                           /* of the run: the state of its best evaluation */
    const char *tokenizer, *corpus, *questions, *device; /* NULL: the run's */
    uint32_t slots;
    uint64_t seed;
};
struct mg_asking {
    struct mg_config config;
    struct mg_tokenizer *tok;
    struct mg_toolbox toolbox;
    struct mg_question_file questions;
    struct mg_judging *judging;
    struct mg_policy *policy[MG_MAX_AGENTS];
    struct mg_source source[MG_MAX_AGENTS]; /* which ones they have */
    struct mg_play *play;
};

/* `a` starts zeroed; close it also after a failure. */
enum mg_status mg_asking_open(const struct mg_asking_options *o, struct mg_asking *a, struct mg_err *err);
void mg_asking_close(struct mg_asking *a);

#endif
