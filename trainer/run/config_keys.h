/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_CONFIG_KEYS_H
#define MGRPO_CONFIG_KEYS_H

#include <jansson.h>
#include <stddef.h>

#include "run/config.h"

/* A key is a row of a table, from which it is read, checked, written as JSON and compared. */
enum mg_key_type {
    MG_KEY_UINT,
    MG_KEY_U64,
    MG_KEY_REAL,
    MG_KEY_BOOL,
    MG_KEY_CHOICE,
    MG_KEY_SPLIT, /* a choice, kept as text */
    MG_KEY_TEXT,
    MG_KEY_HOST, /* a text, and MG_KEY_PATH: what may differ from one host of a run to the next */
    MG_KEY_PATH,
    MG_KEY_PROSE, /* a text, or "file:PATH": what that file holds */
    MG_KEY_LIST   /* of texts: { "a", "b" } */
};
struct mg_config_key {
    const char *name;
    enum mg_key_type type;
    size_t offset;             /* in its struct */
    double min, max;           /* of numbers */
    const char *missing;       /* its default, as text; NULL: it must be given */
    const char *missing_sub;   /* its default in sections after the first one of the kind; NULL: `missing` */
    const char *const *choice; /* the first name of a choice; NULL for other types */
    size_t stride;             /* bytes from a name to the next; NULL ends them */
};
extern const struct mg_config_key mg_config_keys[];
extern const size_t mg_n_config_keys;

/* A kind of section with a title, `agent "NAME" { ... }`: an array of structs whose first member is the name. */
struct mg_section {
    const char *name;
    const struct mg_config_key *keys;
    size_t n_keys;
    size_t item_bytes;
    size_t items, count; /* offsets of the array and its length in struct mg_config */
    uint32_t most;
};
enum { MG_SECTION_AGENT, MG_SECTION_TOOL, MG_SECTION_JUDGE, MG_N_SECTIONS };
extern const struct mg_section mg_sections[MG_N_SECTIONS];

static inline void *
mg_section_item(const struct mg_config *c, const struct mg_section *s, uint32_t i)
{
    return *(char *const *)((const char *)c + s->items) + i * s->item_bytes;
}
static inline uint32_t
mg_section_count(const struct mg_config *c, const struct mg_section *s)
{
    return *(const uint32_t *)((const char *)c + s->count);
}
/* Room for n items, zeroed. */
enum mg_status mg_section_alloc(struct mg_config *c, const struct mg_section *s, uint32_t n, struct mg_err *err);
/* Keeps the first n items. */
void mg_section_cut(struct mg_config *c, const struct mg_section *s, uint32_t n);

/* Sets one key of a struct from its text (a list: n texts), checked; `where` ("run.conf:12") begins the sentence. */
enum mg_status mg_config_set(void *at, const struct mg_config_key *key, const char *const *text, uint32_t n,
                             const char *where, struct mg_err *err);
/* The value of a key as JSON: a list is an array, all else a text, in which numbers round-trip. */
json_t *mg_config_get(const void *at, const struct mg_config_key *key);
void mg_config_unset(void *at, const struct mg_config_key *key);
void mg_list_free(struct mg_list *list);
/* What mg_config_settle() does about tools: before the preset, and after it. */
enum mg_status mg_config_check_tools(const struct mg_config *c, const char *where, struct mg_err *err);
enum mg_status mg_config_check_names(const struct mg_config *c, const char *where, struct mg_err *err);
/* Where a list was given: "run.conf:12", or `where` alone if it has no line. */
enum { MG_PLACE = 256 };
void mg_config_place(const char *where, const struct mg_list *list, char place[MG_PLACE]);
/* Puts the judges in their order, with defaults for those that are not given, and checks them. */
enum mg_status mg_config_settle_judges(struct mg_config *c, const char *where, struct mg_err *err);
/* Applies the preset, then checks what one key cannot know: that values fit together. */
enum mg_status mg_config_settle(struct mg_config *c, const char *where, struct mg_err *err);

#endif
