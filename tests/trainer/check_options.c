/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a command line: what each type of row takes and refuses, by its letter and by its long name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "suite.h"

struct taken {
    bool flag;
    const char *text, *chosen, *argument;
    uint32_t u32;
    uint64_t u64;
    double real;
    float half;
    int choice;
    size_t length;
};

static enum mg_status
take_length(void *at, const char *value, struct mg_err *e)
{
    if (value[0] == '!')
        return mg_fail(e, MG_INPUT, "--length begins with !");
    *(size_t *)at = strlen(value);
    return MG_OK;
}

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *e)
{
    struct taken *t = options;

    if (n > 1)
        return mg_fail(e, MG_INPUT, "%d arguments", n);
    t->argument = n == 1 ? argument[0] : NULL;
    return MG_OK;
}

static const char *const choices[] = {"red", "green", "blue", NULL};

#define AT(member) .offset = offsetof(struct taken, member)
static const struct mg_option rows[] = {
    MG_OPTION('f', "flag", NULL, "a flag", MG_OPTION_FLAG, AT(flag)),
    MG_OPTION('t', "text", "WORD", "a text", MG_OPTION_TEXT, AT(text)),
    MG_OPTION('n', "number", "N", "a number", MG_OPTION_U32, AT(u32), .min = 2, .max = 9),
    MG_OPTION('u', "large", "N", "a large number", MG_OPTION_U64, AT(u64)),
    MG_OPTION('x', "real", "X", "a real number", MG_OPTION_DOUBLE, AT(real), .min = -1.0, .max = 1.0),
    MG_OPTION(0, "half", "X", "a real number", MG_OPTION_FLOAT, AT(half), .max = 1.0),
    MG_OPTION('c', "colour", "NAME", "a choice", MG_OPTION_CHOICE, AT(choice), .choice = choices),
    MG_OPTION(0, "name", "NAME", "a choice", MG_OPTION_CHOICE_TEXT, AT(chosen), .choice = choices),
    MG_OPTION(0, "length", "TEXT", "how long it is", MG_OPTION_TAKEN, AT(length), .take = take_length),
    MG_OPTION_END,
};
static const struct mg_command command = {.name = "try",
                                          .arguments = "[OPTION]... [WORD]",
                                          .about = "Try.\n",
                                          .notes = "Noted.\n",
                                          .options = rows,
                                          .take_arguments = take_arguments};

static struct taken got;
static bool help;

/* Reads a command line, which is cut at its blanks. */
static enum mg_status
read_line(const char *line)
{
    static char text[256];
    char *argv[32] = {(char *)"try"};
    int argc = 1;

    snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    memset(&got, 0, sizeof got);
    help = false;
    mg_err_clear(&err);
    return mg_options_read(&command, &got, argc, argv, &help, &err);
}

/* A process reads one command line. */
static const char *const good[] = {
    "-f -t word -n 2 -u 18446744073709551615 -x -0.5 --half 0.25 -c blue --name green --length four rest",
    ("--flag --text word --number 2 --large 18446744073709551615 --real -0.5 --half 0.25 --colour blue --name green "
     "--length four rest"),
    "rest -ftword -n2 -u18446744073709551615 -x-0.5 --half=0.25 -cblue --name=green --length=four"};
enum { N_GOOD = sizeof good / sizeof good[0] };

START_TEST(letters_and_long_names_are_alike)
{
    ck_assert_msg(read_line(good[_i]) == MG_OK, "%s: %s", good[_i], err.text);
    ck_assert(got.flag && !help);
    ck_assert_str_eq(got.text, "word");
    ck_assert_uint_eq(got.u32, 2);
    ck_assert_uint_eq(got.u64, UINT64_MAX);
    ck_assert(got.real == -0.5 && got.half == 0.25f);
    ck_assert_int_eq(got.choice, 2);
    ck_assert_str_eq(got.chosen, "green");
    ck_assert_uint_eq(got.length, 4);
    ck_assert_str_eq(got.argument, "rest");
}
END_TEST

START_TEST(what_is_not_given_stays)
{
    ck_assert_int_eq(read_line(""), MG_OK);
    ck_assert(!got.flag && got.text == NULL && got.u32 == 0 && got.chosen == NULL && got.argument == NULL);
}
END_TEST

static const struct {
    const char *line, *says;
} bad[] = {{"-n 1", "--number is \"1\", need a whole number from 2 to 9"},
           {"-n 10", "from 2 to 9"},
           {"-n -3", "\"-3\""},
           {"-n 3x", "\"3x\""},
           {"-n 4294967298", "from 2 to 9"},
           {"-u 18446744073709551616", "--large is"},
           {"-u +1", "--large is"},
           {"-x 1.5", "--real is \"1.5\", need a number from -1 to 1"},
           {"-x nan", "--real is"},
           {"-x inf", "--real is"},
           {"-x 1e", "--real is"},
           {"--half -0.1", "--half is"},
           {"-c pink", "--colour is \"pink\", need one of: red, green, blue"},
           {"--name gree", "need one of: red, green, blue"},
           {"--length !", "--length begins with !"},
           {"one two", "2 arguments"},
           {"-z", "-z is not an option"},
           {"--text word -zf", "-z is not an option"},
           {"--text=word -zf", "-z is not an option"},
           {"--no-such", "--no-such is not an option"},
           {"--txet word", "--txet is not an option; did you mean --text?"},
           {"--color=red", "--color is not an option; did you mean --colour?"},
           {"-t", "-t lacks its value"},
           {"-ft", "-t lacks its value"},
           {"--text", "--text lacks its value"},
           {"--tex", "--text lacks its value"},
           {"--flag=yes", "--flag takes no value"},
           {"--l 3", "--l may be any of --large, --length"}};
enum { N_BAD = sizeof bad / sizeof bad[0] };

START_TEST(a_wrong_value_is_named)
{
    ck_assert_int_eq(read_line(bad[_i].line), MG_INPUT);
    ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s: \"%s\"", bad[_i].line, err.text);
}
END_TEST

START_TEST(help_comes_first)
{
    static const char *const lines[] = {"-h -n 1 a b c", "-f --help"};

    ck_assert_int_eq(read_line(lines[_i]), MG_OK);
    ck_assert(help);
}
END_TEST

/* Every row has its line, and all lines begin what they say in one column. */
START_TEST(the_usage_is_a_table)
{
    char path[] = "check_options.XXXXXX", line[256];
    int fd = mkstemp(path), lines = 0, seen = 0;
    FILE *page = fdopen(fd, "r");
    size_t column = 0;

    ck_assert_ptr_nonnull(page);
    ck_assert_ptr_nonnull(freopen(path, "w", stdout));
    mg_usage_print(&command);
    fclose(stdout);
    for (; fgets(line, sizeof line, page) != NULL; lines++)
        for (const struct mg_option *o = rows; o->name != NULL; o++) {
            char name[32];

            snprintf(name, sizeof name, "--%s ", o->name);
            if (strstr(line, name) == NULL)
                continue;
            ck_assert_ptr_nonnull(strstr(line, o->what));
            column = column == 0 ? (size_t)(strstr(line, o->what) - line) : column;
            ck_assert_uint_eq(column, (size_t)(strstr(line, o->what) - line));
            ck_assert(o->letter == 0 ? strncmp(line, "      --", 8) == 0 : line[3] == o->letter);
            seen++;
        }
    ck_assert_int_eq(seen, 9);
    ck_assert_int_eq(lines, 3 + 9 + 1 + 2);
    fclose(page);
    unlink(path);
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("options", NULL, NULL, 0);

    tcase_add_loop_test(tc, letters_and_long_names_are_alike, 0, N_GOOD);
    suite_tests(tc, what_is_not_given_stays);
    tcase_add_loop_test(tc, a_wrong_value_is_named, 0, N_BAD);
    tcase_add_loop_test(tc, help_comes_first, 0, 2);
    suite_tests(tc, the_usage_is_a_table);
    return suite_main();
}
