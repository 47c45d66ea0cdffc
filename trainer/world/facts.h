/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_WORLD_FACTS_H
#define MGRPO_WORLD_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum mg_kind {
    MG_COUNTRY,
    MG_CITY,
    MG_REGION,
    MG_CURRENCY,
    MG_LANGUAGE,
    MG_SCRIPT,
    MG_TIMEZONE,
    MG_ELEMENT,
    MG_PERSON,
    MG_FEATURE,
    MG_KINDS
};
extern const char *const mg_kind_name[MG_KINDS];

#define MG_NO_ENTITY UINT32_MAX

/* One "key=value" of a row. */
struct mg_attr {
    const char *key;
    const char *value; /* literal text, or the id that `ref` resolves */
    uint32_t ref;      /* index of the entity that the value names, or MG_NO_ENTITY */
    bool doubt;        /* shown on the page, never asked: several values, or a disputed one */
    bool hidden;       /* never shown */
};

struct mg_entity {
    enum mg_kind kind;
    char flag;         /* '+' questions may start here, '.' only a step may name it, '-' never named */
    const char *id;    /* "country:PE"; unique */
    const char *title; /* unique */
    const char *phrase;
    struct mg_attr *attr;
    uint32_t n_attr;
};

/* The rows of a fact table; all strings lie in `text`. */
struct mg_facts {
    char *text;
    struct mg_attr *attrs;
    struct mg_entity *entity;
    uint32_t n_entities;
};

/*
 * Reads a gzip or plain fact table (format: mgrpo-world(1)). A row with an unknown kind, a bad flag, a repeated id or a
 * reference to an id that no row has is MG_INPUT, and the sentence gives its line.
 */
enum mg_status mg_facts_read(struct mg_facts *facts, const char *path, struct mg_err *err);
void mg_facts_free(struct mg_facts *facts);

/* The value as a page shows it. */
const char *mg_facts_value(const struct mg_facts *facts, const struct mg_attr *attr);

#endif
