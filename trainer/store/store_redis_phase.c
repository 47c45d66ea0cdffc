/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of phases: rollouts in a stream, in the order of their keys, and how each phase ended in a hash. Notes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_redis.h"

static enum mg_status
hand_in_args(struct mg_redis *r, struct mg_redis_act *a, char (*value)[MG_REDIS_ROW], uint32_t phase, size_t from,
             const struct mg_rollout_row *row, size_t n, bool last, const char *end, uint32_t subtasks,
             struct mg_err *err)
{
    enum mg_status st = MG_OK;

    mg_redis_fence(r, r->store.agent, a);
    mg_redis_add_phase_key(r, a, "subtasks", phase);
    mg_redis_add_phase_key(r, a, "rollouts", phase);
    mg_redis_add_key(r, a, "phases");
    MG_TRY(mg_redis_begin(r, a, 6 + n, err));
    mg_redis_arg_number(&a->args, (int64_t)from);
    mg_redis_arg_number(&a->args, (int64_t)n);
    mg_redis_arg_number(&a->args, last);
    mg_redis_arg_number(&a->args, phase);
    mg_redis_arg(&a->args, end);
    mg_redis_arg_number(&a->args, subtasks);
    for (size_t i = 0; i < n; i++) {
        mg_redis_pack_rollout(value[i], &row[i]);
        mg_redis_arg(&a->args, value[i]);
    }
out:
    return st;
}

/* Why a hand-in was refused. */
static enum mg_status
refused(const struct mg_redis *r, const struct mg_redis_act *a, uint32_t phase, const struct mg_rollout_row *row,
        size_t n, const uint32_t counts[2], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const redisReply *reply = a->reply;
    struct mg_rollout_row there;
    uint32_t ended[2];
    bool closed;

    if (strcmp(a->word, "asked") == 0 && reply->elements == 2 && reply->element[1]->type == REDIS_REPLY_INTEGER)
        return mg_fail(err, MG_FAIL, "store %s: phase %u ends with %u subtasks, %lld were asked", r->store.address,
                       phase, counts[1], reply->element[1]->integer);
    if (strcmp(a->word, "ended") == 0 && reply->elements == 2 &&
        mg_redis_unpack_end(reply->element[1], &closed, ended) && closed)
        MG_TRY(mg_phase_compare(&r->store, phase, ended, counts, err));
    else if (strcmp(a->word, "differs") == 0 && reply->elements == 3 &&
             reply->element[1]->type == REDIS_REPLY_INTEGER && reply->element[1]->integer >= 0 &&
             (unsigned long long)reply->element[1]->integer < n &&
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
    struct mg_redis_act a = {0};
    char(*value)[MG_REDIS_ROW] = NULL, end[32];

    snprintf(end, sizeof end, "%u,%u", counts[0], counts[1]);
    MG_ALLOC(value, n);
    MG_TRY(hand_in_args(r, &a, value, phase, from, row, n, last, end, subtasks, err));
    MG_TRY(mg_redis_run(r, MG_SCRIPT_HAND_IN, &a, err));
    if (a.word[0] != '\0')
        st = refused(r, &a, phase, row, n, counts, err);
out:
    mg_redis_act_free(&a);
    free(value);
    return st;
}

enum mg_status
mg_redis_rollouts(struct mg_store *store, uint32_t phase, size_t from, struct mg_rollout_rows *out, bool *closed,
                  uint32_t *rollouts, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    struct mg_redis_act a = {0};
    uint32_t counts[2] = {0, 0};

    mg_redis_fence(r, store->agent, &a);
    mg_redis_add_phase_key(r, &a, "rollouts", phase);
    mg_redis_add_key(r, &a, "phases");
    MG_TRY(mg_redis_begin(r, &a, 3, err));
    mg_redis_arg_number(&a.args, (int64_t)from);
    mg_redis_arg_number(&a.args, MG_STORE_BATCH);
    mg_redis_arg_number(&a.args, phase);
    MG_TRY(mg_redis_run(r, MG_SCRIPT_ROLLOUTS, &a, err));
    if (a.word[0] != '\0' || a.reply->elements < 2 || !mg_redis_unpack_end(a.reply->element[1], closed, counts)) {
        st = mg_redis_damaged(r, err, "an answer of another form");
        goto out;
    }
    *rollouts = counts[0];
    for (size_t i = 2; i < a.reply->elements; i++) {
        struct mg_rollout_row row;

        if (!mg_redis_unpack_rollout(a.reply->element[i], phase, &row)) {
            st = mg_redis_damaged(r, err, "a rollout that is none");
            goto out;
        }
        MG_TRY(mg_rollout_rows_add(out, &row, err));
    }
out:
    mg_redis_act_free(&a);
    return st;
}

/* ---- Notes ---- */

static enum mg_status
run_note(struct mg_redis *r, enum mg_script which, const char *argument, struct mg_redis_act *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    mg_redis_fence(r, r->store.agent, a);
    mg_redis_add_key(r, a, "notes");
    MG_TRY(mg_redis_begin(r, a, 1, err));
    mg_redis_arg(&a->args, argument);
    MG_TRY(mg_redis_run(r, which, a, err));
    if (a->word[0] != '\0')
        st = mg_redis_damaged(r, err, "an answer of another form");
out:
    return st;
}

enum mg_status
mg_redis_put_note(struct mg_store *store, const struct mg_agent_note *n, struct mg_err *err)
{
    struct mg_redis_act a = {0};
    char packed[MG_REDIS_ROW];
    enum mg_status st;

    mg_redis_pack_note(packed, n);
    st = run_note((struct mg_redis *)store, MG_SCRIPT_PUT_NOTE, packed, &a, err);
    mg_redis_act_free(&a);
    return st;
}

enum mg_status
mg_redis_note(struct mg_store *store, const char *agent, struct mg_agent_note *n, bool *found, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    struct mg_redis_act a = {0};
    const redisReply *there;

    *n = (struct mg_agent_note){.reward = (double)NAN, .held_out = (double)NAN};
    MG_TRY(run_note(r, MG_SCRIPT_NOTE, agent, &a, err));
    there = a.reply->elements == 2 ? a.reply->element[1] : NULL;
    *found = there != NULL && there->type == REDIS_REPLY_STRING && there->len > 0;
    if (*found && !mg_redis_unpack_note(a.reply->element[1], n))
        st = mg_redis_damaged(r, err, "a note that is none");
out:
    mg_redis_act_free(&a);
    return st;
}
