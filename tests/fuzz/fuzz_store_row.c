/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "store/store_redis.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a row that a Redis server gave. What is accepted as a row of some kind is
 * written again, and then read and written to the same bytes.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads a reply as a row of one kind and writes it; false: it is none. */
typedef bool rewrite(redisReply *e, char out[MG_REDIS_ROW]);

static bool
as_key(redisReply *e, char out[MG_REDIS_ROW])
{
    struct mg_key key = {0};

    if (!mg_redis_unpack_key(e, 1, &key))
        return false;
    mg_redis_pack_key(out, &key);
    return true;
}

static bool
as_subtask(redisReply *e, char out[MG_REDIS_ROW])
{
    struct mg_subtask t = {0};

    if (!mg_redis_unpack_subtask(e, &t))
        return false;
    mg_redis_pack_subtask(out, &t);
    return true;
}

static bool
as_result(redisReply *e, char out[MG_REDIS_ROW])
{
    struct mg_result r = {0};

    if (!mg_redis_unpack_result(e, &r))
        return false;
    mg_redis_pack_result(out, &r);
    return true;
}

static bool
as_rollout(redisReply *e, char out[MG_REDIS_ROW])
{
    struct mg_rollout_row r = {0};

    if (!mg_redis_unpack_rollout(e, 1, &r))
        return false;
    mg_redis_pack_rollout(out, &r);
    return true;
}

static bool
as_note(redisReply *e, char out[MG_REDIS_ROW])
{
    struct mg_agent_note n = {0};

    if (!mg_redis_unpack_note(e, &n))
        return false;
    mg_redis_pack_note(out, &n);
    return true;
}

/* A reply of its own, exactly as large, so that a byte too far is seen. */
static bool
once(rewrite *kind, const void *data, size_t size, char out[MG_REDIS_ROW])
{
    redisReply e = {.type = REDIS_REPLY_STRING, .len = size, .str = malloc(size + 1)};
    bool good;

    if (e.str == NULL)
        abort();
    memcpy(e.str, data, size);
    e.str[size] = '\0';
    good = kind(&e, out);
    free(e.str);
    return good;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static rewrite *const kinds[] = {as_key, as_subtask, as_result, as_rollout, as_note};
    static char first[MG_REDIS_ROW], again[MG_REDIS_ROW];

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (once(kinds[i], data, size, first) &&
            (!once(kinds[i], first, strlen(first), again) || strcmp(first, again) != 0))
            abort();
    return 0;
}
