/* SPDX-License-Identifier: Apache-2.0 */
#include "dialogue/roles.h"

#include <string.h>

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
mg_specials_find(struct mg_tokenizer *tok, struct mg_specials *out, struct mg_err *err)
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
    for (int i = 0; i < 3 + MG_N_ROLES; i++)
        mg_tokenizer_reserve(tok, all[i]);
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

enum mg_status
mg_roles_turn(struct mg_trajectory *t, struct mg_tokenizer *tok, const struct mg_specials *sp, enum mg_role role,
              const char *text, size_t len, bool own, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_token_list ids = {0};

    MG_TRY(mg_tokenizer_encode(tok, text, len, 0, &ids, err));
    if (own) {
        MG_TRY(mg_trajectory_write(t, sp->role[role], 0.0f, err));
        for (size_t i = 0; i < ids.n; i++)
            MG_TRY(mg_trajectory_write(t, ids.id[i], 0.0f, err));
        MG_TRY(mg_trajectory_write(t, sp->end, 0.0f, err));
    } else {
        MG_TRY(mg_trajectory_read(t, &sp->role[role], 1, err));
        MG_TRY(mg_trajectory_read(t, ids.id, ids.n, err));
        MG_TRY(mg_trajectory_read(t, &sp->end, 1, err));
    }
out:
    mg_token_list_free(&ids);
    return st;
}
