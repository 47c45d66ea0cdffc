/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ASKING_H
#define MGRPO_ASKING_H

#include <getopt.h>

#include "agent/agent.h"
#include "eval/play.h"

/* The two agents of a run in one process, to be asked questions outside of it. */
struct mg_asking_options {
    const char *run;               /* folder of a run: configuration, and models unless named here */
    const char *model[MG_N_SIDES]; /* NULL: the run's own, trained if there is one, else the one it began with */
    const char *tokenizer, *corpus, *device; /* NULL: the run's */
    uint32_t slots;
    uint64_t seed;
};
struct mg_asking {
    struct mg_config config;
    struct mg_tokenizer *tok;
    struct mg_specials specials;
    struct mg_tools tools;
    struct mg_policy *policy[MG_N_SIDES];
    struct mg_play *play;
};

/* Command-line options that fill them, as members of an array for getopt_long with the letters MG_ASKING_LETTERS. */
enum { MG_ASKING_MAIN = 256, MG_ASKING_SEARCH, MG_ASKING_TOKENIZER, MG_ASKING_CORPUS, MG_ASKING_DEVICE, MG_ASKING_END };
#define MG_ASKING_LETTERS "r:s:"
#define MG_ASKING_OPTION(name, letter)                                                                                 \
    {                                                                                                                  \
        name, required_argument, NULL, letter                                                                          \
    }
#define MG_ASKING_OPTIONS                                                                                              \
    MG_ASKING_OPTION("run", 'r'), MG_ASKING_OPTION("seed", 's'), MG_ASKING_OPTION("main", MG_ASKING_MAIN),             \
        MG_ASKING_OPTION("search", MG_ASKING_SEARCH), MG_ASKING_OPTION("tokenizer", MG_ASKING_TOKENIZER),              \
        MG_ASKING_OPTION("corpus", MG_ASKING_CORPUS), MG_ASKING_OPTION("device", MG_ASKING_DEVICE)
/* Takes one of these, as getopt_long returned it. */
enum mg_status mg_asking_option(struct mg_asking_options *o, int letter, struct mg_err *err);

/* `a` starts zeroed; close it also after a failure. */
enum mg_status mg_asking_open(const struct mg_asking_options *o, struct mg_asking *a, struct mg_err *err);
void mg_asking_close(struct mg_asking *a);

#endif
