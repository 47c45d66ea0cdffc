/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_JOIN_H
#define MGRPO_JOIN_H

#include "run/config.h"
#include "store/store.h"

/*
 * Opens the store of a run: the one that its configuration names, or the file in the folder of the run. The first who
 * joins writes down the configuration, without paths and devices, and digests of corpus, questions and tokenizer; who
 * has others is MG_INPUT, and is told what differs.
 *
 * holder_dir: the folder that agents are held from, which its user has locked; NULL: none will be held. `who` begins
 * the lines on standard error that tell of outages.
 */
enum mg_status mg_join(const struct mg_config *config, const char *run_dir, const char *holder_dir, const char *who,
                       struct mg_store **out, struct mg_err *err);

#endif
