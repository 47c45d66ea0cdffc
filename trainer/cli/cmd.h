/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CMD_H
#define MGRPO_CMD_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* The subcommands: each parses its own options, prints, and returns the exit code (an enum mg_status). argv[0] is the
 * command's name. */
int mg_cmd_train(int argc, char **argv);
int mg_cmd_agent(int argc, char **argv);
int mg_cmd_sft(int argc, char **argv);
int mg_cmd_eval(int argc, char **argv);
int mg_cmd_ask(int argc, char **argv);
int mg_cmd_replay(int argc, char **argv);
int mg_cmd_report(int argc, char **argv);
int mg_cmd_tool(int argc, char **argv);
int mg_cmd_world(int argc, char **argv);

/* Values of options, with the range in the sentence. */
enum mg_status mg_option_u64(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out,
                             struct mg_err *err);
enum mg_status mg_option_u32(const char *name, const char *text, uint32_t min, uint32_t max, uint32_t *out,
                             struct mg_err *err);
enum mg_status mg_option_double(const char *name, const char *text, double min, double max, double *out,
                                struct mg_err *err);
/* Index of `text` among n choices. */
enum mg_status mg_option_choice(const char *name, const char *text, const char *const *choice, int n, int *out,
                                struct mg_err *err);

/* For commands whose every argument is an option. */
enum mg_status mg_no_arguments(void *options, int n, char **argument, struct mg_err *err);

/* A subcommand: its options as getopt_long takes them, -h among them, and what it does with them. */
struct mg_command {
    const char *name, *usage, *letters;
    const struct option *longs;
    /* Takes the option that `letter` stands for, its value in optarg; NULL where there is none but -h. */
    enum mg_status (*option)(void *options, int letter, struct mg_err *err);
    /* Takes the n arguments that are no options, and checks the whole. */
    enum mg_status (*arguments)(void *options, int n, char **argument, struct mg_err *err);
    enum mg_status (*run)(const void *options, struct mg_err *err);
    bool stops; /* SIGINT and SIGTERM end it in order, with MG_STOP */
};
/* Reads the options, and prints the usage or runs; a failure's sentence and hint go to standard error, MG_STOP prints
 * nothing. Returns the exit code. */
int mg_cmd_run(const struct mg_command *command, void *options, int argc, char **argv);

#endif
