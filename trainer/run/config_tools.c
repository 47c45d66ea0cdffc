/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that the tools which agents name exist. What a kind of tool requires is checked when the tools are opened. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "run/config_keys.h"

enum { MAX_NAME = 63, MAX_LISTED = 400 };

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

/* Without sections of these names, two tools are over the corpus. */
static bool
is_built_in(const char *name)
{
    return strcmp(name, "search") == 0 || strcmp(name, "open") == 0;
}

static void
list_tools(const struct mg_config *c, char *out, size_t size)
{
    static const char *const built_in[] = {"search", "open"};
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; c->corpus[0] != '\0' && i < 2; i++)
        if (mg_config_tool(c, built_in[i]) == NULL)
            snprintf(out + strlen(out), size - strlen(out), "%s%s", n++ > 0 ? ", " : "", built_in[i]);
    for (uint32_t i = 0; i < c->n_tools; i++)
        snprintf(out + strlen(out), size - strlen(out), "%s%s", n++ > 0 ? ", " : "", c->tool[i].name);
    if (n == 0)
        snprintf(out, size, "none");
}

static enum mg_status
check_use(const struct mg_config *c, const struct mg_agent_config *a, uint32_t i, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *name = a->tools.item[i];
    char place[MG_PLACE], all[MAX_LISTED];

    mg_config_place(where, &a->tools, place);
    list_tools(c, all, sizeof all);
    MG_REQUIRE(mg_config_tool(c, name) != NULL || is_built_in(name), MG_INPUT,
               "%s: agent %s: there is no tool \"%.60s\", need of: %s", place, a->name, name, all);
    MG_REQUIRE(mg_config_tool(c, name) != NULL || c->corpus[0] != '\0', MG_INPUT,
               "%s: agent %s: the tool %s needs a corpus, and corpus is missing", place, a->name, name);
    for (uint32_t j = 0; j < i; j++)
        MG_REQUIRE(strcmp(a->tools.item[j], name) != 0, MG_INPUT, "%s: agent %s: tools names %s twice", place, a->name,
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
        MG_REQUIRE(t->corpus[0] == '\0' || t->command.n == 0, MG_INPUT,
                   "%s: tool %s has a corpus and a command: it is of one kind or the other", where, t->name);
        MG_REQUIRE(mg_config_tool(c, t->name) == t, MG_INPUT, "%s: two tools are named %s", where, t->name);
    }
    for (uint32_t i = 0; i < c->n_agents; i++)
        for (uint32_t j = 0; j < c->agent[i].tools.n; j++)
            MG_TRY(check_use(c, &c->agent[i], j, where, err));
out:
    return st;
}

/* A call by a name must be a call of one thing. The tools `search` and `open` are called by roles of their own. */
enum mg_status
mg_config_check_names(const struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_agent_config *root = &c->agent[0];
    char place[MG_PLACE];

    mg_config_place(where, &root->tools, place);
    for (uint32_t i = 0; i < root->tools.n; i++)
        for (uint32_t j = 0; j < root->calls.n; j++)
            MG_REQUIRE(strcmp(root->tools.item[i], root->calls.item[j]) != 0 || is_built_in(root->tools.item[i]),
                       MG_INPUT,
                       "%s: agent %s: \"%s\" is the name of a tool and of an agent that it may call: rename one", place,
                       root->name, root->tools.item[i]);
out:
    return st;
}
