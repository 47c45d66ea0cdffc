/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_FORMAT_MEMBER_H
#define MGRPO_FORMAT_MEMBER_H

#include "dialogue/format.h"

/* A format: a row of the table of formats. Each member implements the mg_format function of its name. */
struct mg_format_member {
    const char *name;
    enum mg_status (*create)(const struct mg_format_spec *spec, struct mg_tokenizer *tok, struct mg_format **out,
                             struct mg_err *err);
    void (*destroy)(struct mg_format *f);
    enum mg_status (*open)(const struct mg_format *f, struct mg_trajectory *t, const char *text, size_t room,
                           struct mg_err *err);
    enum mg_status (*observe)(const struct mg_format *f, struct mg_trajectory *t, size_t callable, const char *text,
                              size_t room, struct mg_err *err);
    enum mg_turn_state (*sampled)(const struct mg_format *f, const struct mg_trajectory *t);
    enum mg_status (*parse)(const struct mg_format *f, const struct mg_trajectory *t, struct mg_turn *out,
                            struct mg_err *err);
    bool (*tells)(const struct mg_format *f, size_t callable);
};

/* The first member of every format's own struct. */
struct mg_format {
    const struct mg_format_member *member;
};

extern const struct mg_format_member mg_format_roles;

/* Cuts the blanks at both ends of text[0..*len) and returns where it begins. */
const char *mg_text_trim(const char *text, size_t *len);
/*
 * The JSON that a tool is called with by a bare text: where the schema has one property, an object with the text as its
 * value, as JSON where the property is no string; else the text itself. malloc'ed, NULL: out of memory.
 */
char *mg_arguments_of_text(const char *schema, const char *text);

#endif
