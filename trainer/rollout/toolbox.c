/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "rollout/rollout_config.h"

enum { MOST = MG_MAX_TOOLS + 2, MAX_COMMAND = 64, MOST_AT_ONCE = 64 };

/* Tools as they are opened, under construction. */
struct specs {
    struct mg_tool_spec spec[MOST];
    const char *command[MOST][MAX_COMMAND + 1];
    size_t n;
};

static bool
is_wanted(const struct mg_list *names, const char *name)
{
    bool wanted = names == NULL;

    for (uint32_t i = 0; !wanted && i < names->n; i++)
        wanted = strcmp(names->item[i], name) == 0;
    return wanted;
}

/* A text of the configuration, NULL where it is not given. */
static const char *
given(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/* `search` and `open` over the configuration's corpus, unless it has tools of these names. */
static void
add_built_in(struct specs *s, const struct mg_config *c, const struct mg_list *names, const char *corpus)
{
    static const struct mg_tool_spec built_in[] = {{.name = "search", .kind = "corpus-search"},
                                                   {.name = "open", .kind = "corpus-open"}};

    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
        if (given(corpus) == NULL || mg_config_tool(c, built_in[i].name) != NULL || !is_wanted(names, built_in[i].name))
            continue;
        s->spec[s->n] = built_in[i];
        s->spec[s->n++].corpus = corpus;
    }
}

static enum mg_status
add_section(struct specs *s, const struct mg_config *c, const struct mg_tool_config *t, const char *corpus,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char **command = s->command[s->n];
    struct mg_process_user user;
    struct mg_err why = {0};
    bool own = t->corpus[0] != '\0' && strcmp(t->corpus, c->corpus) != 0;

    st = mg_process_user_find(t->user, &user, &why);
    MG_REQUIRE(st == MG_OK, st, "tool %s: %.200s", t->name, why.text);
    MG_REQUIRE(t->command.n <= MAX_COMMAND, MG_INPUT, "tool %s: command has %u items, at most %d", t->name,
               t->command.n, (int)MAX_COMMAND);
    memcpy(command, t->command.item, t->command.n * sizeof *command);
    command[t->command.n] = NULL;
    s->spec[s->n++] = (struct mg_tool_spec){.name = t->name,
                                            .kind = t->kind,
                                            .description = given(t->description),
                                            .schema = given(t->schema),
                                            .corpus = own ? t->corpus : given(corpus),
                                            .command = command,
                                            .folder = t->folder,
                                            .limits = {.seconds = t->timeout,
                                                       .memory = t->memory,
                                                       .files = t->files,
                                                       .processes = t->processes,
                                                       .file_size = t->file_size,
                                                       .output = t->output,
                                                       .network = t->network,
                                                       .user = user},
                                            .retries = t->retries,
                                            .json = t->answers == MG_ANSWERS_JSON};
out:
    return st;
}

enum mg_status
mg_toolbox_open(const struct mg_config *config, const struct mg_list *names, const char *corpus, struct mg_toolbox *out,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct specs s = {.n = 0};
    const char *path = corpus != NULL ? corpus : config->corpus;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    add_built_in(&s, config, names, path);
    for (uint32_t i = 0; i < config->n_tools; i++)
        if (is_wanted(names, config->tool[i].name))
            MG_TRY(add_section(&s, config, &config->tool[i], path, err));
    MG_TRY(mg_processes_create(cores > 0 && cores < MOST_AT_ONCE / 2 ? 2 * (uint32_t)cores : MOST_AT_ONCE,
                               &out->processes, err));
    MG_TRY(mg_tools_open(s.spec, s.n, out->processes, &out->tools, err));
out:
    return st;
}

void
mg_toolbox_close(struct mg_toolbox *b)
{
    mg_processes_destroy(b->processes);
    mg_tools_close(b->tools);
    *b = (struct mg_toolbox){0};
}
