/* SPDX-License-Identifier: Apache-2.0 */
/* Subtasks and results: what is written stands in a hash, in which order in a stream whose entries are numbered from
 * 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_redis.h"

/* Rows as texts, for as long as a script runs. */
struct packed {
    char key[MG_REDIS_FIELDS], value[MG_REDIS_ROW];
};

/* ---- Writing ---- */

/* The number of the key of an agent's queue in this script; 0 if there are too many. */
static size_t
queue_of(const struct mg_redis *r, struct mg_redis_act *a, size_t first, const char *agent, uint32_t phase)
{
    char key[MG_REDIS_KEY];

    mg_redis_key(r, key, "queue:%s:%u", agent, phase);
    for (size_t i = first; i < a->n_keys; i++)
        if (strcmp(a->key[i], key) == 0)
            return i + 1;
    if (a->n_keys == MG_REDIS_KEYS)
        return 0;
    strcpy(a->key[a->n_keys++], key);
    return a->n_keys;
}

/* The keys that asking and serving have in common. */
static void
add_keys(const struct mg_redis *r, struct mg_redis_act *a, uint32_t phase)
{
    mg_redis_fence(r, r->store.agent, a);
    mg_redis_add_phase_key(r, a, "subtasks", phase);
    mg_redis_add_phase_key(r, a, "results", phase);
    mg_redis_add_phase_key(r, a, "answered", phase);
}

static enum mg_status
subtask_differs(const struct mg_redis *r, const struct mg_subtask *t, redisReply *value, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_subtask there = {.key = t->key};

    if (!mg_redis_unpack_subtask(value, &there))
        return mg_redis_damaged(r, err, "a subtask that is none");
    MG_TRY(mg_subtask_compare(&r->store, &there, t, err));
    st = mg_redis_damaged(r, err, "a subtask that is written in another way");
out:
    return st;
}

static enum mg_status
result_differs(const struct mg_redis *r, const struct mg_result *result, redisReply *value, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_result there = {.key = result->key};

    if (!mg_redis_unpack_result(value, &there))
        return mg_redis_damaged(r, err, "a result that is none");
    MG_TRY(mg_result_compare(&r->store, &there, result, err));
    st = mg_redis_damaged(r, err, "a result that is written in another way");
out:
    return st;
}

/* Runs a script that writes n rows. *i is the one that differs from what is there, which is *value; n if none does. */
static enum mg_status
run(struct mg_redis *r, enum mg_script which, struct mg_redis_act *a, size_t n, size_t *i, redisReply **value,
    struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const redisReply *reply;

    MG_TRY(mg_redis_run(r, which, a, err));
    reply = a->reply;
    *i = n;
    if (a->word[0] == '\0' && reply->elements % 2 == 1)
        return MG_OK;
    if (strcmp(a->word, "differs") != 0 || reply->elements != 3 || reply->element[1]->type != REDIS_REPLY_INTEGER ||
        reply->element[1]->integer < 0 || (unsigned long long)reply->element[1]->integer >= n)
        return mg_redis_damaged(r, err, "an answer of another form");
    *i = (size_t)reply->element[1]->integer;
    *value = reply->element[2];
out:
    return st;
}

/* ---- Reading: pairs of key and value from element `at` on ---- */

static enum mg_status
read_results(const struct mg_redis *r, const redisReply *reply, size_t at, uint32_t phase, struct mg_results *out,
             struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (; at + 1 < reply->elements; at += 2) {
        struct mg_result row = {0};

        if (!mg_redis_unpack_key(reply->element[at], phase, &row.key) ||
            !mg_redis_unpack_result(reply->element[at + 1], &row)) {
            st = mg_redis_damaged(r, err, "a result that is none");
            goto out;
        }
        MG_TRY(mg_results_add(out, &row, err));
    }
out:
    return st;
}

/* Up to the first that weights of `version` may not serve. */
static enum mg_status
read_subtasks(const struct mg_redis *r, const redisReply *reply, size_t at, uint32_t phase, uint32_t version,
              struct mg_subtasks *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (; at + 1 < reply->elements; at += 2) {
        struct mg_subtask row = {0};

        if (!mg_redis_unpack_key(reply->element[at], phase, &row.key) ||
            !mg_redis_unpack_subtask(reply->element[at + 1], &row)) {
            st = mg_redis_damaged(r, err, "a subtask that is none");
            goto out;
        }
        if (!mg_store_serves(version, row.version))
            break;
        MG_TRY(mg_subtasks_add(out, &row, err));
    }
out:
    return st;
}

/* ---- Acts ---- */

static enum mg_status
ask_args(struct mg_redis *r, struct mg_redis_act *a, struct packed *row, uint32_t phase, const struct mg_subtask *t,
         size_t n, int64_t cursor, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t first, *queue = NULL;

    MG_ALLOC(queue, n);
    add_keys(r, a, phase);
    first = a->n_keys;
    for (size_t i = 0; i < n; i++) {
        queue[i] = queue_of(r, a, first, t[i].agent, phase);
        MG_REQUIRE(queue[i] > 0, MG_INPUT, "subtasks of more than %d agents", (int)MG_REDIS_AGENTS);
    }
    MG_TRY(mg_redis_begin(r, a, 3 + 3 * n, err));
    mg_redis_arg_number(&a->args, cursor);
    mg_redis_arg_number(&a->args, MG_STORE_BATCH);
    mg_redis_arg_number(&a->args, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        mg_redis_pack_key(row[i].key, &t[i].key);
        mg_redis_pack_subtask(row[i].value, &t[i]);
        mg_redis_arg(&a->args, row[i].key);
        mg_redis_arg(&a->args, row[i].value);
        mg_redis_arg_number(&a->args, (int64_t)queue[i]);
    }
out:
    free(queue);
    return st;
}

enum mg_status
mg_redis_ask(struct mg_store *store, uint32_t phase, const struct mg_subtask *t, size_t n, int64_t *cursor,
             struct mg_results *out, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    struct mg_redis_act a = {0};
    struct packed *row = NULL;
    size_t before = out->n, i;
    redisReply *value;

    MG_ALLOC(row, n);
    MG_TRY(ask_args(r, &a, row, phase, t, n, *cursor, err));
    MG_TRY(run(r, MG_SCRIPT_ASK, &a, n, &i, &value, err));
    if (i < n)
        MG_TRY(subtask_differs(r, &t[i], value, err));
    MG_TRY(read_results(r, a.reply, 1, phase, out, err));
    *cursor += (int64_t)(out->n - before);
out:
    mg_redis_act_free(&a);
    free(row);
    return st;
}

static enum mg_status
serve_args(struct mg_redis *r, struct mg_redis_act *a, struct packed *row, uint32_t phase,
           const struct mg_result *result, size_t n, int64_t cursor, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    add_keys(r, a, phase);
    mg_redis_key(r, a->key[a->n_keys++], "queue:%s:%u", r->store.agent, phase);
    mg_redis_add_key(r, a, "phases");
    MG_TRY(mg_redis_begin(r, a, 4 + 2 * n, err));
    mg_redis_arg_number(&a->args, cursor);
    mg_redis_arg_number(&a->args, MG_STORE_BATCH);
    mg_redis_arg_number(&a->args, phase);
    mg_redis_arg_number(&a->args, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        mg_redis_pack_key(row[i].key, &result[i].key);
        mg_redis_pack_result(row[i].value, &result[i]);
        mg_redis_arg(&a->args, row[i].key);
        mg_redis_arg(&a->args, row[i].value);
    }
out:
    return st;
}

static enum mg_status
read_end(const struct mg_redis *r, const redisReply *reply, struct mg_phase_end *end, struct mg_err *err)
{
    uint32_t counts[2];

    if (reply->elements < 3 || !mg_redis_unpack_end(reply->element[1], &end->closed, counts) ||
        reply->element[2]->type != REDIS_REPLY_INTEGER || reply->element[2]->integer < 0 ||
        reply->element[2]->integer > UINT32_MAX)
        return mg_redis_damaged(r, err, "an answer of another form");
    end->subtasks = (uint32_t)reply->element[2]->integer;
    return MG_OK;
}

enum mg_status
mg_redis_serve(struct mg_store *store, uint32_t phase, uint32_t version, const struct mg_result *result, size_t n,
               int64_t *cursor, struct mg_subtasks *out, struct mg_phase_end *end, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    struct mg_redis_act a = {0};
    struct packed *row = NULL;
    size_t before = out->n, i;
    redisReply *value;

    MG_ALLOC(row, n);
    MG_TRY(serve_args(r, &a, row, phase, result, n, *cursor, err));
    MG_TRY(run(r, MG_SCRIPT_SERVE, &a, n, &i, &value, err));
    if (i < n)
        MG_TRY(result_differs(r, &result[i], value, err));
    MG_TRY(read_end(r, a.reply, end, err));
    MG_TRY(read_subtasks(r, a.reply, 3, phase, version, out, err));
    *cursor += (int64_t)(out->n - before);
out:
    mg_redis_act_free(&a);
    free(row);
    return st;
}
