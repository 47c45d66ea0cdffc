/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "base/stop.h"

enum mg_status
mg_option_u64(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint64_t value;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    MG_REQUIRE(text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value >= min && value <= max, MG_INPUT,
               "--%s is \"%.40s\", need a whole number from %" PRIu64 " to %" PRIu64, name, text, min, max);
    *out = value;
out:
    return st;
}

enum mg_status
mg_option_u32(const char *name, const char *text, uint32_t min, uint32_t max, uint32_t *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint64_t value = 0;

    MG_TRY(mg_option_u64(name, text, min, max, &value, err));
    *out = (uint32_t)value;
out:
    return st;
}

enum mg_status
mg_option_double(const char *name, const char *text, double min, double max, double *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    double value;
    char *end;

    value = strtod(text, &end);
    MG_REQUIRE(end != text && *end == '\0' && isfinite(value) && value >= min && value <= max, MG_INPUT,
               "--%s is \"%.40s\", need a number from %g to %g", name, text, min, max);
    *out = value;
out:
    return st;
}

enum mg_status
mg_option_choice(const char *name, const char *text, const char *const *choice, int n, int *out, struct mg_err *err)
{
    char all[160] = "";

    for (int i = 0; i < n; i++) {
        if (strcmp(text, choice[i]) == 0) {
            *out = i;
            return MG_OK;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", choice[i]);
    }
    return mg_fail(err, MG_INPUT, "--%s is \"%.40s\", need one of: %s", name, text, all);
}

enum mg_status
mg_no_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    (void)options;
    return n == 0 ? MG_OK : mg_fail(err, MG_INPUT, "unexpected argument \"%.60s\"", argument[0]);
}

static enum mg_status
parse(const struct mg_command *command, void *options, int argc, char **argv, bool *help, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int letter;

    optind = 1;
    while ((letter = getopt_long(argc, argv, command->letters, command->longs, NULL)) != -1) {
        if (letter == 'h') {
            *help = true;
            return MG_OK;
        }
        MG_REQUIRE(letter != '?', MG_INPUT, "an option is unknown or lacks its value");
        MG_TRY(command->option(options, letter, err));
    }
    MG_TRY(command->arguments(options, argc - optind, argv + optind, err));
out:
    return st;
}

int
mg_cmd_run(const struct mg_command *command, void *options, int argc, char **argv)
{
    struct mg_err err;
    bool help = false;
    enum mg_status st;

    mg_err_clear(&err);
    st = parse(command, options, argc, argv, &help, &err);
    if (st == MG_OK && help) {
        fputs(command->usage, stdout);
        return MG_OK;
    }
    if (command->stops)
        mg_stop_install();
    if (st == MG_OK)
        st = command->run(options, &err);
    if (st == MG_OK || st == MG_STOP)
        return (int)st;
    fprintf(stderr, "mgrpo %s: %s\n", command->name, err.text);
    if (err.hint[0] != '\0')
        fprintf(stderr, "  %s\n", err.hint);
    return (int)st;
}
