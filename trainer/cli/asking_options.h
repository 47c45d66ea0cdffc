/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_ASKING_OPTIONS_H
#define MGRPO_ASKING_OPTIONS_H

#include <getopt.h>

#include "eval/asking.h"

/* Command-line options that fill them, as members of an array for getopt_long with the letters MG_ASKING_LETTERS. */
enum { MG_ASKING_TOKENIZER = 256, MG_ASKING_CORPUS, MG_ASKING_DEVICE, MG_ASKING_END };
#define MG_ASKING_LETTERS "r:s:m:"
#define MG_ASKING_OPTION(name, letter)                                                                                 \
    {                                                                                                                  \
        name, required_argument, NULL, letter                                                                          \
    }
#define MG_ASKING_OPTIONS                                                                                              \
    MG_ASKING_OPTION("run", 'r'), MG_ASKING_OPTION("seed", 's'), MG_ASKING_OPTION("model", 'm'),                       \
        MG_ASKING_OPTION("tokenizer", MG_ASKING_TOKENIZER), MG_ASKING_OPTION("corpus", MG_ASKING_CORPUS),              \
        MG_ASKING_OPTION("device", MG_ASKING_DEVICE)
/* Takes one of these, as getopt_long returned it. */
enum mg_status mg_asking_option(struct mg_asking_options *o, int letter, struct mg_err *err);

#endif
