/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/cmd.h"
#include "report/report.h"
#include "run/run_path.h"

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

static const struct option longs[] = {{"run", required_argument, NULL, 'r'},
                                      {"output", required_argument, NULL, 'o'},
                                      {"dialogues", required_argument, NULL, 'd'},
                                      {"table", no_argument, NULL, 't'},
                                      {"help", no_argument, NULL, 'h'},
                                      {NULL, 0, NULL, 0}};

static enum mg_status
take_option(void *options, int letter, struct mg_err *err)
{
    struct report_options *o = options;

    if (letter == 'd')
        return mg_option_u32("dialogues", optarg, 1, 10000, &o->dialogues, err);
    o->run = letter == 'r' ? optarg : o->run;
    o->output = letter == 'o' ? optarg : o->output;
    o->table |= letter == 't';
    return MG_OK;
}

static enum mg_status
report(const void *options, struct mg_err *err)
{
    const struct report_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_report r;
    struct mg_path page = mg_run_path(o->run, MG_RUN_REPORT);
    const char *path = o->output != NULL ? o->output : page.text;

    MG_TRY(mg_report_load(o->run, &r, err));
    if (o->dialogues > 0)
        MG_TRY(mg_report_dialogues(stdout, &r, o->dialogues, false, err));
    if (o->table) {
        mg_summary_print(stdout, &r.summary);
        MG_TRY(mg_summary_write(o->run, &r.summary, err));
    }
    if (o->dialogues > 0 || o->table)
        goto out;
    MG_TRY(mg_report_write(&r, path, err));
    printf("%s\n", path);
out:
    mg_report_free(&r);
    return st;
}

int
mg_cmd_report(int argc, char **argv)
{
    static const struct mg_command command = {"report",    usage,           "r:o:d:th", longs,
                                              take_option, mg_no_arguments, report,     false};
    struct report_options o = {.run = "run"};

    return mg_cmd_run(&command, &o, argc, argv);
}
