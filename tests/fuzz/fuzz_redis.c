/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/store_redis.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is the verb, a byte, and all that a Redis server says on each connection, which then
 * ends. What is read of it is what such a row may be, or the verb fails with a sentence. The two functions of hiredis that
 * connect are here: the other end of a socket has said everything before it is asked.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PHASE = 3, MAX_LINKS = 8, SAID = 1 << 15 };
static const char *said;
static size_t n_said;
static int server[MAX_LINKS], n_servers;

redisContext *
redisConnectWithTimeout(const char *ip, int port, const struct timeval patience)
{
    int pair[2], room = 4 * SAID;

    (void)ip;
    (void)port;
    (void)patience;
    if (n_servers == MAX_LINKS || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        abort();
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (write(pair[1], said, n_said) != (ssize_t)n_said || shutdown(pair[1], SHUT_WR) != 0)
        abort();
    server[n_servers++] = pair[1];
    return redisConnectFd(pair[0]);
}

int
redisEnableKeepAlive(redisContext *c)
{
    (void)c;
    return REDIS_OK;
}

static enum mg_status
ask(struct mg_store *s, struct mg_err *err)
{
    const struct mg_subtask t = {.key = {.phase = PHASE, .question = 1}, .agent = "b", .text = "x"};
    struct mg_results out = {0};
    int64_t cursor = 0;
    enum mg_status st = mg_redis_ask(s, PHASE, &t, 1, &cursor, &out, err);

    for (size_t i = 0; i < out.n; i++)
        if (mg_result_check(&out.row[i], PHASE, err) != MG_OK)
            abort();
    mg_results_free(&out);
    return st;
}

static enum mg_status
serve(struct mg_store *s, struct mg_err *err)
{
    const struct mg_result r = {.key = {.phase = PHASE, .question = 1}, .text = "x"};
    struct mg_subtasks out = {0};
    struct mg_phase_end end = {0};
    int64_t cursor = 0;
    enum mg_status st = mg_redis_serve(s, PHASE, 0, &r, 1, &cursor, &out, &end, err);

    for (size_t i = 0; i < out.n; i++)
        if (mg_subtask_check(&out.row[i], PHASE, err) != MG_OK)
            abort();
    mg_subtasks_free(&out);
    return st;
}

static enum mg_status
rollouts(struct mg_store *s, struct mg_err *err)
{
    const struct mg_rollout_row row = {.key = {.phase = PHASE}, .answer = "x"};
    struct mg_rollout_rows out = {0};
    bool closed;
    uint32_t n;
    enum mg_status st = mg_redis_rollouts(s, PHASE, 0, &out, &closed, &n, err);

    for (size_t i = 0; i < out.n; i++)
        if (mg_rollout_row_check(&out.row[i], PHASE, err) != MG_OK)
            abort();
    mg_rollout_rows_free(&out);
    return st == MG_OK ? mg_redis_hand_in(s, PHASE, 0, &row, 1, true, 1, err) : st;
}

static enum mg_status
note(struct mg_store *s, struct mg_err *err)
{
    struct mg_agent_note n;
    bool found;
    enum mg_status st = mg_redis_note(s, "a", &n, &found, err);

    return st == MG_OK ? mg_redis_put_note(s, &n, err) : st;
}

static enum mg_status
agree(struct mg_store *s, struct mg_err *err)
{
    char *other = NULL;
    int64_t epoch;
    enum mg_status st = mg_store_redis.agree(s, "what", "value", &other, err);

    if (st == MG_OK && other != NULL && strlen(other) > MG_STORE_VALUE_MAX)
        abort();
    free(other);
    return st == MG_OK ? mg_store_redis.hold(s, "a", &epoch, err) : st;
}

static enum mg_status
changed(struct mg_store *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool is;

    for (int i = 0; i < 3 && st == MG_OK; i++)
        st = mg_redis_changed(s, &is, err);
    return st;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static enum mg_status (*const verbs[])(struct mg_store *, struct mg_err *) = {ask,  serve, rollouts,
                                                                                  note, agree, changed};
    const struct mg_store_place place = {.address = "redis://server", .holder = "here"};
    struct mg_store *s = NULL;
    struct mg_err err = {0};

    if (size < 1 || size > SAID)
        return 0;
    said = (const char *)data + 1;
    n_said = size - 1;
    if (mg_store_redis.create(&place, &s, &err) != MG_OK)
        abort();
    if (verbs[data[0] % (sizeof verbs / sizeof *verbs)](s, &err) != MG_OK && err.text[0] == '\0')
        abort();
    mg_store_redis.destroy(s);
    while (n_servers > 0)
        close(server[--n_servers]);
    return 0;
}
