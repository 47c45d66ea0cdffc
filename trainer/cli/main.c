/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/keeper.h"
#include "cli/cmd.h"
#include "names/nearest.h"

static const struct command {
    const char *name, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"world", "write a corpus, questions and demonstrations", mg_cmd_world},
    {"sft", "warm-start a policy on demonstrations", mg_cmd_sft},
    {"train", "train a planner and the agents that it asks by M-GRPO", mg_cmd_train},
    {"agent", "run one agent of a run (train starts them)", mg_cmd_agent},
    {"eval", "measure success on held-out questions", mg_cmd_eval},
    {"export", "write the models of a run, or of a state of it", mg_cmd_export},
    {"ask", "ask one question and show how it is answered", mg_cmd_ask},
    {"tool", "call the tools of a configuration by hand", mg_cmd_tool},
    {"replay", "repeat a train step of a run and compare", mg_cmd_replay},
    {"show", "print the rollouts of a train step", mg_cmd_show},
    {"report", "draw a run as one HTML file", mg_cmd_report},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void
print_usage(FILE *out)
{
    fputs("usage: mgrpo COMMAND [OPTION]... [ARGUMENT]...\n\n", out);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
    fputs("\nmgrpo COMMAND --help tells of one command; mgrpo --version prints the version.\n", out);
}

/* A file that is opened later must not get the place of a closed standard input, output or error. Opened the other way
 * round, its use fails as that of the closed one did. */
static void
fill_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Output that could not be written, to a full disk say, is a failure of the command. */
static int
flush_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "mgrpo: standard output: %s\n", strerror(errno));
    return code == MG_OK ? (int)MG_FAIL : code;
}

static int
no_such_command(const char *name)
{
    struct names_nearest n = {.wanted = name};

    for (int i = 0; i < N_COMMANDS; i++)
        names_try(&n, commands[i].name);
    fprintf(stderr, "mgrpo: \"%.40s\" is not a command%s\n  mgrpo --help lists the commands.\n", name,
            names_hint_of(&n, "").text);
    return MG_INPUT;
}

int
main(int argc, char **argv)
{
    fill_standard();
    mg_keeper_enter(argc, argv);
    if (argc < 2) {
        print_usage(stderr);
        return MG_INPUT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return flush_output(MG_OK);
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("mgrpo " PACKAGE_VERSION);
        return flush_output(MG_OK);
    }
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return flush_output(commands[i].run(argc - 1, argv + 1));
    return no_such_command(argv[1]);
}
