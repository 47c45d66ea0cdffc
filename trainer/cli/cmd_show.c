/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/cmd.h"
#include "report/report_show.h"
#include "run/run_dir.h"

static const uint32_t NONE = UINT32_MAX;

#define AT(member) .offset = offsetof(struct mg_show_request, member)
static const struct mg_option option_rows[] = {
    MG_OPTION('s', "step", "N", "the train step, from 0", MG_OPTION_U32, AT(step), .max = MG_MAX_STEPS),
    MG_OPTION('q', "question", "Q", "the number of a question in the step, from 0", MG_OPTION_U32, AT(question),
              .max = MG_MAX_STEPS),
    MG_OPTION('j', "json", NULL, "one JSON object on standard output", MG_OPTION_FLAG, AT(json)),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct mg_show_request *o = options;
    enum mg_status st = MG_OK;

    MG_REQUIRE(n == 1, MG_INPUT, "need the folder of a run, got %d arguments", n);
    MG_REQUIRE(o->step != NONE && o->question != NONE, MG_INPUT, "need --step N and --question Q");
    o->run = argument[0];
out:
    return st;
}

static enum mg_status
show(const void *options, struct mg_err *err)
{
    const struct mg_show_request *o = options;
    enum mg_status st = MG_OK;
    struct mg_config c = {0};

    MG_TRY(mg_run_config(o->run, &c, err));
    MG_TRY(mg_show(stdout, &c, o, err));
out:
    mg_config_free(&c);
    return st;
}

int
mg_cmd_show(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "show",
        .arguments = "--step N --question Q [OPTION]... RUN",
        .about = "Print the rollouts of a question in a train step as they were learnt from: who said what, what tools "
                 "gave,\nrewards and advantages.\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = show,
    };
    struct mg_show_request o = {.step = NONE, .question = NONE};

    return mg_cmd_run(&command, &o, argc, argv);
}
