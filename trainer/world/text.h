/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_WORLD_TEXT_H
#define MGRPO_WORLD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A growing NUL-terminated string. Zero-initialised is empty. A failed allocation sets `failed` and turns later
 * additions into no-ops, so that a builder checks once, at its end.
 */
struct mg_text {
    char *p; /* NULL until something is added */
    size_t n, cap;
    bool failed;
};

void mg_text_clear(struct mg_text *t); /* keeps the memory */
void mg_text_free(struct mg_text *t);
void mg_text_addn(struct mg_text *t, const char *s, size_t n);
void mg_text_add(struct mg_text *t, const char *s);
void mg_text_addf(struct mg_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds `fmt` with each %s replaced by `value`; the format is data from a table, never user input. */
void mg_text_fill(struct mg_text *t, const char *fmt, const char *value);

/* The string, never NULL. */
const char *mg_text_str(const struct mg_text *t);

#endif
