/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_DIGESTS_H
#define MGRPO_DIGESTS_H

#include "base/file_digest.h"
#include "run/config.h"

/*
 * Digests of what a run reads: corpus, questions, tokenizer, and of one agent or all the model that it starts from and
 * the corpora of its tools. They are of the contents, wherever the files lie.
 */
enum { MG_ALL_AGENTS = -1, MG_MAX_DIGESTS = 3 + MG_MAX_AGENTS + MG_MAX_TOOLS };
struct mg_digest {
    char name[96];    /* "questions", "agent main: model" */
    const char *path; /* as the configuration has it */
    char text[MG_DIGEST];
};
struct mg_digests {
    struct mg_digest of[MG_MAX_DIGESTS];
    uint32_t n;
};
/* Reads the files. The digests point into the configuration. MG_STOP if a stop is wanted. */
enum mg_status mg_digests_take(const struct mg_config *c, int agent, struct mg_digests *out, struct mg_err *err);

#endif
