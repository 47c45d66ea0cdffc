/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "names/option.h"

/* getopt_long returns BY_NAME + row for an option by its long name, and HELP for --help. No table has as many rows as
 * MAX_OPTIONS, two of which are for --help and the end. */
enum { MAX_OPTIONS = 40, BY_NAME = 256, HELP = BY_NAME + MAX_OPTIONS };

static const struct mg_option help_option = {.letter = 'h', .name = "help", .what = "print this text"};

const struct mg_option mg_no_options[] = {MG_OPTION_END};

/* ---- Values ---- */

static enum mg_status
read_u64(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint64_t value;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    MG_REQUIRE(text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value >= min && value <= max, MG_INPUT,
               "%s is \"%.40s\", need a whole number from %" PRIu64 " to %" PRIu64, name, text, min, max);
    *out = value;
out:
    return st;
}

enum mg_status
mg_option_u32(const char *name, const char *text, uint32_t min, uint32_t max, uint32_t *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint64_t value = 0;

    MG_TRY(read_u64(name, text, min, max, &value, err));
    *out = (uint32_t)value;
out:
    return st;
}

static enum mg_status
read_double(const char *name, const char *text, double min, double max, double *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    double value;
    char *end;

    value = strtod(text, &end);
    MG_REQUIRE(end != text && *end == '\0' && isfinite(value) && value >= min && value <= max, MG_INPUT,
               "%s is \"%.40s\", need a number from %g to %g", name, text, min, max);
    *out = value;
out:
    return st;
}

enum mg_status
mg_option_choose(const char *name, const char *text, const char *const *choice, int *out, struct mg_err *err)
{
    char all[160] = "";

    for (int i = 0; choice[i] != NULL; i++) {
        if (strcmp(text, choice[i]) == 0) {
            *out = i;
            return MG_OK;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", choice[i]);
    }
    return mg_fail(err, MG_INPUT, "%s is \"%.40s\", need one of: %s", name, text, all);
}

/* Sets what the option sets at `at`. */
static enum mg_status
set(const struct mg_option *o, void *at, const char *value, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char name[40];
    double x = 0.0;
    int i = 0;

    snprintf(name, sizeof name, "--%s", o->name);
    switch (o->type) {
    case MG_OPTION_FLAG:
        *(bool *)at = true;
        break;
    case MG_OPTION_TEXT:
        *(const char **)at = value;
        break;
    case MG_OPTION_U32:
        return mg_option_u32(name, value, (uint32_t)o->min, (uint32_t)o->max, at, err);
    case MG_OPTION_U64:
        return read_u64(name, value, 0, UINT64_MAX, at, err);
    case MG_OPTION_DOUBLE:
        return read_double(name, value, o->min, o->max, at, err);
    case MG_OPTION_FLOAT:
        MG_TRY(read_double(name, value, o->min, o->max, &x, err));
        *(float *)at = (float)x;
        break;
    case MG_OPTION_CHOICE:
        return mg_option_choose(name, value, o->choice, at, err);
    case MG_OPTION_CHOICE_TEXT:
        MG_TRY(mg_option_choose(name, value, o->choice, &i, err));
        *(const char **)at = o->choice[i];
        break;
    case MG_OPTION_TAKEN:
        return o->take(at, value, err);
    }
out:
    return st;
}

/* ---- The command line ---- */

/* The table as getopt_long wants it: letters with a colon behind those that take a value, and long names. A colon
 * before all makes it tell a value that is missing from an option that there is not. */
static void
prepare(const struct mg_option *options, char letters[2 * MAX_OPTIONS], struct option longs[MAX_OPTIONS])
{
    size_t n = 0, i = 0;

    letters[n++] = ':';
    for (; options[i].name != NULL; i++) {
        longs[i] = (struct option){options[i].name, options[i].value != NULL ? required_argument : no_argument, NULL,
                                   BY_NAME + (int)i};
        if (options[i].letter == 0)
            continue;
        letters[n++] = options[i].letter;
        if (options[i].value != NULL)
            letters[n++] = ':';
    }
    longs[i] = (struct option){help_option.name, no_argument, NULL, HELP};
    longs[i + 1] = (struct option){0};
    letters[n] = help_option.letter;
    letters[n + 1] = '\0';
}

static const struct mg_option *
found(const struct mg_option *options, int got)
{
    if (got >= BY_NAME)
        return &options[got - BY_NAME];
    while (options->letter != got)
        options++;
    return options;
}

enum mg_status
mg_options_read(const struct mg_command *command, void *options, int argc, char **argv, bool *help, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char letters[2 * MAX_OPTIONS];
    struct option longs[MAX_OPTIONS];
    int got;

    prepare(command->options, letters, longs);
    optind = 1;
    opterr = 0;
    while ((got = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        const struct mg_option *o;

        if (got == HELP || got == help_option.letter) {
            *help = true;
            return MG_OK;
        }
        MG_REQUIRE(got != '?' && got != ':', MG_INPUT, "%s",
                   names_option_refused(longs, argv[optind - 1], got, optopt).text);
        o = found(command->options, got);
        MG_TRY(set(o, (char *)options + o->offset, optarg, err));
    }
    MG_TRY(command->take_arguments(options, argc - optind, argv + optind, err));
out:
    return st;
}

/* ---- The usage ---- */

static int
left_width(const struct mg_option *o)
{
    return (int)(strlen(o->name) + (o->value != NULL ? 1 + strlen(o->value) : 0));
}

static void
print_option(const struct mg_option *o, int width)
{
    if (o->letter != 0)
        printf("  -%c, --%s", o->letter, o->name);
    else
        printf("      --%s", o->name);
    if (o->value != NULL)
        printf(" %s", o->value);
    printf("%*s%s\n", width - left_width(o), "", o->what);
}

void
mg_usage_print(const struct mg_command *command)
{
    int width = left_width(&help_option);

    for (const struct mg_option *o = command->options; o->name != NULL; o++)
        if (left_width(o) > width)
            width = left_width(o);
    printf("usage: mgrpo %s %s\n%s\n", command->name, command->arguments, command->about);
    for (const struct mg_option *o = command->options; o->name != NULL; o++)
        print_option(o, width + 2);
    print_option(&help_option, width + 2);
    if (command->notes != NULL)
        printf("\n%s", command->notes);
}
