/* SPDX-License-Identifier: Apache-2.0 */
/* Runs scripts on a connection whose server was checked: it keeps what it is given, and has lost nothing. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/store_redis.h"

#define SCHEMA "1"

void
mg_redis_key(const struct mg_redis *r, char out[MG_REDIS_KEY], const char *fmt, ...)
{
    va_list ap;
    int n = snprintf(out, MG_REDIS_KEY, "mg:{%s}:", r->name);

    va_start(ap, fmt);
    vsnprintf(out + n, MG_REDIS_KEY - (size_t)n, fmt, ap);
    va_end(ap);
}

/* ---- The server ---- */

/* The value of a line "name:value" of INFO; false if there is none. */
static bool
info(const char *text, const char *name, char *out, size_t n)
{
    size_t len = strlen(name);

    for (const char *at = text; at != NULL; at = strchr(at, '\n') != NULL ? strchr(at, '\n') + 1 : NULL) {
        if (strncmp(at, name, len) != 0 || at[len] != ':')
            continue;
        snprintf(out, n, "%.*s", (int)strcspn(at + len + 1, "\r\n"), at + len + 1);
        return true;
    }
    return false;
}

/* A server that forgets, or throws away, is refused. */
static enum mg_status
check_settings(struct mg_redis *r, const char *text, struct mg_err *err)
{
    char value[64], most[64];

    if (info(text, "loading", value, sizeof value) && strcmp(value, "0") != 0)
        return mg_redis_outage(r, err, "LOADING Redis is loading the dataset in memory");
    if (!info(text, "aof_enabled", value, sizeof value) || strcmp(value, "1") != 0) {
        mg_fail(err, MG_INPUT, "store %s keeps nothing on disk: its server runs with appendonly no", r->store.address);
        mg_hint(err, "A restart of it would lose the run; mgrpo-store(5) lists the settings.");
        return MG_INPUT;
    }
    if (info(text, "maxmemory", most, sizeof most) && strcmp(most, "0") != 0 &&
        info(text, "maxmemory_policy", value, sizeof value) && strcmp(value, "noeviction") != 0) {
        mg_fail(err, MG_INPUT, "store %s throws rows away when its memory is full: maxmemory-policy is %s",
                r->store.address, value);
        mg_hint(err, "Set it to noeviction.");
        return MG_INPUT;
    }
    return MG_OK;
}

/*
 * A server that was started again may have lost the last second. Each run of it is registered, by the first who meets
 * it, with the acts that it began with: whoever knows of more has done, or seen, what is no longer there.
 */
static enum mg_status
check_boot(struct mg_redis *r, const char *server, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    redisReply *reply = NULL;
    char meta[MG_REDIS_KEY], probe[MG_REDIS_KEY], lease[MG_REDIS_KEY];
    long long began;

    if (strcmp(server, r->server) == 0)
        return MG_OK;
    memset(r->sha, 0, sizeof r->sha);
    mg_redis_key(r, meta, "meta");
    mg_redis_key(r, probe, "probe");
    mg_redis_key(r, lease, "probe.lease");
    MG_TRY(mg_redis_command(r, &r->link, &reply, err, "EVAL", mg_script_text(MG_SCRIPT_BOOT), "3", meta, probe, lease,
                            server, SCHEMA, NULL));
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING) {
        st = mg_redis_damaged(r, err, "it cannot say how it began");
        goto out;
    }
    MG_REQUIRE(strcmp(reply->element[0]->str, SCHEMA) == 0, MG_INPUT,
               "store %s has schema %.16s, this mgrpo has " SCHEMA, r->store.address, reply->element[0]->str);
    began = strtoll(reply->element[1]->str, NULL, 10);
    if (began < r->seen) {
        st = mg_fail(err, MG_FAIL, "store %s has lost %lld acts: its server was started again", r->store.address,
                     (long long)r->seen - began);
        mg_hint(err, "The agent repeats them when it is started again.");
        goto out;
    }
    snprintf(r->server, sizeof r->server, "%s", server);
out:
    freeReplyObject(reply);
    return st;
}

static enum mg_status
check_server(struct mg_redis *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    redisReply *reply = NULL;
    char server[sizeof r->server] = "";

    MG_TRY(mg_redis_command(r, &r->link, &reply, err, "INFO", NULL));
    MG_REQUIRE(reply->type == REDIS_REPLY_STRING && info(reply->str, "run_id", server, sizeof server), MG_INPUT,
               "store %s: what answers is no Redis server", r->store.address);
    MG_TRY(check_settings(r, reply->str, err));
    MG_TRY(check_boot(r, server, err));
out:
    freeReplyObject(reply);
    return st;
}

/* Connects if it is not connected, and checks the server: its settings, and that it has lost nothing. */
enum mg_status
mg_redis_connect(struct mg_store *store, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    bool fresh;

    MG_TRY(mg_redis_open(r, &r->link, &fresh, err));
    if (!fresh)
        return MG_OK;
    mg_redis_close(&r->watch.link);
    MG_TRY(check_server(r, err));
out:
    if (st != MG_OK)
        mg_redis_close(&r->link);
    return st;
}

/* ---- Scripts ---- */

void
mg_redis_act_free(struct mg_redis_act *a)
{
    freeReplyObject(a->reply);
    mg_redis_args_free(&a->args);
}

void
mg_redis_fence(const struct mg_redis *r, const char *agent, struct mg_redis_act *a)
{
    mg_redis_key(r, a->key[0], "meta");
    mg_redis_key(r, a->key[1], "lease:%s", agent);
    mg_redis_key(r, a->key[2], "acts");
    a->n_keys = 3;
}

void
mg_redis_add_key(const struct mg_redis *r, struct mg_redis_act *a, const char *what)
{
    mg_redis_key(r, a->key[a->n_keys++], "%s", what);
}

void
mg_redis_add_phase_key(const struct mg_redis *r, struct mg_redis_act *a, const char *what, uint32_t phase)
{
    mg_redis_key(r, a->key[a->n_keys++], "%s:%u", what, phase);
}

enum mg_status
mg_redis_begin(struct mg_redis *r, struct mg_redis_act *a, size_t room, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_redis_args *args = &a->args;

    MG_TRY(mg_redis_args_init(args, 3 + a->n_keys + 4 + room, err));
    mg_redis_arg(args, "EVALSHA");
    mg_redis_arg(args, ""); /* which one */
    mg_redis_arg_number(args, (int64_t)a->n_keys);
    for (size_t i = 0; i < a->n_keys; i++)
        mg_redis_arg(args, a->key[i]);
    mg_redis_arg(args, r->store.holds ? r->store.agent : "");
    mg_redis_arg_number(args, r->store.epoch);
    mg_redis_arg(args, r->holder);
    mg_redis_arg_number(args, 1000 * MG_STORE_LEASE);
out:
    return st;
}

static enum mg_status
load(struct mg_redis *r, enum mg_script which, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    redisReply *reply = NULL;

    MG_TRY(mg_redis_command(r, &r->link, &reply, err, "SCRIPT", "LOAD", mg_script_text(which), NULL));
    if (reply->type != REDIS_REPLY_STRING || (size_t)reply->len != MG_REDIS_SHA)
        st = mg_redis_damaged(r, err, "a script has no name");
    else
        strcpy(r->sha[which], reply->str);
out:
    freeReplyObject(reply);
    return st;
}

/* Calls a script by its name; a server that lacks it, as one that was started again does, is given it. */
static enum mg_status
evaluate(struct mg_redis *r, enum mg_script which, struct mg_redis_args *a, redisReply **reply, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (int tries = 0;; tries++) {
        if (r->sha[which][0] == '\0')
            MG_TRY(load(r, which, err));
        a->text[1] = r->sha[which];
        a->bytes[1] = MG_REDIS_SHA;
        st = mg_redis_call(r, &r->link, a, reply, err);
        if (st == MG_OK || tries > 0 || strstr(err->text, "NOSCRIPT") == NULL)
            break;
        mg_err_clear(err);
        r->sha[which][0] = '\0';
    }
out:
    return st;
}

/* What a reply begins with: the number of acts so far, or why there was none. */
static enum mg_status
check_reply(struct mg_redis *r, const redisReply *reply, const char **word, struct mg_err *err)
{
    const redisReply *first = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 ? reply->element[0] : NULL;
    char *end;
    long long acts;

    if (first == NULL || (first->type != REDIS_REPLY_STRING && first->type != REDIS_REPLY_INTEGER))
        return mg_redis_damaged(r, err, "an answer without a beginning");
    acts = first->type == REDIS_REPLY_INTEGER ? first->integer : strtoll(first->str, &end, 10);
    *word = "";
    if (first->type == REDIS_REPLY_STRING && (end == first->str || *end != '\0'))
        *word = first->str;
    if (strcmp(*word, "fenced") == 0 && reply->elements == 2 && reply->element[1]->type == REDIS_REPLY_STRING)
        return mg_store_fenced(&r->store, strtoll(reply->element[1]->str, NULL, 10), err);
    if (strcmp(*word, "lost") == 0 || ((*word)[0] == '\0' && acts < r->seen))
        return mg_fail(err, MG_FAIL, "store %s has lost what it held of this run", r->store.address);
    if ((*word)[0] == '\0')
        r->seen = acts;
    return MG_OK;
}

enum mg_status
mg_redis_run(struct mg_redis *r, enum mg_script which, struct mg_redis_act *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_redis_connect(&r->store, err));
    MG_TRY(evaluate(r, which, &a->args, &a->reply, err));
    MG_TRY(check_reply(r, a->reply, &a->word, err));
out:
    return st;
}

/* ---- Changes ---- */

/* The number of acts so far, asked for on the connection that waits for the next one. */
static enum mg_status
ask_acts(struct mg_redis *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    redisReply *reply = NULL;
    char meta[MG_REDIS_KEY];

    mg_redis_key(r, meta, "meta");
    MG_TRY(mg_redis_command(r, &r->watch.link, &reply, err, "HGET", meta, "acts", NULL));
    r->watch.last = reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10) : 0;
out:
    freeReplyObject(reply);
    return st;
}

static enum mg_status
sleep_until_act(struct mg_redis *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_redis_args a = {0};
    char stream[MG_REDIS_KEY], from[32];

    mg_redis_key(r, stream, "acts");
    snprintf(from, sizeof from, "%lld-0", (long long)r->watch.last);
    MG_TRY(mg_redis_args_init(&a, 6, err));
    mg_redis_arg(&a, "XREAD");
    mg_redis_arg(&a, "BLOCK");
    mg_redis_arg(&a, "5000");
    mg_redis_arg(&a, "STREAMS");
    mg_redis_arg(&a, stream);
    mg_redis_arg(&a, from);
    MG_TRY(mg_redis_send(r, &r->watch.link, &a, err));
    r->watch.asked = mg_clock();
out:
    mg_redis_args_free(&a);
    return st;
}

/* [[stream, [[id, ["by", agent]], ...]]]: whether an act of another is among them. An answer in no such form is one. */
static bool
another_acted(struct mg_redis *r, const redisReply *reply)
{
    const redisReply *stream = reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 ? reply->element[0] : NULL;
    const redisReply *acts =
        stream != NULL && stream->type == REDIS_REPLY_ARRAY && stream->elements == 2 ? stream->element[1] : NULL;
    bool another = false;

    if (reply->type == REDIS_REPLY_NIL)
        return false;
    for (size_t i = 0; acts != NULL && acts->type == REDIS_REPLY_ARRAY && i < acts->elements; i++) {
        const redisReply *e = acts->element[i];
        const redisReply *by = e->type == REDIS_REPLY_ARRAY && e->elements == 2 ? e->element[1] : NULL;
        int64_t number = by != NULL && e->element[0]->type == REDIS_REPLY_STRING ? strtoll(e->element[0]->str, NULL, 10)
                                                                                 : r->watch.last;

        /* a gap: acts that the stream no longer has */
        another |= number != r->watch.last + 1 || by->type != REDIS_REPLY_ARRAY || by->elements != 2 ||
                   by->element[1]->type != REDIS_REPLY_STRING || !r->store.holds ||
                   strcmp(by->element[1]->str, r->store.agent) != 0;
        r->watch.last = number;
    }
    return another || acts == NULL;
}

enum mg_status
mg_redis_changed(struct mg_store *store, bool *is, struct mg_err *err)
{
    enum { SILENT_SECONDS = 20 };
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    redisReply *reply = NULL;
    bool fresh;

    *is = false;
    if (r->watch.link != NULL && mg_clock() - r->watch.asked > SILENT_SECONDS)
        mg_redis_close(&r->watch.link);
    MG_TRY(mg_redis_open(r, &r->watch.link, &fresh, err));
    if (fresh) {
        *is = true;
        MG_TRY(ask_acts(r, err));
        MG_TRY(sleep_until_act(r, err));
        return MG_OK;
    }
    MG_TRY(mg_redis_receive(r, &r->watch.link, &reply, err));
    if (reply == NULL)
        return MG_OK;
    *is = another_acted(r, reply);
    MG_TRY(sleep_until_act(r, err));
out:
    if (st != MG_OK)
        mg_redis_close(&r->watch.link);
    freeReplyObject(reply);
    return st;
}
