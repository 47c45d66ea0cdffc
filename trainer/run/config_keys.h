/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CONFIG_KEYS_H
#define MGRPO_CONFIG_KEYS_H

#include <stddef.h>

#include "run/config.h"

/* One table says everything of a key: what reads it, checks it, writes it as JSON and compares it. */
enum mg_key_type { MG_KEY_UINT, MG_KEY_U64, MG_KEY_REAL, MG_KEY_CHOICE, MG_KEY_TEXT, MG_KEY_PATH };
struct mg_config_key {
    const char *section; /* "" for the top, "main", "search" */
    const char *name;
    enum mg_key_type type;
    size_t offset;
    double min, max;           /* of numbers */
    const char *missing;       /* what stands for it where it is not given, as text; NULL: it must be given */
    const char *const *choice; /* the first name of a choice; NULL for what is none */
    size_t stride;             /* bytes from a name to the next; NULL ends them */
};
extern const struct mg_config_key mg_config_keys[];
extern const size_t mg_n_config_keys;

/* Sets one key from its text, checked; `where` ("run.conf:12") begins the sentence. */
enum mg_status mg_config_set(struct mg_config *c, const struct mg_config_key *key, const char *text, const char *where,
                             struct mg_err *err);
/* The text of a key's value; numbers round-trip. malloc'ed. */
char *mg_config_get(const struct mg_config *c, const struct mg_config_key *key);
/* What one key cannot know: that values fit together. */
enum mg_status mg_config_check(const struct mg_config *c, const char *where, struct mg_err *err);

#endif
