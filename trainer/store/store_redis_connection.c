/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to a Redis server: one command at a time, no timeout while bytes move, replies of bounded size. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

#include "base/clock.h"
#include "base/stop.h"
#include "store/store_redis.h"

enum { CONNECT_SECONDS = 5, IDLE_SECONDS = 10, LOOK_MS = 200, MAX_REPLY = 64 << 20, MAX_WORDS = 8 };
enum { MAX_ELEMENTS = 4 * MG_STORE_BATCH }; /* of an answer: pairs of at most a batch, and what begins it */

/* ---- Arguments ---- */

enum mg_status
mg_redis_args_init(struct mg_redis_args *a, size_t room, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *a = (struct mg_redis_args){.room = room};
    MG_ALLOC(a->text, room);
    MG_ALLOC(a->bytes, room);
    MG_ALLOC(a->number, room);
out:
    return st;
}

void
mg_redis_args_free(struct mg_redis_args *a)
{
    free(a->text);
    free(a->bytes);
    free(a->number);
    *a = (struct mg_redis_args){0};
}

void
mg_redis_arg(struct mg_redis_args *a, const char *text)
{
    a->text[a->n] = text;
    a->bytes[a->n++] = strlen(text);
}

void
mg_redis_arg_number(struct mg_redis_args *a, int64_t number)
{
    char *text = a->number[a->n_numbers++];

    snprintf(text, sizeof a->number[0], "%lld", (long long)number);
    mg_redis_arg(a, text);
}

/* ---- Failures ---- */

enum mg_status
mg_redis_outage(struct mg_redis *r, struct mg_err *err, const char *fmt, ...)
{
    char why[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    r->store.outage = true;
    return mg_fail(err, MG_FAIL, "store %s: %s", r->store.address, why);
}

enum mg_status
mg_redis_damaged(const struct mg_redis *r, struct mg_err *err, const char *what)
{
    return mg_fail(err, MG_INPUT, "store %s is damaged: %s", r->store.address, what);
}

static bool
begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* What the server says when it cannot do what it was asked for. */
static enum mg_status
refusal(struct mg_redis *r, const char *text, struct mg_err *err)
{
    static const char *const passing[] = {
        "LOADING",  "OOM",        "MISCONF",   "BUSY",        "MASTERDOWN",
        "TRYAGAIN", "NOREPLICAS", "UNBLOCKED", "CLUSTERDOWN", "ERR max number of clients"};
    static const struct {
        const char *word, *hint;
    } wrong[] = {
        {"READONLY", "This is a replica; the address of the store must be that of its master."},
        {"NOAUTH", "The password is that of MGRPO_REDIS_PASSWORD, or of the file that store_password_file names."},
        {"WRONGPASS", "The password is that of MGRPO_REDIS_PASSWORD, or of the file that store_password_file names."},
        {"NOPERM", "mgrpo-store(5) lists the rights that an agent needs."},
        {"ERR AUTH", "The server asks for no password; none must be given."},
        {"DENIED", "The server takes connections of its own host only, as long as it has no password."},
        {"ERR DB", "The server has fewer databases than the number in the store's address, from 0."},
        {"MOVED", "Clusters are not supported."},
        {"CROSSSLOT", "Clusters are not supported."},
    };
    static const char script_rights[] = "The user executing the script can't"; /* Redis 7 lacks the word */

    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (begins(text, passing[i]))
            return mg_redis_outage(r, err, "%.200s", text);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (!begins(text, wrong[i].word) &&
            !(strcmp(wrong[i].word, "NOPERM") == 0 && strstr(text, script_rights) != NULL))
            continue;
        mg_fail(err, MG_INPUT, "store %s: %.200s", r->store.address, text);
        mg_hint(err, "%s", wrong[i].hint);
        return MG_INPUT;
    }
    return mg_fail(err, MG_FAIL, "store %s: %.200s", r->store.address, text);
}

void
mg_redis_close(redisContext **link)
{
    if (*link != NULL)
        redisFree(*link);
    *link = NULL;
}

/* The connection is lost, and with it any command or reply that was on its way. */
static enum mg_status
lost(struct mg_redis *r, redisContext **link, struct mg_err *err)
{
    enum mg_status st;

    if ((*link)->err == REDIS_ERR_PROTOCOL || (*link)->err == REDIS_ERR_OOM)
        st = mg_fail(err, MG_INPUT, "store %s: what answers is no Redis server: %.100s", r->store.address,
                     (*link)->errstr);
    else
        st = mg_redis_outage(r, err, "%.150s", (*link)->errstr);
    mg_redis_close(link);
    return st;
}

/* ---- Sending and receiving ---- */

/* Bytes that the other side has not acknowledged yet: fewer and fewer on a slow link, always as many on a broken
 * one. */
static int
unsent(const redisContext *c)
{
    int n = 0;

#ifdef SIOCOUTQ
    if (ioctl(c->fd, SIOCOUTQ, &n) != 0)
        n = 0;
#else
    (void)c;
#endif
    return n;
}

struct stall {
    double since;
    int unsent;
};

/* Waits until the socket can be read, or written; a connection on which no byte moves for too long is closed. */
static enum mg_status
await(struct mg_redis *r, redisContext **link, bool write, struct stall *stall, struct mg_err *err)
{
    struct pollfd p = {.fd = (*link)->fd, .events = write ? POLLOUT : POLLIN};
    char why[300];
    double still;

    for (;;) {
        int left, ready = poll(&p, 1, LOOK_MS);

        if (ready > 0) {
            stall->since = mg_clock();
            return MG_OK;
        }
        if (mg_stop_wanted()) {
            mg_redis_close(link);
            return mg_stop_check(err);
        }
        left = unsent(*link);
        if (left != stall->unsent)
            stall->since = mg_clock();
        stall->unsent = left;
        still = mg_clock() - stall->since;
        if (still >= IDLE_SECONDS) {
            mg_redis_close(link);
            return mg_redis_outage(r, err, "no answer for %.0f seconds", still);
        }
        snprintf(why, sizeof why, "store %.200s: no answer", r->store.address);
        if (still >= 1.0)
            mg_store_waits(&r->store, stall->since, why);
    }
}

enum mg_status
mg_redis_send(struct mg_redis *r, redisContext **link, const struct mg_redis_args *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct stall stall = {.since = mg_clock()};
    int done = 0;

    if (redisAppendCommandArgv(*link, (int)a->n, a->text, a->bytes) != REDIS_OK)
        return lost(r, link, err);
    for (;;) {
        if (redisBufferWrite(*link, &done) != REDIS_OK)
            return lost(r, link, err);
        if (done)
            return MG_OK;
        MG_TRY(await(r, link, true, &stall, err));
    }
out:
    return st;
}

static bool
readable(const redisContext *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

/* hiredis makes room for as many elements as a reply promises, before it has any: an array has a bound of its own. */
#if HIREDIS_MAJOR >= 1
typedef size_t n_elements;
#else
typedef int n_elements;
#endif
static void *(*make_array)(const redisReadTask *, n_elements);

static void *
make_small_array(const redisReadTask *task, n_elements n)
{
    return n <= (n_elements)MAX_ELEMENTS ? make_array(task, n) : NULL;
}

static void
bound_arrays(redisContext *c)
{
    static redisReplyObjectFunctions bounded;

    if (bounded.createArray == NULL) {
        bounded = *c->reader->fn;
        make_array = bounded.createArray;
        bounded.createArray = make_small_array;
    }
    c->reader->fn = &bounded;
}

/* One reply; with `wait` false, only if it is there. */
static enum mg_status
receive(struct mg_redis *r, redisContext **link, bool wait, redisReply **reply, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct stall stall = {.since = mg_clock()};
    size_t bytes = 0, before;
    void *got = NULL;

    *reply = NULL;
    for (;;) {
        if (redisGetReplyFromReader(*link, &got) != REDIS_OK)
            return lost(r, link, err);
        if (got != NULL)
            break;
        if (!wait && !readable(*link))
            return MG_OK;
        MG_TRY(await(r, link, false, &stall, err));
        before = (*link)->reader->len;
        if (redisBufferRead(*link) != REDIS_OK)
            return lost(r, link, err);
        bytes += (*link)->reader->len > before ? (*link)->reader->len - before : 0;
        if (bytes > MAX_REPLY) {
            mg_redis_close(link);
            return mg_redis_damaged(r, err, "an answer of more than 64 MiB");
        }
    }
    *reply = got;
    if ((*reply)->type == REDIS_REPLY_ERROR) {
        st = refusal(r, (*reply)->str, err);
        freeReplyObject(*reply);
        *reply = NULL;
    }
out:
    return st;
}

enum mg_status
mg_redis_receive(struct mg_redis *r, redisContext **link, redisReply **reply, struct mg_err *err)
{
    return receive(r, link, false, reply, err);
}

enum mg_status
mg_redis_call(struct mg_redis *r, redisContext **link, const struct mg_redis_args *a, redisReply **reply,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *reply = NULL;
    MG_TRY(mg_redis_send(r, link, a, err));
    MG_TRY(receive(r, link, true, reply, err));
out:
    return st;
}

enum mg_status
mg_redis_command(struct mg_redis *r, redisContext **link, redisReply **reply, struct mg_err *err, const char *word, ...)
{
    enum mg_status st = MG_OK;
    struct mg_redis_args a = {0};
    va_list ap;

    *reply = NULL;
    MG_TRY(mg_redis_args_init(&a, MAX_WORDS, err));
    va_start(ap, word);
    for (; word != NULL && a.n < MAX_WORDS; word = va_arg(ap, const char *))
        mg_redis_arg(&a, word);
    va_end(ap);
    MG_TRY(mg_redis_call(r, link, &a, reply, err));
out:
    mg_redis_args_free(&a);
    return st;
}

/* ---- Opening ---- */

static enum mg_status
introduce(struct mg_redis *r, redisContext **link, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    redisReply *reply = NULL;
    char database[16];

    if (r->password != NULL) {
        if (r->user != NULL)
            st = mg_redis_command(r, link, &reply, err, "AUTH", r->user, r->password, NULL);
        else
            st = mg_redis_command(r, link, &reply, err, "AUTH", r->password, NULL);
        MG_TRY(st);
        freeReplyObject(reply);
        reply = NULL;
    }
    if (r->database != 0) {
        snprintf(database, sizeof database, "%u", r->database);
        MG_TRY(mg_redis_command(r, link, &reply, err, "SELECT", database, NULL));
    }
out:
    freeReplyObject(reply);
    return st;
}

enum mg_status
mg_redis_open(struct mg_redis *r, redisContext **link, bool *fresh, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct timeval patience = {.tv_sec = CONNECT_SECONDS};
    int flags;

    *fresh = *link == NULL;
    if (!*fresh)
        return MG_OK;
    *link = redisConnectWithTimeout(r->host, r->port, patience);
    MG_REQUIRE(*link != NULL, MG_FAIL, "out of memory: a connection");
    if ((*link)->err != 0) {
        st = lost(r, link, err);
        goto out;
    }
    redisEnableKeepAlive(*link);
    bound_arrays(*link);
    /* from here on the socket is waited for by poll() */
    flags = fcntl((*link)->fd, F_GETFL);
    fcntl((*link)->fd, F_SETFL, flags | O_NONBLOCK);
    (*link)->flags &= ~REDIS_BLOCK;
    MG_TRY(introduce(r, link, err));
out:
    if (st != MG_OK)
        mg_redis_close(link);
    return st;
}
