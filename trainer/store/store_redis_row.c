/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as texts. Numbers come first, each ended by a unit separator; a text, which may hold any character, comes
 * last. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "store/store_redis.h"

#define US "\x1f"

/* ---- Writing ---- */

void
mg_redis_pack_key(char out[MG_REDIS_FIELDS], const struct mg_key *key)
{
    snprintf(out, MG_REDIS_FIELDS, "%u.%u.%u", key->question, key->rollout, key->call);
}

void
mg_redis_pack_subtask(char out[MG_REDIS_ROW], const struct mg_subtask *t)
{
    snprintf(out, MG_REDIS_ROW, "%s" US "%u" US "T%s", t->agent, t->version, t->text);
}

static void
add_text(char out[MG_REDIS_ROW], const char *text)
{
    size_t n = strlen(out);

    snprintf(out + n, MG_REDIS_ROW - n, "%c%s", text != NULL ? 'T' : 'N', text != NULL ? text : "");
}

void
mg_redis_pack_result(char out[MG_REDIS_ROW], const struct mg_result *r)
{
    snprintf(out, MG_REDIS_ROW, "%d" US "%d" US "%.17g" US, r->format, (int)r->verdict.kind, r->verdict.value);
    add_text(out, r->text);
}

void
mg_redis_pack_rollout(char out[MG_REDIS_ROW], const struct mg_rollout_row *r)
{
    snprintf(out, MG_REDIS_ROW, "%u" US "%u" US "%u" US "%d" US "%d" US "%.17g" US "%d" US "%.17g" US, r->key.question,
             r->key.rollout, r->calls, r->format, (int)r->verdict.kind, r->verdict.value, (int)r->kind, r->reward);
    add_text(out, r->answer);
}

void
mg_redis_pack_note(char out[MG_REDIS_ROW], const struct mg_agent_note *n)
{
    snprintf(out, MG_REDIS_ROW, "%u" US "%u" US "%u" US "%u" US "%d" US "%.17g" US "%.17g" US "%.17g" US, n->phase,
             n->version, n->done, n->total, n->training, n->tokens, n->reward, n->held_out);
}

/* ---- Reading what anybody may have written ---- */

static char *
text_of(const redisReply *e, size_t most)
{
    if (e->type != REDIS_REPLY_STRING || (size_t)e->len > most || strlen(e->str) != (size_t)e->len)
        return NULL;
    return e->str;
}

static bool
take_u32(char **at, char end, uint32_t *out)
{
    char *rest;
    unsigned long long value;

    if (**at < '0' || **at > '9')
        return false;
    errno = 0;
    value = strtoull(*at, &rest, 10);
    if (errno != 0 || value > UINT32_MAX || *rest != end)
        return false;
    *at = end != '\0' ? rest + 1 : rest;
    *out = (uint32_t)value;
    return true;
}

static bool
take_below(char **at, uint32_t limit, uint32_t *out)
{
    return take_u32(at, US[0], out) && *out < limit;
}

static bool
take_bool(char **at, bool *out)
{
    uint32_t value = 0;

    if (!take_below(at, 2, &value))
        return false;
    *out = value == 1;
    return true;
}

static bool
take_real(char **at, double *out)
{
    char *rest;

    *out = strtod(*at, &rest);
    if (rest == *at || *rest != US[0])
        return false;
    *at = rest + 1;
    return true;
}

static bool
take_verdict(char **at, struct mg_verdict *v)
{
    uint32_t kind = 0;

    if (!take_u32(at, US[0], &kind) || !take_real(at, &v->value) || !mg_verdict_valid(kind, v->value))
        return false;
    v->kind = (enum mg_verdict_kind)kind;
    return true;
}

static bool
take_text(char *at, const char **out)
{
    size_t n = strlen(at);

    if (n == 0 || (at[0] != 'T' && !(at[0] == 'N' && n == 1)))
        return false;
    *out = at[0] == 'T' ? at + 1 : NULL;
    return n - 1 <= MG_STORE_TEXT_MAX && mg_text_valid(at + 1, n - 1);
}

bool
mg_redis_unpack_key(const redisReply *e, uint32_t phase, struct mg_key *key)
{
    char *at = text_of(e, MG_REDIS_FIELDS);

    key->phase = phase;
    return at != NULL && take_u32(&at, '.', &key->question) && take_u32(&at, '.', &key->rollout) &&
           take_u32(&at, '\0', &key->call);
}

bool
mg_redis_unpack_subtask(redisReply *e, struct mg_subtask *t)
{
    char *at = text_of(e, MG_REDIS_ROW), *end = at != NULL ? strchr(at, US[0]) : NULL;

    if (end == NULL)
        return false;
    *end = '\0';
    t->agent = at;
    at = end + 1;
    return mg_store_name_valid(t->agent) && take_u32(&at, US[0], &t->version) && take_text(at, &t->text) &&
           t->text != NULL;
}

bool
mg_redis_unpack_result(redisReply *e, struct mg_result *r)
{
    char *at = text_of(e, MG_REDIS_ROW);

    return at != NULL && take_bool(&at, &r->format) && take_verdict(&at, &r->verdict) && take_text(at, &r->text);
}

bool
mg_redis_unpack_rollout(redisReply *e, uint32_t phase, struct mg_rollout_row *r)
{
    char *at = text_of(e, MG_REDIS_ROW);
    uint32_t kind = 0;

    *r = (struct mg_rollout_row){.key = {.phase = phase}};
    if (at == NULL || !take_u32(&at, US[0], &r->key.question) || !take_u32(&at, US[0], &r->key.rollout) ||
        !take_u32(&at, US[0], &r->calls) || !take_bool(&at, &r->format) || !take_verdict(&at, &r->verdict) ||
        !take_below(&at, MG_REWARD_UNAVAILABLE + 1, &kind) || !take_real(&at, &r->reward) || !isfinite(r->reward))
        return false;
    r->kind = (enum mg_reward_kind)kind;
    return take_text(at, &r->answer);
}

bool
mg_redis_unpack_note(redisReply *e, struct mg_agent_note *n)
{
    char *at = text_of(e, MG_REDIS_ROW);

    return at != NULL && take_u32(&at, US[0], &n->phase) && take_u32(&at, US[0], &n->version) &&
           take_u32(&at, US[0], &n->done) && take_u32(&at, US[0], &n->total) && take_bool(&at, &n->training) &&
           take_real(&at, &n->tokens) && take_real(&at, &n->reward) && take_real(&at, &n->held_out);
}

bool
mg_redis_unpack_end(const redisReply *e, bool *closed, uint32_t counts[2])
{
    char *at = text_of(e, MG_REDIS_FIELDS);

    *closed = at != NULL && *at != '\0';
    return at != NULL && (!*closed || (take_u32(&at, ',', &counts[0]) && take_u32(&at, '\0', &counts[1])));
}
