/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CMD_H
#define MGRPO_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "tokenizer/tokenizer.h"

/* The subcommands: each parses its own options, prints, and returns the exit code (an enum mg_status). argv[0] is the
 * command's name. */
int mg_cmd_train(int argc, char **argv);
int mg_cmd_agent(int argc, char **argv);
int mg_cmd_sft(int argc, char **argv);
int mg_cmd_eval(int argc, char **argv);
int mg_cmd_export(int argc, char **argv);
int mg_cmd_ask(int argc, char **argv);
int mg_cmd_replay(int argc, char **argv);
int mg_cmd_report(int argc, char **argv);
int mg_cmd_show(int argc, char **argv);
int mg_cmd_tool(int argc, char **argv);
int mg_cmd_world(int argc, char **argv);

/* What an option sets, in the struct of its command's options. */
enum mg_option_type {
    MG_OPTION_FLAG,        /* bool: true; the option takes no value */
    MG_OPTION_TEXT,        /* const char *: the value */
    MG_OPTION_U32,         /* uint32_t from min to max */
    MG_OPTION_U64,         /* uint64_t */
    MG_OPTION_DOUBLE,      /* double from min to max */
    MG_OPTION_FLOAT,       /* float from min to max */
    MG_OPTION_CHOICE,      /* int or enum: index of the value among `choice` */
    MG_OPTION_CHOICE_TEXT, /* const char *: the one of `choice` that the value is */
    MG_OPTION_TAKEN        /* what `take` makes of the value */
};

/* An option is a row of a table: how it is read, its line of the usage, and where its value goes. */
struct mg_option {
    char letter; /* 0: it has only its long name */
    const char *name;
    const char *value; /* what stands for its value in the usage; NULL for a flag */
    const char *what;  /* its line of the usage */
    enum mg_option_type type;
    size_t offset;
    double min, max;
    const char *const *choice; /* NULL-terminated */
    enum mg_status (*take)(void *at, const char *value, struct mg_err *err);
};
/* A row. After the type come `.offset = offsetof(...)`, where its value goes, and the members that its type needs. */
#define MG_OPTION(letter_, name_, value_, what_, type_, ...)                                                           \
    {                                                                                                                  \
        .letter = letter_, .name = name_, .value = value_, .what = what_, .type = type_, __VA_ARGS__                   \
    }
/* The last row of a table. */
#define MG_OPTION_END                                                                                                  \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }
extern const struct mg_option mg_no_options[];

/* For a `take`: index of `text` among the choices of option `name`; MG_INPUT names them. */
enum mg_status mg_option_choose(const char *name, const char *text, const char *const *choice, int *out,
                                struct mg_err *err);
/* A whole number in a range; `name` is for the sentence. */
enum mg_status mg_option_u32(const char *name, const char *text, uint32_t min, uint32_t max, uint32_t *out,
                             struct mg_err *err);

/* A subcommand: how it is used and what it does. --help, -h, is every command's. */
struct mg_command {
    const char *name;
    const char *arguments; /* after the name in the usage: "[OPTION]... STEP" */
    const char *about;     /* lines of the usage before and after the options; the latter may be NULL */
    const char *notes;
    const struct mg_option *options;
    /* Takes the n arguments that are no options, and checks the whole. */
    enum mg_status (*take_arguments)(void *options, int n, char **argument, struct mg_err *err);
    enum mg_status (*run)(const void *options, struct mg_err *err);
    bool again;   /* who starts it starts it again where it fails: MG_END is told from MG_FAIL */
    double stops; /* SIGINT and SIGTERM end it in order, with MG_STOP, within so many seconds; 0: at once */
};
/* For commands whose every argument is an option. */
enum mg_status mg_no_arguments(void *options, int n, char **argument, struct mg_err *err);
/* Reads the options into the command's struct; *help is true where the usage was asked for. */
enum mg_status mg_options_read(const struct mg_command *command, void *options, int argc, char **argv, bool *help,
                               struct mg_err *err);
void mg_usage_print(const struct mg_command *command);

/* A line on standard error where the ids of a text depend on the version of Unicode. */
void mg_cmd_say_unicode(const struct mg_tokenizer *tok);

/* Reads the options, and prints the usage or runs; a failure's sentence and hint go to standard error, MG_STOP prints
 * nothing. Returns the exit code. */
int mg_cmd_run(const struct mg_command *command, void *options, int argc, char **argv);

#endif
