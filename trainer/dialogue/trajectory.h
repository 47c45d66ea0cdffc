/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TRAJECTORY_H
#define MGRPO_TRAJECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "question/verdict.h"
#include "run/key.h"

/*
 * A dialogue of one agent as tokens, from the sampling to the gradient and the log. It only grows. Text is decoded from
 * the token ids where it is needed, and never tokenised again. Start from {0}.
 */
struct mg_trajectory {
    struct mg_key key;
    int32_t *ids;   /* [len] */
    uint8_t *mask;  /* [len] 1: sampled by the agent */
    float *logprob; /* [len] the sampler's where mask is 1, else 0 */
    uint32_t len, room;
    uint32_t texts_cut;        /* of the texts that it read, those for which the context had too little room */
    uint32_t turn_start;       /* first token of the turn being sampled, or of the next one */
    uint32_t version;          /* of the weights that sampled it: the optimiser steps they had taken */
    struct mg_verdict verdict; /* on its answer, once it has ended and is judged */
    /* what it is worth then */
    enum mg_reward_kind kind;
    float reward, advantage;
    float weight; /* after alignment */
};

/* Appends n tokens that the agent reads; its next turn starts after them. */
enum mg_status mg_trajectory_read(struct mg_trajectory *t, const int32_t *ids, size_t n, struct mg_err *err);
/* Appends a token that the agent wrote. */
enum mg_status mg_trajectory_write(struct mg_trajectory *t, int32_t id, float logprob, struct mg_err *err);
/* Back to the first `len` tokens; the next turn starts there. */
void mg_trajectory_cut(struct mg_trajectory *t, uint32_t len);
/* Tokens that the agent wrote. */
uint32_t mg_trajectory_written(const struct mg_trajectory *t);
void mg_trajectory_free(struct mg_trajectory *t);

#endif
