/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/doing.h"
#include "base/file.h"
#include "base/stop.h"
#include "cli/cmd.h"
#include "eval/source.h"
#include "run/run_dir.h"

enum { MAX_TOKENIZER = 1 << 28 };
static const uint32_t NEWEST = UINT32_MAX;

struct export_options {
    const char *run, *dir;
    uint32_t step; /* NEWEST: the final models, or the newest state */
    bool best;
};

#define AT(member) .offset = offsetof(struct export_options, member)
static const struct mg_option option_rows[] = {
    MG_OPTION(0, "step", "N", "of the state after N train steps (default: the final models, else the newest state)",
              MG_OPTION_U32, AT(step), .max = UINT32_MAX - 1),
    MG_OPTION('b', "best", NULL, "of the state in which most held-out questions were answered right", MG_OPTION_FLAG,
              AT(best)),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct export_options *o = options;

    if (n != 2)
        return mg_fail(err, MG_INPUT, "need the folder of a run and a folder to write, got %d arguments", n);
    if (o->best && o->step != NEWEST)
        return mg_fail(err, MG_INPUT, "--step %u and --best: one of them says which state", o->step);
    o->run = argument[0];
    o->dir = argument[1];
    return MG_OK;
}

static struct mg_path
folder_of(const struct export_options *o, const struct mg_agent_config *part)
{
    return mg_path_print("%s/%s", o->dir, part->name);
}

/* Before any model is opened: all weights are known, and nothing is there that would be overwritten. */
static enum mg_status
find_all(const struct export_options *o, const struct mg_config *c, struct mg_source *source, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *none[MG_MAX_AGENTS] = {NULL};

    if (o->best)
        MG_TRY(mg_sources_best(o->run, c, none, source, err));
    else
        MG_TRY(o->step == NEWEST ? mg_sources_find(o->run, c, none, source, err)
                                 : mg_sources_of_step(o->run, c, o->step, source, err));
    for (uint32_t i = 0; i < c->n_agents; i++) {
        struct mg_path folder = folder_of(o, &c->agent[i]);

        MG_REQUIRE(access(folder.text, F_OK) != 0, MG_INPUT, "%s is there already", folder.text);
    }
    MG_TRY(mg_dir_make(o->dir, err));
out:
    return st;
}

static enum mg_status
write_one(const struct export_options *o, const struct mg_config *c, uint32_t agent, struct mg_source *w,
          struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_agent_config *part = &c->agent[agent];
    struct mg_path folder = folder_of(o, part), tokenizer = mg_path_print("%s/%s/tokenizer.json", o->dir, part->name);
    struct mg_policy_limits limits = {.device = part->device[0] != '\0' ? part->device : NULL,
                                      .context = part->context,
                                      .max_tokens = part->max_tokens};
    struct mg_policy *p = NULL;

    mg_doing("writing the model of %s", part->name);
    MG_TRY(mg_source_open(w, o->run, c, agent, &limits, &p, err));
    MG_REQUIRE(o->step == NEWEST || w->kind != MG_SOURCE_STATE || w->step == o->step, MG_INPUT,
               "%s has no state of step %u; the nearest is of step %u", part->name, o->step, w->step);
    MG_TRY(mg_policy_save_model(p, folder.text, "f32", err));
    MG_TRY(mg_file_copy(c->tokenizer, tokenizer.text, MAX_TOKENIZER, err));
    mg_doing_hide();
    printf("%s: %s of step %u\n", folder.text, w->kind == MG_SOURCE_STATE ? "the state" : "the model", w->step);
out:
    mg_policy_close(p);
    return st;
}

static enum mg_status
export_models(const void *options, struct mg_err *err)
{
    const struct export_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_config c = {0};
    struct mg_source source[MG_MAX_AGENTS];

    MG_TRY(mg_run_config(o->run, &c, err));
    MG_TRY(find_all(o, &c, source, err));
    for (uint32_t i = 0; i < c.n_agents; i++)
        MG_TRY(write_one(o, &c, i, &source[i], err));
out:
    mg_config_free(&c);
    return st;
}

int
mg_cmd_export(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "export",
        .arguments = "[OPTION]... RUN DIR",
        .about = "Write the models of a run's agents to DIR/AGENT, of a run that has not ended from its state files.\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = export_models,
        .stops = MG_STOP_SECONDS,
    };
    struct export_options o = {.step = NEWEST};

    return mg_cmd_run(&command, &o, argc, argv);
}
