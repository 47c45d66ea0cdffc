/* SPDX-License-Identifier: Apache-2.0 */
#include "dialogue/format.h"

#include <stdio.h>
#include <string.h>

#include "dialogue/format_member.h"

static const struct mg_format_member *const members[] = {&mg_format_roles};

enum { N_MEMBERS = sizeof members / sizeof members[0] };

enum mg_status
mg_format_create(const struct mg_format_spec *spec, struct mg_tokenizer *tok, struct mg_format **out,
                 struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char all[128] = "";
    size_t i = 0;

    while (i < N_MEMBERS && strcmp(spec->name, members[i]->name) != 0) {
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", members[i]->name);
        i++;
    }
    MG_REQUIRE(i < N_MEMBERS, MG_INPUT, "there is no format \"%.60s\", need one of: %s", spec->name, all);
    MG_TRY(members[i]->create(spec, tok, out, err));
    (*out)->member = members[i];
out:
    return st;
}

void
mg_format_destroy(struct mg_format *f)
{
    if (f != NULL)
        f->member->destroy(f);
}

enum mg_status
mg_format_open(const struct mg_format *f, struct mg_trajectory *t, const char *text, size_t room, struct mg_err *err)
{
    return f->member->open(f, t, text, room, err);
}

enum mg_status
mg_format_observe(const struct mg_format *f, struct mg_trajectory *t, size_t callable, const char *text, size_t room,
                  struct mg_err *err)
{
    return f->member->observe(f, t, callable, text, room, err);
}

enum mg_turn_state
mg_format_sampled(const struct mg_format *f, const struct mg_trajectory *t)
{
    return f->member->sampled(f, t);
}

enum mg_status
mg_format_parse(const struct mg_format *f, const struct mg_trajectory *t, struct mg_turn *out, struct mg_err *err)
{
    return f->member->parse(f, t, out, err);
}

bool
mg_format_tells(const struct mg_format *f, size_t callable)
{
    return f->member->tells(f, callable);
}
