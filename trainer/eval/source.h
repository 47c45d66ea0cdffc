/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_SOURCE_H
#define MGRPO_SOURCE_H

#include "base/path.h"
#include "policy/policy.h"
#include "run/config.h"

/* Which weights of an agent are asked. */
enum mg_source_kind {
    MG_SOURCE_GIVEN, /* a model of the caller's */
    MG_SOURCE_FINAL, /* the model that the run wrote at its end */
    MG_SOURCE_STATE, /* a state of a run that has not ended */
    MG_SOURCE_START  /* the model that the agent begins with: there is no state, or it does not train */
};
struct mg_source {
    enum mg_source_kind kind;
    struct mg_path path; /* of the model, or of the state */
    uint32_t phase;      /* of a state: the one before which it was written */
    bool exact;          /* of a state: no other will do */
    uint32_t step;       /* train steps that they have learnt from; unknown of GIVEN */
    uint64_t digest;     /* as metrics have it */
};
const char *mg_source_name(enum mg_source_kind kind); /* "given" */

/*
 * Which weights of each agent: given[i] if it is not NULL, the final model if there is one, else a state. Agents write
 * their states at the same phases, not at the same time: the newest state that all have is taken, so that they have
 * learnt from the same steps, unless one has none as old.
 */
enum mg_status mg_sources_find(const char *run, const struct mg_config *config, const char *const *given,
                               struct mg_source out[MG_MAX_AGENTS], struct mg_err *err);
/* As after `step` train steps: the state of it of each agent that trains, or what it began with. */
enum mg_status mg_sources_of_step(const char *run, const struct mg_config *config, uint32_t step,
                                  struct mg_source out[MG_MAX_AGENTS], struct mg_err *err);
/* As in the best evaluation as sampled (run/best.h): the state after it of each agent that trains. given[i] as above; a
 * state of another step is not taken. MG_INPUT: there was no evaluation. */
enum mg_status mg_sources_best(const char *run, const struct mg_config *config, const char *const *given,
                               struct mg_source out[MG_MAX_AGENTS], struct mg_err *err);
/* Opens an agent's policy with its weights; a state that is damaged gives way to the one before, and `w` says so. */
enum mg_status mg_source_open(struct mg_source *w, const char *run, const struct mg_config *config, uint32_t agent,
                              const struct mg_policy_limits *limits, struct mg_policy **out, struct mg_err *err);

#endif
