/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/doing.h"
#include "base/stop.h"
#include "cli/cmd.h"

enum mg_status
mg_no_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    (void)options;
    return n == 0 ? MG_OK : mg_fail(err, MG_INPUT, "unexpected argument \"%.60s\"", argument[0]);
}

void
mg_cmd_say_unicode(const struct mg_tokenizer *tok)
{
    if (mg_tokenizer_unicode(tok) != NULL)
        fprintf(stderr, "%s\n", mg_tokenizer_unicode(tok));
}

int
mg_cmd_run(const struct mg_command *command, void *options, int argc, char **argv)
{
    struct mg_err err;
    bool help = false;
    enum mg_status st;

    mg_err_clear(&err);
    st = mg_options_read(command, options, argc, argv, &help, &err);
    if (st != MG_OK)
        mg_hint(&err, "mgrpo %s --help tells how it is used.", command->name);
    if (st == MG_OK && help) {
        mg_usage_print(command);
        return MG_OK;
    }
    mg_stop_install(command->stops);
    if (st == MG_OK && !command->again) /* whose standard error is a log */
        mg_doing_begin(command->name);
    if (st == MG_OK)
        st = command->run(options, &err);
    mg_doing_end();
    if (st == MG_OK || st == MG_STOP)
        return (int)st;
    fprintf(stderr, "mgrpo %s: %s\n", command->name, err.text);
    if (err.hint[0] != '\0')
        fprintf(stderr, "  %s\n", err.hint);
    return (int)(st == MG_END && !command->again ? MG_FAIL : st);
}
