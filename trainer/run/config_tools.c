/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that the tools which agents name exist. What a kind of tool requires is checked when the tools are opened. */
#include <ctype.h>
#include <string.h>

#include "run/config_keys.h"

enum { MAX_NAME = 63 };

static bool
is_name(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > MAX_NAME)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_')
            return false;
    return true;
}

const struct mg_tool_config *
mg_config_tool(const struct mg_config *c, const char *name)
{
    for (uint32_t i = 0; i < c->n_tools; i++)
        if (strcmp(c->tool[i].name, name) == 0)
            return &c->tool[i];
    return NULL;
}

static enum mg_status
check_use(const struct mg_config *c, const struct mg_agent_config *a, uint32_t i, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *name = a->tools.item[i];
    bool built_in = strcmp(name, "search") == 0 || strcmp(name, "open") == 0;

    MG_REQUIRE(mg_config_tool(c, name) != NULL || built_in, MG_INPUT,
               "%s: agent %s uses \"%.60s\", but no section tool has that name", where, a->name, name);
    MG_REQUIRE(mg_config_tool(c, name) != NULL || c->corpus[0] != '\0', MG_INPUT,
               "%s: agent %s uses %s, but corpus is missing", where, a->name, name);
    for (uint32_t j = 0; j < i; j++)
        MG_REQUIRE(strcmp(a->tools.item[j], name) != 0, MG_INPUT, "%s: agent %s: tools names %s twice", where, a->name,
                   name);
out:
    return st;
}

enum mg_status
mg_config_check_tools(const struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (uint32_t i = 0; i < c->n_tools; i++) {
        const struct mg_tool_config *t = &c->tool[i];

        MG_REQUIRE(is_name(t->name), MG_INPUT, "%s: tool \"%.60s\": a name has 1 to %d letters, digits, - and _", where,
                   t->name, (int)MAX_NAME);
        MG_REQUIRE(mg_config_tool(c, t->name) == t, MG_INPUT, "%s: two tools are named %s", where, t->name);
    }
    for (uint32_t i = 0; i < c->n_agents; i++)
        for (uint32_t j = 0; j < c->agent[i].tools.n; j++)
            MG_TRY(check_use(c, &c->agent[i], j, where, err));
out:
    return st;
}
