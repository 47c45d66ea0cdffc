/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/doing.h"
#include "cli/cmd.h"
#include "report/report.h"
#include "run/run_path.h"

struct report_options {
    const char *run, *output, *csv;
    uint32_t dialogues;
    bool table;
};

#define AT(member) .offset = offsetof(struct report_options, member)
static const struct mg_option option_rows[] = {
    MG_OPTION('r', "run", "DIR", "folder of the run (default run)", MG_OPTION_TEXT, AT(run)),
    MG_OPTION('o', "output", "FILE", "the page (default DIR/report.html)", MG_OPTION_TEXT, AT(output)),
    MG_OPTION('d', "dialogues", "N", "print N held-out dialogues before and after instead", MG_OPTION_U32,
              AT(dialogues), .min = 1, .max = 10000),
    MG_OPTION('t', "table", NULL, "print the held-out table instead, and write DIR/summary.json", MG_OPTION_FLAG,
              AT(table)),
    MG_OPTION('c', "csv", "FILE", "write the metrics as comma-separated values instead", MG_OPTION_TEXT, AT(csv)),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    const struct report_options *o = options;
    enum mg_status st = MG_OK;
    int kinds = (o->output != NULL) + (o->dialogues > 0) + o->table + (o->csv != NULL);

    if (n > 0) {
        mg_fail(err, MG_INPUT, "unexpected argument \"%.60s\"", argument[0]);
        mg_hint(err, "The folder of the run is named by --run.");
        return MG_INPUT;
    }
    MG_REQUIRE(kinds <= 1, MG_INPUT, "need one of --output, --dialogues, --table and --csv, got %d", kinds);
out:
    return st;
}

static enum mg_status
report(const void *options, struct mg_err *err)
{
    const struct report_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_report r;
    struct mg_file_new *csv = NULL;
    struct mg_path page = mg_run_path(o->run, MG_RUN_REPORT);
    const char *path = o->output != NULL ? o->output : page.text;

    memset(&r, 0, sizeof r);
    if (o->csv != NULL)
        MG_TRY(mg_file_new_open(o->csv, &csv, err));
    mg_doing("reading the run in %s", o->run);
    MG_TRY(mg_report_load(o->run, &r, err));
    mg_doing_hide();
    if (o->dialogues > 0)
        MG_TRY(mg_report_dialogues(stdout, &r, o->dialogues, false, err));
    if (o->table) {
        mg_summary_print(stdout, &r.summary);
        MG_TRY(mg_summary_write(o->run, &r.summary, err));
    }
    if (csv != NULL) {
        MG_TRY(mg_report_csv(&r, csv, err));
        MG_TRY(mg_file_new_commit(&csv, err));
        if (!mg_file_is_output(o->csv))
            printf("%s\n", o->csv);
    }
    if (o->dialogues > 0 || o->table || o->csv != NULL)
        goto out;
    mg_doing("writing %s", path);
    MG_TRY(mg_report_write(&r, path, err));
    mg_doing_hide();
    if (!mg_file_is_output(path))
        printf("%s\n", path);
out:
    mg_file_new_abort(csv);
    mg_report_free(&r);
    return st;
}

int
mg_cmd_report(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "report",
        .arguments = "[OPTION]...",
        .about = "Draw a run as one HTML file, or print parts of it.\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = report,
    };
    struct report_options o = {.run = "run"};

    return mg_cmd_run(&command, &o, argc, argv);
}
