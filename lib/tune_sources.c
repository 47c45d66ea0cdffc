/* SPDX-License-Identifier: Apache-2.0 */
#include "tune_table.h"

#include <stdlib.h>
#include <string.h>

/* ---- Rows ---- */

struct reading {
    struct clgrpo_context *ctx;
    enum clg_tune_source source;
};

static bool
row_matches(const struct clgrpo_context *ctx, const struct clg_tune_row *row)
{
    return strcmp(row->key, ctx->tune->keys.text[row->link]) == 0 &&
           (row->link != CLG_TUNE_DEVICE || strcmp(row->driver, ctx->info.driver) == 0);
}

/* Ranks rows: user over built-in, then the narrower link, then the class by name; of equal ones the later line. */
static void
take_row(void *arg, const struct clg_tune_row *row)
{
    const struct reading *r = arg;
    struct clg_tune_table *t = r->ctx->tune;
    const bool exact = row->shape_class != CLG_TUNE_ANY_CLASS;
    const int rank = 1 + (int)r->source * 100 + (int)row->link * 2 + exact;
    struct clg_error before;

    if (!row->current) {
        t->n_stale++;
        return;
    }
    if (!row_matches(r->ctx, row))
        return;
    before = clg_error_save(r->ctx);
    for (size_t c = 0; c < clg_tune_ops[row->op].n_classes; c++) {
        if ((exact && (size_t)row->shape_class != c) || rank < t->rank[row->op][c])
            continue;
        if (clg_tune_apply(r->ctx, "row", row->op, c, row->values, false, r->source, row) == CLGRPO_OK)
            t->rank[row->op][c] = rank;
        else
            t->n_refused++;
    }
    clg_error_restore(r->ctx, before);
}

/* Keeps the first sentence. */
static void
pass_over(void *arg, const char *sentence)
{
    const struct reading *r = arg;
    struct clg_tune_table *t = r->ctx->tune;

    if (t->n_malformed++ == 0)
        snprintf(t->malformed, sizeof t->malformed, "%s", sentence);
}

enum clgrpo_status
clg_tune_take(struct clgrpo_context *ctx, enum clg_tune_source source, const char *name, const char *text, size_t bytes)
{
    struct reading r = {ctx, source};

    return clg_tune_parse(ctx, name, text, bytes, take_row, source == CLG_TUNE_USER ? pass_over : NULL, &r);
}

/* ---- Sources ---- */

static bool
ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), k = strlen(tail);

    return n >= k && strcmp(s + n - k, tail) == 0;
}

static enum clgrpo_status
read_built_in(struct clgrpo_context *ctx)
{
    enum clgrpo_status st = CLGRPO_OK;

    for (size_t i = 0; i < clg_n_sources; i++) {
        const struct clg_source *s = &clg_sources[i];

        if (ends_with(s->name, ".tsv"))
            CLG_TRY(clg_tune_take(ctx, CLG_TUNE_BUILT_IN, s->name, (const char *)s->bytes, s->n_bytes));
    }
out:
    return st;
}

/* A program that names no file is not kept from working by what the user's file is. */
static enum clgrpo_status
read_user(struct clgrpo_context *ctx, const char *path)
{
    enum clgrpo_status st = CLGRPO_OK;
    const bool named = path != NULL;
    struct reading r = {ctx, CLG_TUNE_USER};
    char place[4096], *text = NULL;
    size_t bytes = 0;

    if (path == NULL && clg_tune_path(place, sizeof place))
        path = place;
    if (path == NULL || path[0] == '\0')
        return CLGRPO_OK;
    st = clg_tune_read(ctx, path, named, &text, &bytes);
    if (st == CLGRPO_E_TUNING && !named) {
        pass_over(&r, ctx->error.text);
        clgrpo_error_clear(ctx);
        st = CLGRPO_OK;
    }
    if (st == CLGRPO_OK && text != NULL)
        CLG_TRY(clg_tune_take(ctx, CLG_TUNE_USER, path, text, bytes));
out:
    free(text);
    return st;
}

/* "gemm_cpu/tn:KC=512,MC=192": the class may be left out. */
static enum clgrpo_status
take_entry(struct clgrpo_context *ctx, const char *place, char *entry)
{
    enum clgrpo_status st = CLGRPO_OK;
    char *colon = strchr(entry, ':'), *slash;
    int values[CLG_TUNE_MAX_SET], shape_class = CLG_TUNE_ANY_CLASS;
    size_t op;

    CLG_REQUIRE(ctx, colon != NULL, CLGRPO_E_TUNING, "%s: it is not OP[/CLASS]:NAME=VALUE[,NAME=VALUE]...", place);
    *colon = '\0';
    slash = strchr(entry, '/');
    if (slash != NULL)
        *slash = '\0';
    CLG_REQUIRE(ctx, clg_tune_find_op(entry, &op), CLGRPO_E_TUNING, "%s: there is no such operation", place);
    CLG_REQUIRE(ctx, slash == NULL || clg_tune_find_class(op, slash + 1, &shape_class), CLGRPO_E_TUNING,
                "%s: %s has no such class", place, clg_tune_ops[op].name);
    CLG_TRY(clg_tune_parse_values(ctx, place, op, colon + 1, ',', values));
    for (size_t c = 0; c < clg_tune_ops[op].n_classes; c++)
        if (shape_class == CLG_TUNE_ANY_CLASS || (size_t)shape_class == c)
            CLG_TRY(clg_tune_apply(ctx, place, op, c, values, true, CLG_TUNE_ENVIRONMENT, NULL));
out:
    if (st == CLGRPO_E_VALUE) /* an entry that the device cannot run counts as malformed */
        st = ctx->error.status = CLGRPO_E_TUNING;
    return st;
}

static enum clgrpo_status
read_environment(struct clgrpo_context *ctx)
{
    enum clgrpo_status st = CLGRPO_OK;
    const char *env = secure_getenv("CLGRPO_TUNE");
    char *text = NULL, *rest, *entry, place[40];
    unsigned number = 0;

    if (env == NULL)
        return CLGRPO_OK;
    text = strdup(env);
    CLG_REQUIRE(ctx, text != NULL, CLGRPO_E_MEMORY, "CLGRPO_TUNE: out of memory");
    for (rest = text; (entry = strtok_r(rest, " ", &rest)) != NULL;) {
        snprintf(place, sizeof place, "CLGRPO_TUNE: entry %u", ++number);
        CLG_TRY(take_entry(ctx, place, entry));
    }
out:
    free(text);
    return st;
}

enum clgrpo_status
clg_tune_open(struct clgrpo_context *ctx, const char *file)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(clg_tune_create(ctx));
    CLG_TRY(read_built_in(ctx));
    CLG_TRY(read_user(ctx, file));
    CLG_TRY(read_environment(ctx));
out:
    return st;
}
