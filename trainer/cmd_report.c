/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "report.h"

enum { MAX_PATH = 4096 };

static const char usage[] = "usage: mgrpo report [OPTION]...\n"
                            "Draw a run as one HTML file, or print parts of it.\n\n"
                            "  -r, --run DIR        folder of the run (default run)\n"
                            "  -o, --output FILE    the page (default DIR/report.html)\n"
                            "  -d, --dialogues N    print N held-out dialogues before and after instead\n"
                            "  -t, --table          print the held-out table instead, and write DIR/summary.json\n"
                            "  -h, --help           print this text\n";

struct report_options {
    const char *run, *output;
    uint32_t dialogues;
    bool table;
};

static enum mg_status
parse(void *options, int argc, char **argv, bool *help, struct mg_err *err)
{
    struct report_options *o = options;
    static const struct option longs[] = {{"run", required_argument, NULL, 'r'},
                                          {"output", required_argument, NULL, 'o'},
                                          {"dialogues", required_argument, NULL, 'd'},
                                          {"table", no_argument, NULL, 't'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    enum mg_status st = MG_OK;
    int letter;

    optind = 1;
    while ((letter = getopt_long(argc, argv, "r:o:d:th", longs, NULL)) != -1) {
        if (letter == 'h') {
            *help = true;
            return MG_OK;
        }
        MG_REQUIRE(letter != '?', MG_INPUT, "an option is unknown or lacks its value");
        if (letter == 'd')
            MG_TRY(mg_option_u32("dialogues", optarg, 1, 10000, &o->dialogues, err));
        o->run = letter == 'r' ? optarg : o->run;
        o->output = letter == 'o' ? optarg : o->output;
        o->table |= letter == 't';
    }
    MG_REQUIRE(optind == argc, MG_INPUT, "unexpected argument \"%.60s\"", argv[optind]);
out:
    return st;
}

static enum mg_status
report(const void *options, struct mg_err *err)
{
    const struct report_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_report r;
    char path[MAX_PATH];

    MG_TRY(mg_report_load(o->run, &r, err));
    if (o->dialogues > 0)
        MG_TRY(mg_report_dialogues(stdout, &r, o->dialogues, false, err));
    if (o->table) {
        mg_summary_print(stdout, &r.summary);
        MG_TRY(mg_summary_write(o->run, &r.summary, err));
    }
    if (o->dialogues > 0 || o->table)
        goto out;
    snprintf(path, sizeof path, "%s/report.html", o->run);
    MG_TRY(mg_report_write(&r, o->output != NULL ? o->output : path, err));
    printf("%s\n", o->output != NULL ? o->output : path);
out:
    mg_report_free(&r);
    return st;
}

int
mg_cmd_report(int argc, char **argv)
{
    static const struct mg_command command = {"report", usage, parse, report, false};
    struct report_options o = {.run = "run"};

    return mg_cmd_run(&command, &o, argc, argv);
}
