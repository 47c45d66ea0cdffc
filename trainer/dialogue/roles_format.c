/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format "roles". A tool whose name is a role is called by that role's token, with its text as the one argument,
 * and read back by the role that answers it. All other tools and all agents are called by <sub> and read back by
 * <result>: with the text alone where there is one of them, with its name and a blank before the text where there are
 * several.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "dialogue/format_member.h"
#include "dialogue/roles.h"

/* How a callable is spelt. */
struct spelt {
    char *name, *schema; /* schema NULL: an agent */
    enum mg_role written, read;
};

struct roles {
    struct mg_format head;
    struct mg_tokenizer *tok;
    struct mg_specials sp;
    enum mg_role opening;
    struct spelt *callable;    /* n of them */
    size_t n, n_sub;           /* those that <sub> calls */
    bool may[MG_N_ROLES];      /* the roles that the agent writes */
    struct mg_token_list mark; /* of a text that was cut; none where the tokenizer cannot write it */
};

static void
roles_destroy(struct mg_format *f)
{
    struct roles *r = (struct roles *)f;

    for (size_t i = 0; r->callable != NULL && i < r->n; i++) {
        free(r->callable[i].name);
        free(r->callable[i].schema);
    }
    free(r->callable);
    mg_token_list_free(&r->mark);
    free(r);
}

static void
choose_roles(struct spelt *s)
{
    static const struct {
        enum mg_role written, read;
    } own[] = {{MG_ROLE_SEARCH, MG_ROLE_HITS}, {MG_ROLE_OPEN, MG_ROLE_PAGE}};

    s->written = MG_ROLE_SUB;
    s->read = MG_ROLE_RESULT;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (s->schema == NULL || strcmp(s->name, mg_role_name(own[i].written)) != 0)
            continue;
        s->written = own[i].written;
        s->read = own[i].read;
    }
}

static enum mg_status
add_callable(struct roles *r, const struct mg_callable *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct spelt *s = &r->callable[r->n++];

    MG_REQUIRE(c->name[0] != '\0' && strcspn(c->name, " \t\r\n") == strlen(c->name), MG_INPUT,
               "the format roles cannot call \"%.60s\": a name has no blanks", c->name);
    s->name = strdup(c->name);
    s->schema = c->schema != NULL ? strdup(c->schema) : NULL;
    MG_REQUIRE(s->name != NULL && (c->schema == NULL || s->schema != NULL), MG_FAIL, "out of memory: a format");
    choose_roles(s);
    r->may[s->written] = true;
    r->n_sub += s->written == MG_ROLE_SUB;
out:
    return st;
}

static enum mg_status
find_mark(struct roles *r, struct mg_err *err)
{
    enum mg_status st = mg_tokenizer_encode(r->tok, MG_CUT_MARK, strlen(MG_CUT_MARK), 0, &r->mark, err);

    if (st != MG_INPUT)
        return st;
    mg_err_clear(err);
    return MG_OK;
}

static enum mg_status
roles_create(const struct mg_format_spec *spec, struct mg_tokenizer *tok, struct mg_format **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct roles *r = NULL;

    MG_ALLOC(r, 1);
    r->tok = tok;
    r->opening = spec->root ? MG_ROLE_USER : MG_ROLE_TASK;
    r->may[MG_ROLE_ANSWER] = true;
    MG_TRY(mg_specials_find(tok, &r->sp, err));
    MG_TRY(find_mark(r, err));
    MG_ALLOC(r->callable, spec->n);
    for (size_t i = 0; i < spec->n; i++)
        MG_TRY(add_callable(r, &spec->callable[i], err));
    *out = &r->head;
    r = NULL;
out:
    if (r != NULL)
        roles_destroy(&r->head);
    return st;
}

/* ---- What is read ---- */

/* Cuts a text to `room` tokens, the mark included. A cut inside a character takes all of it away. */
static enum mg_status
cut(const struct roles *r, struct mg_trajectory *t, struct mg_token_list *ids, size_t room, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = room > r->mark.n ? room - r->mark.n : 0, bytes;

    while (n > 0 && (*mg_tokenizer_piece(r->tok, ids->id[n], &bytes) & 0xC0) == 0x80)
        n--;
    ids->n = n;
    MG_GROW(ids->id, n + r->mark.n, ids->room);
    for (size_t i = 0; i < r->mark.n; i++)
        ids->id[ids->n++] = r->mark.id[i];
    t->texts_cut++;
out:
    return st;
}

/* A turn that is read: `first`, role, text, <end>; nothing where the text cannot be written. */
static enum mg_status
read_turn(const struct roles *r, struct mg_trajectory *t, const int32_t *first, enum mg_role role, const char *text,
          size_t room, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_token_list ids = {0};
    size_t around = first != NULL ? 3 : 2;

    MG_TRY(mg_tokenizer_encode(r->tok, text, strlen(text), 0, &ids, err));
    if (ids.n > room || ids.n + around > room)
        MG_TRY(cut(r, t, &ids, room > around ? room - around : 0, err));
    MG_TRY(mg_trajectory_read(t, first, first != NULL, err));
    MG_TRY(mg_trajectory_read(t, &r->sp.role[role], 1, err));
    MG_TRY(mg_trajectory_read(t, ids.id, ids.n, err));
    MG_TRY(mg_trajectory_read(t, &r->sp.end, 1, err));
out:
    mg_token_list_free(&ids);
    return st;
}

static enum mg_status
roles_open(const struct mg_format *f, struct mg_trajectory *t, const char *text, size_t room, struct mg_err *err)
{
    const struct roles *r = (const struct roles *)f;

    return read_turn(r, t, &r->sp.bos, r->opening, text, room, err);
}

static enum mg_status
roles_observe(const struct mg_format *f, struct mg_trajectory *t, size_t callable, const char *text, size_t room,
              struct mg_err *err)
{
    const struct roles *r = (const struct roles *)f;

    return read_turn(r, t, NULL, r->callable[callable].read, text != NULL && text[0] != '\0' ? text : "none", room,
                     err);
}

/* ---- What is written ---- */

static bool
may_write(const struct roles *r, int32_t token)
{
    for (int role = 0; role < MG_N_ROLES; role++)
        if (token == r->sp.role[role])
            return r->may[role];
    return false;
}

static enum mg_turn_state
roles_sampled(const struct mg_format *f, const struct mg_trajectory *t)
{
    const struct roles *r = (const struct roles *)f;
    int32_t token = t->ids[t->len - 1];

    if (t->len - t->turn_start == 1)
        return may_write(r, token) ? MG_TURN_OPEN : MG_TURN_MALFORMED;
    if (token == r->sp.end)
        return MG_TURN_ENDED;
    return mg_specials_has(&r->sp, token) ? MG_TURN_MALFORMED : MG_TURN_OPEN;
}

/* ---- Reading a turn ---- */

static bool
turn_role(const struct roles *r, const struct mg_trajectory *t, enum mg_role *role)
{
    size_t bytes;

    if (t->len < t->turn_start + 2 || t->ids[t->len - 1] != r->sp.end)
        return false;
    for (uint32_t i = t->turn_start + 1; i + 1 < t->len; i++)
        if (mg_specials_has(&r->sp, t->ids[i]) || mg_tokenizer_piece(r->tok, t->ids[i], &bytes) == NULL)
            return false;
    for (int i = 0; i < MG_N_ROLES; i++) {
        if (t->ids[t->turn_start] == r->sp.role[i] && r->may[i]) {
            *role = (enum mg_role)i;
            return true;
        }
    }
    return false;
}

static const struct spelt *
named(const struct roles *r, const char *text, size_t len)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct spelt *s = &r->callable[i];

        if (s->written == MG_ROLE_SUB && strlen(s->name) == len && memcmp(s->name, text, len) == 0)
            return s;
    }
    return NULL;
}

/* Whom a turn calls; the name goes from the text. */
static const struct spelt *
called(const struct roles *r, enum mg_role role, const char **text, size_t *len)
{
    size_t word = 0;

    if (role == MG_ROLE_SUB && r->n_sub > 1) {
        const struct spelt *s;

        while (word < *len && strchr(" \t\r\n", (*text)[word]) == NULL)
            word++;
        s = named(r, *text, word);
        *text += word;
        *len -= word;
        *text = mg_text_trim(*text, len);
        return s;
    }
    for (size_t i = 0; i < r->n; i++)
        if (r->callable[i].written == role)
            return &r->callable[i];
    return NULL;
}

static enum mg_status
make_call(const struct roles *r, const struct spelt *s, const char *text, size_t len, struct mg_turn *out,
          struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *copy = strndup(text, len);

    MG_REQUIRE(copy != NULL, MG_FAIL, "out of memory: a turn of %zu bytes", len);
    out->kind = s != NULL ? MG_TURN_CALL : MG_TURN_ANSWER;
    out->callable = s != NULL ? (size_t)(s - r->callable) : 0;
    if (s != NULL && s->schema != NULL) {
        out->text = mg_arguments_of_text(s->schema, copy);
        MG_REQUIRE(out->text != NULL, MG_FAIL, "out of memory: the arguments of a tool");
    } else {
        out->text = copy;
        copy = NULL;
    }
out:
    free(copy);
    return st;
}

static enum mg_status
roles_parse(const struct mg_format *f, const struct mg_trajectory *t, struct mg_turn *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct roles *r = (const struct roles *)f;
    struct mg_token_text raw = {0};
    enum mg_role role = MG_ROLE_ANSWER;
    const struct spelt *s = NULL;
    const char *text;
    size_t len;

    *out = (struct mg_turn){.kind = MG_TURN_NONE, .why = "no role, text and end"};
    if (!turn_role(r, t, &role))
        return MG_OK;
    MG_TRY(mg_tokenizer_decode(r->tok, t->ids + t->turn_start + 1, t->len - t->turn_start - 2, 0, &raw, err));
    out->why = "text that is too long, or no UTF-8";
    if (raw.n > MG_TURN_TEXT_MAX || !mg_text_valid(raw.data, raw.n))
        goto out;
    len = raw.n;
    text = mg_text_trim(raw.n > 0 ? raw.data : "", &len);
    if (role != MG_ROLE_ANSWER) {
        out->why = "a call of nobody";
        if ((s = called(r, role, &text, &len)) == NULL)
            goto out;
    }
    out->why = "no text";
    if (len > 0)
        MG_TRY(make_call(r, s, text, len, out, err));
out:
    mg_token_text_free(&raw);
    return st;
}

/* The roles of search and open have no words for a refusal. */
static bool
roles_tells(const struct mg_format *f, size_t callable)
{
    return ((const struct roles *)f)->callable[callable].written == MG_ROLE_SUB;
}

const struct mg_format_member mg_format_roles = {
    .name = "roles",
    .create = roles_create,
    .destroy = roles_destroy,
    .open = roles_open,
    .observe = roles_observe,
    .sampled = roles_sampled,
    .parse = roles_parse,
    .tells = roles_tells,
};
