/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of phases: rollouts in a stream, in the order of their keys, and how each phase ended in a hash. Notes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_redis.h"

static enum mg_status
hand_in_args(struct mg_redis *r, struct mg_redis_args *a, struct mg_redis_keys *k, char (*value)[MG_REDIS_ROW],
             uint32_t phase, size_t from, const struct mg_rollout_row *row, size_t n, bool last, const char *end,
             uint32_t subtasks, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    mg_redis_fence(r, r->store.agent, k);
    mg_redis_add_key(r, k, "subtasks", phase);
    mg_redis_add_key(r, k, "rollouts", phase);
    mg_redis_key(r, k->key[k->n++], "phases");
    MG_TRY(mg_redis_begin(r, a, k, 6 + n, err));
    mg_redis_arg_number(a, (int64_t)from);
    mg_redis_arg_number(a, (int64_t)n);
    mg_redis_arg_number(a, last);
    mg_redis_arg_number(a, phase);
    mg_redis_arg(a, end);
    mg_redis_arg_number(a, subtasks);
    for (size_t i = 0; i < n; i++) {
        mg_redis_pack_rollout(value[i], &row[i]);
        mg_redis_arg(a, value[i]);
    }
out:
    return st;
}

/* Why a hand-in was refused. */
static enum mg_status
refused(const struct mg_redis *r, const redisReply *reply, const char *word, uint32_t phase,
        const struct mg_rollout_row *row, size_t n, const uint32_t counts[2], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rollout_row there;
    uint32_t ended[2];
    bool closed;

    if (strcmp(word, "asked") == 0 && reply->elements == 2 && reply->element[1]->type == REDIS_REPLY_INTEGER)
        return mg_fail(err, MG_FAIL, "store %s: phase %u ends with %u subtasks, %lld were asked", r->store.address,
                       phase, counts[1], reply->element[1]->integer);
    if (strcmp(word, "ended") == 0 && reply->elements == 2 && mg_redis_unpack_end(reply->element[1], &closed, ended) &&
        closed)
        MG_TRY(mg_phase_compare(&r->store, phase, ended, counts, err));
    else if (strcmp(word, "differs") == 0 && reply->elements == 3 && reply->element[1]->type == REDIS_REPLY_INTEGER &&
             reply->element[1]->integer >= 0 && (unsigned long long)reply->element[1]->integer < n &&
             mg_redis_unpack_rollout(reply->element[2], phase, &there))
        MG_TRY(mg_rollout_row_compare(&r->store, &there, &row[reply->element[1]->integer], err));
    st = mg_redis_damaged(r, err, "an answer of another form");
out:
    return st;
}

enum mg_status
mg_redis_hand_in(struct mg_store *store, uint32_t phase, size_t from, const struct mg_rollout_row *row, size_t n,
                 bool last, uint32_t subtasks, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    const uint32_t counts[2] = {(uint32_t)(from + n), subtasks};
    struct mg_redis_args a = {0};
    struct mg_redis_keys keys;
    redisReply *reply = NULL;
    char(*value)[MG_REDIS_ROW] = NULL, end[32];
    const char *word;

    snprintf(end, sizeof end, "%u,%u", counts[0], counts[1]);
    MG_ALLOC(value, n);
    MG_TRY(hand_in_args(r, &a, &keys, value, phase, from, row, n, last, end, subtasks, err));
    MG_TRY(mg_redis_run(r, MG_SCRIPT_HAND_IN, &a, &reply, &word, err));
    if (word[0] != '\0')
        st = refused(r, reply, word, phase, row, n, counts, err);
out:
    freeReplyObject(reply);
    mg_redis_args_free(&a);
    free(value);
    return st;
}

enum mg_status
mg_redis_rollouts(struct mg_store *store, uint32_t phase, size_t from, struct mg_rollout_rows *out, bool *closed,
                  uint32_t *rollouts, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    struct mg_redis_args a = {0};
    struct mg_redis_keys keys;
    redisReply *reply = NULL;
    uint32_t counts[2] = {0, 0};
    const char *word;

    mg_redis_fence(r, store->agent, &keys);
    mg_redis_add_key(r, &keys, "rollouts", phase);
    mg_redis_key(r, keys.key[keys.n++], "phases");
    MG_TRY(mg_redis_begin(r, &a, &keys, 3, err));
    mg_redis_arg_number(&a, (int64_t)from);
    mg_redis_arg_number(&a, MG_STORE_BATCH);
    mg_redis_arg_number(&a, phase);
    MG_TRY(mg_redis_run(r, MG_SCRIPT_ROLLOUTS, &a, &reply, &word, err));
    if (word[0] != '\0' || reply->elements < 2 || !mg_redis_unpack_end(reply->element[1], closed, counts)) {
        st = mg_redis_damaged(r, err, "an answer of another form");
        goto out;
    }
    *rollouts = counts[0];
    for (size_t i = 2; i < reply->elements; i++) {
        struct mg_rollout_row row;

        if (!mg_redis_unpack_rollout(reply->element[i], phase, &row)) {
            st = mg_redis_damaged(r, err, "a rollout that is none");
            goto out;
        }
        MG_TRY(mg_rollout_rows_add(out, &row, err));
    }
out:
    freeReplyObject(reply);
    mg_redis_args_free(&a);
    return st;
}

/* ---- Notes ---- */

static enum mg_status
run_note(struct mg_redis *r, enum mg_script which, const char *argument, redisReply **reply, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_redis_args a = {0};
    struct mg_redis_keys keys;
    const char *word;

    mg_redis_fence(r, r->store.agent, &keys);
    mg_redis_key(r, keys.key[keys.n++], "notes");
    MG_TRY(mg_redis_begin(r, &a, &keys, 1, err));
    mg_redis_arg(&a, argument);
    MG_TRY(mg_redis_run(r, which, &a, reply, &word, err));
    if (word[0] != '\0')
        st = mg_redis_damaged(r, err, "an answer of another form");
out:
    mg_redis_args_free(&a);
    return st;
}

enum mg_status
mg_redis_put_note(struct mg_store *store, const struct mg_agent_note *n, struct mg_err *err)
{
    redisReply *reply = NULL;
    char packed[MG_REDIS_ROW];
    enum mg_status st;

    mg_redis_pack_note(packed, n);
    st = run_note((struct mg_redis *)store, MG_SCRIPT_PUT_NOTE, packed, &reply, err);
    freeReplyObject(reply);
    return st;
}

enum mg_status
mg_redis_note(struct mg_store *store, const char *agent, struct mg_agent_note *n, bool *found, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    redisReply *reply = NULL;

    *n = (struct mg_agent_note){.reward = (double)NAN, .held_out = (double)NAN};
    MG_TRY(run_note(r, MG_SCRIPT_NOTE, agent, &reply, err));
    *found = reply->elements == 2 && reply->element[1]->type == REDIS_REPLY_STRING && reply->element[1]->len > 0;
    if (*found && !mg_redis_unpack_note(reply->element[1], n))
        st = mg_redis_damaged(r, err, "a note that is none");
out:
    freeReplyObject(reply);
    return st;
}
