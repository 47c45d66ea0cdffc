/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "run/config_keys.h"

static const char *const names[MG_N_JUDGES] = {[MG_JUDGED_ANSWER] = "answer", [MG_JUDGED_RESULT] = "expert"};

static enum mg_status
set_defaults(struct mg_judge_config *j, const char *name, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_section *s = &mg_sections[MG_SECTION_JUDGE];

    MG_STRDUP(j->name, name);
    for (size_t i = 0; i < s->n_keys; i++)
        if (s->keys[i].type != MG_KEY_LIST)
            MG_TRY(mg_config_set(j, &s->keys[i], &s->keys[i].missing, 1, where, err));
out:
    return st;
}

/* Moves the judges that are given to their places. */
static enum mg_status
put_in_order(struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_judge_config settled[MG_N_JUDGES] = {{.name = NULL}}, *all = NULL;

    for (uint32_t i = 0; i < c->n_judges; i++) {
        int at = 0;

        while (at < MG_N_JUDGES && strcmp(c->judge[i].name, names[at]) != 0)
            at++;
        MG_REQUIRE(at < MG_N_JUDGES, MG_INPUT, "%s: judge \"%.60s\": need one of: %s, %s", where, c->judge[i].name,
                   names[0], names[1]);
        MG_REQUIRE(settled[at].name == NULL, MG_INPUT, "%s: two judges are named %s", where, names[at]);
        settled[at] = c->judge[i];
    }
    MG_ALLOC(all, MG_N_JUDGES);
    memcpy(all, settled, sizeof settled);
    free(c->judge);
    c->judge = all;
    c->n_judges = MG_N_JUDGES;
out:
    return st;
}

enum mg_status
mg_config_settle_judges(struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(put_in_order(c, where, err));
    for (int i = 0; i < MG_N_JUDGES; i++) {
        struct mg_judge_config *j = &c->judge[i];

        if (j->name == NULL)
            MG_TRY(set_defaults(j, names[i], where, err));
        MG_REQUIRE((j->kind == MG_BY_EXEC) == (j->command.n > 0), MG_INPUT,
                   "%s: judge %s: command is %s; kind exec needs one, and no other kind has one", where, j->name,
                   j->command.n > 0 ? j->command.item[0] : "missing");
    }
    MG_REQUIRE(c->judge[MG_JUDGED_ANSWER].kind != MG_BY_NOBODY, MG_INPUT,
               "%s: judge answer: kind is none, and nothing can be learnt from answers that nobody judges", where);
out:
    return st;
}
