/* SPDX-License-Identifier: Apache-2.0 */
#include "dialogue/dialogue.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static const char *const role_name[MG_N_ROLES] = {
    [MG_ROLE_USER] = "user", [MG_ROLE_SUB] = "sub",       [MG_ROLE_RESULT] = "result",
    [MG_ROLE_TASK] = "task", [MG_ROLE_SEARCH] = "search", [MG_ROLE_HITS] = "hits",
    [MG_ROLE_OPEN] = "open", [MG_ROLE_PAGE] = "page",     [MG_ROLE_ANSWER] = "answer",
};

const char *
mg_role_name(enum mg_role role)
{
    return (unsigned)role < MG_N_ROLES ? role_name[role] : "none";
}

bool
mg_role_parse(const char *name, enum mg_role *role)
{
    for (int r = 0; r < MG_N_ROLES; r++) {
        if (strcmp(name, role_name[r]) == 0) {
            *role = (enum mg_role)r;
            return true;
        }
    }
    return false;
}

static enum mg_status
find_one(const struct mg_tokenizer *tok, const char *name, int32_t *id, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char spelt[16];
    size_t n = strlen(name);

    spelt[0] = '<';
    memcpy(spelt + 1, name, n);
    spelt[n + 1] = '>';
    spelt[n + 2] = '\0';
    *id = mg_tokenizer_id_of(tok, spelt);
    MG_REQUIRE(*id >= 0, MG_INPUT, "the tokenizer has no token %s", spelt);
out:
    return st;
}

enum mg_status
mg_specials_find(const struct mg_tokenizer *tok, struct mg_specials *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int32_t all[3 + MG_N_ROLES];

    MG_TRY(find_one(tok, "pad", &out->pad, err));
    MG_TRY(find_one(tok, "bos", &out->bos, err));
    MG_TRY(find_one(tok, "end", &out->end, err));
    for (int r = 0; r < MG_N_ROLES; r++)
        MG_TRY(find_one(tok, role_name[r], &out->role[r], err));
    all[0] = out->pad;
    all[1] = out->bos;
    all[2] = out->end;
    memcpy(all + 3, out->role, sizeof out->role);
    for (int i = 0; i < 3 + MG_N_ROLES; i++)
        for (int j = 0; j < i; j++)
            MG_REQUIRE(all[i] != all[j], MG_INPUT, "two special tokens of the tokenizer have the id %d", (int)all[i]);
out:
    return st;
}

bool
mg_specials_has(const struct mg_specials *sp, int32_t id)
{
    if (id == sp->pad || id == sp->bos || id == sp->end)
        return true;
    for (int r = 0; r < MG_N_ROLES; r++)
        if (id == sp->role[r])
            return true;
    return false;
}

static enum mg_status
reserve(struct mg_dialogue *d, size_t more, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t cap = d->cap > 0 ? d->cap : 128;
    void *grown;

    if (d->len + more <= d->cap)
        return MG_OK;
    while (cap < d->len + more)
        cap *= 2;
    MG_REQUIRE(cap <= UINT32_MAX, MG_FAIL, "a dialogue of %zu tokens", cap);
    MG_REQUIRE((grown = realloc(d->ids, cap * sizeof *d->ids)) != NULL, MG_FAIL, "out of memory: a dialogue");
    d->ids = grown;
    MG_REQUIRE((grown = realloc(d->mask, cap * sizeof *d->mask)) != NULL, MG_FAIL, "out of memory: a dialogue");
    d->mask = grown;
    MG_REQUIRE((grown = realloc(d->logprob, cap * sizeof *d->logprob)) != NULL, MG_FAIL, "out of memory: a dialogue");
    d->logprob = grown;
    d->cap = (uint32_t)cap;
out:
    return st;
}

static void
push(struct mg_dialogue *d, int32_t id, bool own, float logprob)
{
    d->ids[d->len] = id;
    d->mask[d->len] = own;
    d->logprob[d->len] = logprob;
    d->len++;
}

enum mg_status
mg_dialogue_begin(struct mg_dialogue *d, const struct mg_specials *sp, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    d->len = 0;
    MG_TRY(reserve(d, 1, err));
    push(d, sp->bos, false, 0.0f);
    d->turn_start = d->len;
out:
    return st;
}

enum mg_status
mg_dialogue_feed(struct mg_dialogue *d, struct mg_tokenizer *tok, const struct mg_specials *sp, enum mg_role role,
                 const char *text, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_token_list ids = {0};

    MG_TRY(mg_tokenizer_encode(tok, text, strlen(text), 0, &ids, err));
    MG_TRY(reserve(d, ids.n + 2, err));
    push(d, sp->role[role], false, 0.0f);
    for (size_t i = 0; i < ids.n; i++)
        push(d, ids.id[i], false, 0.0f);
    push(d, sp->end, false, 0.0f);
    d->turn_start = d->len;
out:
    mg_token_list_free(&ids);
    return st;
}

enum mg_status
mg_dialogue_sampled(struct mg_dialogue *d, int32_t token, float logprob, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(reserve(d, 1, err));
    push(d, token, true, logprob);
out:
    return st;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
turn_role(const struct mg_dialogue *d, const struct mg_tokenizer *tok, const struct mg_specials *sp, enum mg_role *role)
{
    size_t bytes;

    if (d->len < d->turn_start + 2 || d->ids[d->len - 1] != sp->end)
        return false;
    for (uint32_t i = d->turn_start + 1; i + 1 < d->len; i++)
        if (mg_specials_has(sp, d->ids[i]) || mg_tokenizer_piece(tok, d->ids[i], &bytes) == NULL)
            return false;
    for (int r = 0; r < MG_N_ROLES; r++) {
        if (d->ids[d->turn_start] == sp->role[r]) {
            *role = (enum mg_role)r;
            return true;
        }
    }
    return false;
}

enum mg_status
mg_dialogue_turn(const struct mg_dialogue *d, const struct mg_tokenizer *tok, const struct mg_specials *sp,
                 enum mg_role *role, char **text, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_token_text raw = {0};
    size_t first = 0, end;

    *text = NULL;
    if (!turn_role(d, tok, sp, role))
        return MG_OK;
    MG_TRY(mg_tokenizer_decode(tok, d->ids + d->turn_start + 1, d->len - d->turn_start - 2, 0, &raw, err));
    if (raw.n > MG_TURN_TEXT_MAX || !mg_text_valid(raw.data, raw.n))
        goto out;
    for (end = raw.n; end > 0 && is_blank(raw.data[end - 1]);)
        end--;
    while (first < end && is_blank(raw.data[first]))
        first++;
    MG_ALLOC(*text, end - first + 1);
    if (end > first)
        memcpy(*text, raw.data + first, end - first);
out:
    mg_token_text_free(&raw);
    return st;
}

void
mg_dialogue_free(struct mg_dialogue *d)
{
    free(d->ids);
    free(d->mask);
    free(d->logprob);
    *d = (struct mg_dialogue){0};
}
