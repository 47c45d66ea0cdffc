/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_INPUTS_H
#define MGRPO_INPUTS_H

#include "run/config.h"

/*
 * Looks at what an agent reads and runs, before anything is written: the files of the run are read, the tokenizer with
 * the tokens that its dialogues need and the questions with their answers; its model whole, the device that it is
 * to be on, its tools with their corpora and programs, the judges, the server of the store if it is up. MG_INPUT says
 * what is missing or wrong; `conf`, the configuration's path, begins the sentence.
 */
enum mg_status mg_inputs_check(const struct mg_config *config, uint32_t agent, const char *conf, struct mg_err *err);

#endif
