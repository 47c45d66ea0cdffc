/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/extend.h"
#include "agent/inputs.h"
#include "base/stop.h"
#include "cli/cmd.h"
#include "run/run_dir.h"

struct agent_options {
    const char *conf, *name, *dir;
    uint32_t extend; /* train steps in all; 0: as many as the run has */
};

static const struct mg_option option_rows[] = {
    MG_OPTION('c', "conf", "RUN.conf", "begin the folder RUN with this configuration, if it is not there",
              MG_OPTION_TEXT, .offset = offsetof(struct agent_options, conf)),
    MG_OPTION(0, "extend", "STEPS", "go on from the end of a run, to so many train steps in all", MG_OPTION_U32,
              .offset = offsetof(struct agent_options, extend), .min = 1, .max = MG_MAX_STEPS),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct agent_options *o = options;
    enum mg_status st = MG_OK;

    MG_REQUIRE(n == 2, MG_INPUT, "need an agent's name and the folder of a run, got %d arguments", n);
    o->name = argument[0];
    o->dir = argument[1];
out:
    return st;
}

static enum mg_status
run(const void *options, struct mg_err *err)
{
    const struct agent_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_config config = {0};
    struct mg_agent *agent = NULL;
    struct mg_digests inputs;
    uint32_t which = 0;

    if (o->conf != NULL) {
        MG_TRY(mg_config_load(o->conf, &config, err));
        MG_TRY(mg_config_find(&config, o->name, &which, err));
        MG_TRY(mg_inputs_check(&config, which, o->conf, err));
        MG_TRY(mg_digests_take(&config, (int)which, &inputs, err));
        MG_TRY(mg_run_begin(o->dir, o->conf, &config, &inputs, err));
    } else {
        MG_TRY(mg_run_config(o->dir, &config, err));
        MG_TRY(mg_config_find(&config, o->name, &which, err));
        MG_TRY(mg_digests_take(&config, (int)which, &inputs, err));
        MG_TRY(mg_run_compare_inputs(o->dir, &inputs, err));
    }
    if (o->extend > 0)
        MG_TRY(mg_extend(o->dir, &config, (int)which, o->extend, err));
    MG_TRY(mg_agent_open(&config, o->dir, which, &agent, err));
    if (o->extend > 0)
        MG_TRY(mg_run_record(o->dir, &config, err));
    MG_TRY(mg_agent_run(agent, err));
out:
    mg_agent_close(agent);
    mg_config_free(&config);
    return st;
}

int
mg_cmd_agent(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "agent",
        .arguments = "[OPTION]... NAME RUN",
        .about = "Run the agent NAME of the run in the folder RUN, from its last state to the end.\n"
                 "On a host of its own it joins a run whose agents meet on a server (mgrpo-hosts(7)).\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = run,
        .again = true,
        .stops = MG_STOP_SECONDS,
    };
    struct agent_options o = {.dir = NULL};

    return mg_cmd_run(&command, &o, argc, argv);
}
