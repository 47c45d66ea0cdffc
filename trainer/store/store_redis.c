/* SPDX-License-Identifier: Apache-2.0 */
/* The store on a Redis server, for agents on several hosts. */
#include "store/store_redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"

enum { DEFAULT_PORT = 6379, MAX_PASSWORD = 4096, MAX_HOST = 255 };

/* ---- Address and password ---- */

static enum mg_status
bad_address(const char *address, const char *why, struct mg_err *err)
{
    mg_fail(err, MG_INPUT, "the store's address \"%.120s\" %s", address, why);
    mg_hint(err, "It is redis://[USER@]HOST[:PORT][/DATABASE[/NAME]].");
    return MG_INPUT;
}

/* A decimal number up to `most` that ends the text. */
static bool
number(const char *text, unsigned most, unsigned *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *out = (unsigned)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value <= most;
}

/* What is behind the host: [:PORT][/DATABASE[/NAME]]. */
static enum mg_status
parse_tail(struct mg_redis *r, const char *address, char *host, struct mg_err *err)
{
    char *path = strchr(host, '/'), *name = NULL, *port;
    unsigned value;

    if (path != NULL)
        *path++ = '\0';
    if (path != NULL && (name = strchr(path, '/')) != NULL)
        *name++ = '\0';
    port = host[0] == '[' ? strchr(host, ']') : host; /* an IPv6 address has colons of its own */
    if (port == NULL)
        return bad_address(address, "lacks a ]", err);
    port = strchr(port, ':');
    if (port != NULL)
        *port++ = '\0';
    r->port = DEFAULT_PORT;
    if (port != NULL && (!number(port, 65535, &value) || value == 0))
        return bad_address(address, "has a port that is none", err);
    if (port != NULL)
        r->port = (int)value;
    if (path != NULL && *path != '\0' && !number(path, 1u << 20, &r->database))
        return bad_address(address, "has a database that is no number", err);
    if (name != NULL && !mg_store_name_valid(name))
        return bad_address(address, "has a name of other characters than letters, digits and . _ -", err);
    snprintf(r->name, sizeof r->name, "%s", name != NULL ? name : "run");
    return MG_OK;
}

static enum mg_status
parse(struct mg_redis *r, const char *address, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *copy = strdup(address), *host, *at;

    MG_REQUIRE(copy != NULL, MG_FAIL, "out of memory: an address");
    host = copy + strlen("redis://");
    at = strrchr(host, '@');
    if (at != NULL) {
        *at = '\0';
        if (strchr(host, ':') != NULL) {
            mg_fail(err, MG_INPUT, "a password in the store's address could be read by others");
            mg_hint(err, "Give it in MGRPO_REDIS_PASSWORD, or in a file that store_password_file names.");
            st = MG_INPUT;
            goto out;
        }
        MG_STRDUP(r->user, host);
        host = at + 1;
    }
    MG_TRY(parse_tail(r, address, host, err));
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        host++;
    }
    if (host[0] == '\0' || strlen(host) > MAX_HOST) {
        st = bad_address(address, "has no host", err);
        goto out;
    }
    MG_STRDUP(r->host, host);
out:
    free(copy);
    return st;
}

static enum mg_status
read_password(struct mg_redis *r, const char *file, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *given = getenv("MGRPO_REDIS_PASSWORD");
    size_t n = 0;

    if (file != NULL && file[0] != '\0')
        MG_TRY(mg_file_read(file, MAX_PASSWORD, &r->password, &n, err));
    else if (given != NULL && given[0] != '\0') {
        MG_STRDUP(r->password, given);
        n = strlen(given);
    }
    while (n > 0 && (r->password[n - 1] == '\n' || r->password[n - 1] == '\r'))
        r->password[--n] = '\0';
    MG_REQUIRE(r->password == NULL || n > 0, MG_INPUT, "the password of the store is empty");
    MG_REQUIRE(r->user == NULL || r->password != NULL, MG_INPUT, "the user %.60s of the store has no password",
               r->user);
out:
    if (st != MG_OK)
        mg_hint(err, "Give it in MGRPO_REDIS_PASSWORD, or in a file that store_password_file names.");
    return st;
}

/* ---- Opening and closing ---- */

static void
leave(struct mg_redis *r)
{
    struct mg_err none = {0};
    redisReply *reply = NULL;
    char lease[MG_REDIS_KEY];

    if (!r->store.holds || r->link == NULL || mg_stop_count() > 1)
        return;
    mg_redis_key(r, lease, "lease:%s", r->store.agent);
    r->store.say = NULL;
    if (mg_redis_command(r, &r->link, &reply, &none, "EVAL", mg_script_text(MG_SCRIPT_LEAVE), "1", lease, r->holder,
                         NULL) == MG_OK)
        freeReplyObject(reply);
}

void
mg_redis_destroy(struct mg_store *store)
{
    struct mg_redis *r = (struct mg_redis *)store;

    leave(r);
    mg_redis_close(&r->link);
    mg_redis_close(&r->watch.link);
    free(r->host);
    free(r->user);
    free(r->password);
    free(r->holder);
    free(store->address);
    free(r);
}

enum mg_status
mg_redis_create(const struct mg_store_place *place, struct mg_store **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_redis *r = NULL;
    char host[128] = "";

    MG_ALLOC(r, 1);
    r->store.engine = &mg_store_redis;
    MG_TRY(parse(r, place->address, err));
    MG_TRY(read_password(r, place->password_file, err));
    r->store.address = strdup(place->address);
    gethostname(host, sizeof host - 1);
    if (place->holder != NULL)
        r->holder = strdup(place->holder);
    else if (asprintf(&r->holder, "%s, process %ld", host, (long)getpid()) < 0)
        r->holder = NULL;
    MG_REQUIRE(r->store.address != NULL && r->holder != NULL, MG_FAIL, "out of memory: an address");
    *out = &r->store;
    r = NULL;
out:
    if (r != NULL)
        mg_redis_destroy(&r->store);
    return st;
}

/* ---- What the run has in common, and holders ---- */

enum mg_status
mg_redis_agree(struct mg_store *store, const char *what, const char *value, char **other, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    struct mg_redis_act a = {0};
    const redisReply *there;

    mg_redis_fence(r, store->agent, &a);
    MG_TRY(mg_redis_begin(r, &a, 2, err));
    mg_redis_arg(&a.args, what);
    mg_redis_arg(&a.args, value);
    MG_TRY(mg_redis_run(r, MG_SCRIPT_AGREE, &a, err));
    if (a.reply->elements == 1 && a.word[0] == '\0')
        goto out;
    there = a.reply->elements == 2 ? a.reply->element[1] : NULL;
    if (there == NULL || there->type != REDIS_REPLY_STRING || (size_t)there->len > MG_STORE_VALUE_MAX) {
        st = mg_redis_damaged(r, err, "what the run has in common");
        goto out;
    }
    MG_STRDUP(*other, there->str);
out:
    mg_redis_act_free(&a);
    return st;
}

/* The agent is leased by somebody elsewhere, who may be dead: one lease is waited for, not two. */
static enum mg_status
refused(struct mg_redis *r, const char *agent, const redisReply *reply, struct mg_err *err)
{
    const char *who =
        reply->elements == 2 && reply->element[1]->type == REDIS_REPLY_STRING ? reply->element[1]->str : "somebody";

    if (r->refused_since == 0.0)
        r->refused_since = mg_clock();
    if (mg_clock() - r->refused_since < MG_STORE_LEASE + 5)
        return mg_redis_outage(r, err, "the agent %s is held from %.120s, until %d seconds after its last act", agent,
                               who, (int)MG_STORE_LEASE);
    mg_fail(err, MG_INPUT, "store %s: another %s agent works from %.120s", r->store.address, agent, who);
    mg_hint(err, "An agent runs once; another run needs another name in the store's address.");
    return MG_INPUT;
}

enum mg_status
mg_redis_hold(struct mg_store *store, const char *agent, int64_t *epoch, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    struct mg_redis_act a = {0};

    mg_redis_fence(r, agent, &a);
    MG_TRY(mg_redis_begin(r, &a, 1, err));
    mg_redis_arg(&a.args, agent);
    MG_TRY(mg_redis_run(r, MG_SCRIPT_HOLD, &a, err));
    if (strcmp(a.word, "held") == 0) {
        st = refused(r, agent, a.reply, err);
        goto out;
    }
    r->refused_since = 0.0;
    if (a.word[0] != '\0' || a.reply->elements != 2 || a.reply->element[1]->type != REDIS_REPLY_INTEGER) {
        st = mg_redis_damaged(r, err, "an epoch that is none");
        goto out;
    }
    *epoch = a.reply->element[1]->integer;
out:
    mg_redis_act_free(&a);
    return st;
}

/* ---- The disk ---- */

/* Whether a reply means that the act is on the disk; a user that may not ask must take it for later. */
static bool
syncs_always(struct mg_redis *r)
{
    struct mg_err none = {0};
    redisReply *reply = NULL;
    bool always;

    if (mg_redis_command(r, &r->link, &reply, &none, "CONFIG", "GET", "appendfsync", NULL) != MG_OK) {
        r->store.outage = false;
        return false;
    }
    always = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
             reply->element[1]->type == REDIS_REPLY_STRING && strcmp(reply->element[1]->str, "always") == 0;
    freeReplyObject(reply);
    return always;
}

/* A server that syncs every second, and is at most a second late, has done so after two. */
static enum mg_status
wait_for_disk(struct mg_redis *r, struct mg_err *err)
{
    enum { SECONDS = 2 };
    enum mg_status st = MG_OK;
    redisReply *reply = NULL;
    double start = mg_clock();
    bool fresh = false;

    while (mg_clock() - start < SECONDS) {
        MG_TRY(mg_stop_check(err));
        mg_sleep_ms(50.0);
    }
    MG_TRY(mg_redis_open(r, &r->link, &fresh, err));
    MG_TRY(mg_redis_command(r, &r->link, &reply, err, "INFO", "persistence", NULL));
    if (fresh || reply->type != REDIS_REPLY_STRING || strstr(reply->str, "aof_pending_bio_fsync:0") == NULL ||
        strstr(reply->str, "aof_last_write_status:ok") == NULL)
        st = mg_redis_outage(r, err, "what was written is not on its disk yet");
out:
    if (fresh)
        mg_redis_close(&r->link); /* it was not looked at */
    freeReplyObject(reply);
    return st;
}

enum mg_status
mg_redis_durable(struct mg_store *store, struct mg_err *err)
{
    struct mg_redis *r = (struct mg_redis *)store;
    enum mg_status st = MG_OK;
    struct mg_redis_act a = {0};

    mg_redis_fence(r, store->agent, &a);
    MG_TRY(mg_redis_begin(r, &a, 0, err));
    MG_TRY(mg_redis_run(r, MG_SCRIPT_SYNC, &a, err));
    if (!syncs_always(r))
        MG_TRY(wait_for_disk(r, err));
out:
    mg_redis_act_free(&a);
    return st;
}

const struct mg_store_engine mg_store_redis = MG_STORE_ENGINE(redis);
