/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "cmd.h"
#include "run_dir.h"
#include "stop.h"

static const char usage[] = "usage: mgrpo agent [OPTION]... main|search RUN\n"
                            "Run one agent of the run in the folder RUN, from its last state to the end.\n\n"
                            "  -h, --help   print this text\n";

static enum mg_status
parse(int argc, char **argv, bool *help, enum mg_side *side, const char **dir, struct mg_err *err)
{
    static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    static const char *const sides[] = {"main", "search"};
    enum mg_status st = MG_OK;
    int letter, which = 0;

    optind = 1;
    while ((letter = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        MG_REQUIRE(letter == 'h', MG_INPUT, "an option is unknown");
        *help = true;
        return MG_OK;
    }
    MG_REQUIRE(optind + 2 == argc, MG_INPUT, "need an agent's name and the folder of a run, got %d arguments",
               argc - optind);
    MG_TRY(mg_option_choice("agent", argv[optind], sides, 2, &which, err));
    *side = (enum mg_side)which;
    *dir = argv[optind + 1];
out:
    return st;
}

static enum mg_status
run(const char *dir, enum mg_side side, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_config config = {0};
    struct mg_agent *agent = NULL;

    MG_TRY(mg_run_config(dir, &config, err));
    MG_REQUIRE(side == MG_SIDE_MAIN || config.agents != MG_SINGLE, MG_INPUT, "%s is a run of a single agent", dir);
    MG_TRY(mg_agent_open(&config, dir, side, &agent, err));
    MG_TRY(mg_agent_run(agent, err));
out:
    mg_agent_close(agent);
    mg_config_free(&config);
    return st;
}

int
mg_cmd_agent(int argc, char **argv)
{
    struct mg_err err;
    const char *dir = NULL;
    enum mg_side side = MG_SIDE_MAIN;
    bool help = false;
    enum mg_status st;

    mg_err_clear(&err);
    st = parse(argc, argv, &help, &side, &dir, &err);
    if (help) {
        fputs(usage, stdout);
        return MG_OK;
    }
    mg_stop_install();
    if (st == MG_OK)
        st = run(dir, side, &err);
    return mg_cmd_finish("agent", st, &err);
}
