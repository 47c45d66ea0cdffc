/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/demo_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"

enum { MAX_LINE = 1 << 20 };

struct mg_demo_file {
    struct mg_lines lines;
    char *path, *agent;
    size_t counted; /* lines up to this one are in `count` */
    struct mg_demo_count count;
    struct mg_tokenizer *tok;
    struct mg_specials specials;
};

void
mg_example_free(struct mg_example *e)
{
    mg_trajectory_free(&e->t);
    free(e->role);
    *e = (struct mg_example){0};
}

enum mg_status
mg_demo_file_open(const char *path, const char *agent, struct mg_tokenizer *tok, struct mg_demo_file **out,
                  struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_demo_file *f = NULL;

    MG_ALLOC(f, 1);
    f->tok = tok;
    MG_TRY(mg_specials_find(tok, &f->specials, err));
    f->path = strdup(path);
    f->agent = agent != NULL ? strdup(agent) : NULL;
    MG_REQUIRE(f->path != NULL && (agent == NULL || f->agent != NULL), MG_FAIL, "out of memory: the name %s", path);
    MG_TRY(mg_lines_open(&f->lines, f->path, MAX_LINE, err));
    *out = f;
    f = NULL;
out:
    mg_demo_file_close(f);
    return st;
}

void
mg_demo_file_close(struct mg_demo_file *f)
{
    if (f == NULL)
        return;
    mg_lines_close(&f->lines);
    free(f->path);
    free(f->agent);
    free(f);
}

/* Sets the role of the tokens from `first` on. */
static enum mg_status
set_role(struct mg_example *e, uint32_t first, unsigned role, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint8_t *grown = realloc(e->role, e->t.room);

    MG_REQUIRE(grown != NULL, MG_FAIL, "out of memory for %u tokens", e->t.room);
    e->role = grown;
    memset(e->role + first, (int)role, e->t.len - first);
out:
    return st;
}

static enum mg_status
add_turn(struct mg_demo_file *f, const json_t *turn, struct mg_example *e, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *name = json_string_value(json_object_get(turn, "role"));
    const json_t *text = json_object_get(turn, "text");
    const json_t *train = json_object_get(turn, "train");
    json_int_t own = json_integer_value(train);
    enum mg_role role = MG_ROLE_USER;
    uint32_t first = e->t.len;

    MG_REQUIRE(train == NULL || json_is_null(train) || (json_is_integer(train) && own >= 0 && own <= 1), MG_INPUT,
               "%s:%zu: train must be 1, or 0 or absent", f->path, f->lines.number);
    MG_REQUIRE(name != NULL && mg_role_parse(name, &role) && json_is_string(text), MG_INPUT,
               "%s:%zu: a turn needs a known role and a text", f->path, f->lines.number);
    MG_TRY(mg_roles_turn(&e->t, f->tok, &f->specials, role, json_string_value(text), json_string_length(text), own != 0,
                         err));
    MG_TRY(set_role(e, first, role, err));
out:
    return st;
}

/* *used is false for a demonstration of another agent. */
static enum mg_status
parse_line(struct mg_demo_file *f, struct mg_example *e, bool *used, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_error_t why;
    json_t *demo = json_loadb(f->lines.text, f->lines.len, 0, &why), *turns, *turn;
    const char *agent;
    size_t i;

    MG_REQUIRE(demo != NULL, MG_INPUT, "%s:%zu: %s", f->path, f->lines.number, why.text);
    agent = json_string_value(json_object_get(demo, "agent"));
    turns = json_object_get(demo, "turns");
    MG_REQUIRE(agent != NULL && mg_is_agent_name(agent) && json_is_array(turns) && json_array_size(turns) > 0, MG_INPUT,
               "%s:%zu: a demonstration needs an agent's name and turns", f->path, f->lines.number);
    *used = f->agent == NULL || strcmp(agent, f->agent) == 0;
    if (!*used)
        goto out;
    mg_trajectory_cut(&e->t, 0);
    MG_TRY(mg_trajectory_read(&e->t, &f->specials.bos, 1, err));
    MG_TRY(set_role(e, 0, MG_N_ROLES, err));
    json_array_foreach(turns, i, turn) MG_TRY(add_turn(f, turn, e, err));
out:
    json_decref(demo);
    return st;
}

static void
count_one(struct mg_demo_file *f, uint32_t len, bool fits)
{
    if (f->lines.number <= f->counted)
        return;
    f->counted = f->lines.number;
    f->count.read++;
    if (fits)
        return;
    f->count.skipped++;
    f->count.longest = len > f->count.longest ? len : f->count.longest;
}

enum mg_status
mg_demo_file_next(struct mg_demo_file *f, uint32_t max_len, struct mg_example *out, bool *more, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (;;) {
        bool used = false;

        MG_TRY(mg_lines_next(&f->lines, more, err));
        if (!*more)
            return MG_OK;
        MG_TRY(parse_line(f, out, &used, err));
        if (!used)
            continue;
        count_one(f, out->t.len, out->t.len <= max_len);
        if (out->t.len <= max_len)
            return MG_OK;
    }
out:
    if (st == MG_INPUT)
        mg_hint(err, "mgrpo-demos(5) says what a file of demonstrations holds: a JSON object a line.");
    return st;
}

enum mg_status
mg_demo_file_rewind(struct mg_demo_file *f, struct mg_err *err)
{
    return mg_lines_rewind(&f->lines, err);
}

struct mg_demo_count
mg_demo_file_count(const struct mg_demo_file *f)
{
    return f->count;
}
