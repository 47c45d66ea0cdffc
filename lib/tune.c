/* SPDX-License-Identifier: Apache-2.0 */
#include "tune.h"

#include <stdlib.h>
#include <string.h>

struct clg_tune_table {
    struct clg_tune_keys keys;
    struct clg_tune_choice choice[CLG_TUNE_N_PARAMS][CLG_TUNE_MAX_CLASSES];
    int rank[CLG_TUNE_N_OPS][CLG_TUNE_MAX_CLASSES]; /* of the row in force; 0: none */
    unsigned n_stale, n_refused;
};

/* What a source wants of a parameter; CLG_TUNE_UNSET: what it is without one. */
static struct clg_tune_choice
choose(const struct clgrpo_context *ctx, size_t param, size_t shape_class, int value, enum clg_tune_source source,
       const struct clg_tune_row *row)
{
    const struct clg_tune_param *p = &clg_tune_params[param];
    const int standard = p->standard[shape_class];
    struct clg_tune_choice c;

    c.value = c.wanted = standard;
    if (value == CLG_TUNE_UNSET)
        return c;
    c.wanted = value;
    c.source = source;
    c.link = row != NULL ? row->link : CLG_TUNE_CLASS;
    c.line = row != NULL ? row->line : 0;
    c.frozen = p->changes_order && !ctx->allow_reordering && value != standard;
    c.value = c.frozen ? standard : value;
    return c;
}

/* Gives an operation and class these values, and NULL; or leaves it as it was, and why. `keep`: an unset value stays
 * what it is, else it becomes the standard one. */
static const char *
apply(const struct clgrpo_context *ctx, size_t op, size_t shape_class, const int *values, bool keep,
      enum clg_tune_source source, const struct clg_tune_row *row)
{
    const size_t first = clg_tune_first(op), n = clg_tune_count(op);
    struct clg_tune_choice next[CLG_TUNE_MAX_SET];
    int effective[CLG_TUNE_MAX_SET] = {0};
    const char *refusal;

    for (size_t i = 0; i < n; i++) {
        next[i] = keep && values[i] == CLG_TUNE_UNSET ? ctx->tune->choice[first + i][shape_class]
                                                      : choose(ctx, first + i, shape_class, values[i], source, row);
        effective[i] = next[i].value;
    }
    refusal = clg_tune_refusal(ctx, op, shape_class, effective);
    for (size_t i = 0; i < n && refusal == NULL; i++)
        ctx->tune->choice[first + i][shape_class] = next[i];
    return refusal;
}

/* ---- Sources ---- */

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

    if (!row->current) {
        t->n_stale++;
        return;
    }
    if (!row_matches(r->ctx, row))
        return;
    for (size_t c = 0; c < clg_tune_ops[row->op].n_classes; c++) {
        if ((exact && (size_t)row->shape_class != c) || rank < t->rank[row->op][c])
            continue;
        if (apply(r->ctx, row->op, c, row->values, false, r->source, row) != NULL)
            t->n_refused++;
        else
            t->rank[row->op][c] = rank;
    }
}

static bool
ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), k = strlen(tail);

    return n >= k && strcmp(s + n - k, tail) == 0;
}

bool
clg_tune_take(struct clgrpo_context *ctx, enum clg_tune_source source, const char *name, const char *text, size_t bytes,
              char *error, size_t error_bytes)
{
    struct reading r = {ctx, source};

    return clg_tune_parse(name, text, bytes, take_row, &r, error, error_bytes);
}

static bool
read_built_in(struct clgrpo_context *ctx, char *error, size_t error_bytes)
{
    for (size_t i = 0; i < clg_n_sources; i++)
        if (ends_with(clg_sources[i].name, ".tsv") &&
            !clg_tune_take(ctx, CLG_TUNE_BUILT_IN, clg_sources[i].name, (const char *)clg_sources[i].bytes,
                           clg_sources[i].n_bytes, error, error_bytes))
            return false;
    return true;
}

static bool
read_user(struct clgrpo_context *ctx, const char *path, char *error, size_t error_bytes)
{
    const bool must_exist = path != NULL;
    char place[4096], *text = NULL;
    size_t bytes = 0;
    bool good;

    if (path == NULL && clg_tune_path(place, sizeof place))
        path = place;
    if (path == NULL || path[0] == '\0')
        return true;
    if (!clg_tune_read(path, must_exist, &text, &bytes, error, error_bytes))
        return false;
    good = text == NULL || clg_tune_take(ctx, CLG_TUNE_USER, path, text, bytes, error, error_bytes);
    free(text);
    return good;
}

/* "gemm_cpu/tn:KC=512,MC=192": the class may be left out. */
static const char *
take_entry(struct clgrpo_context *ctx, char *entry)
{
    char *colon = strchr(entry, ':'), *slash;
    int values[CLG_TUNE_MAX_SET], shape_class = CLG_TUNE_ANY_CLASS;
    const char *wrong;
    size_t op;

    if (colon == NULL)
        return "it is not OP[/CLASS]:NAME=VALUE[,NAME=VALUE]...";
    *colon = '\0';
    slash = strchr(entry, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!clg_tune_find_op(entry, &op))
        return "there is no such operation";
    if (slash != NULL && !clg_tune_find_class(op, slash + 1, &shape_class))
        return "the operation has no such class";
    wrong = clg_tune_parse_values(op, colon + 1, ',', values);
    for (size_t c = 0; wrong == NULL && c < clg_tune_ops[op].n_classes; c++)
        if (shape_class == CLG_TUNE_ANY_CLASS || (size_t)shape_class == c)
            wrong = apply(ctx, op, c, values, true, CLG_TUNE_ENVIRONMENT, NULL);
    return wrong;
}

static bool
read_environment(struct clgrpo_context *ctx, char *error, size_t error_bytes)
{
    const char *env = getenv("CLGRPO_TUNE"), *wrong = NULL;
    char *text, *rest, *entry;
    unsigned number = 0;

    if (env == NULL)
        return true;
    text = strdup(env);
    if (text == NULL)
        wrong = "out of memory";
    for (rest = text; wrong == NULL && (entry = strtok_r(rest, " ", &rest)) != NULL; number++)
        wrong = take_entry(ctx, entry);
    if (wrong != NULL)
        snprintf(error, error_bytes, "CLGRPO_TUNE: entry %u: %s", number, wrong);
    free(text);
    return wrong == NULL;
}

enum clgrpo_status
clg_tune_open(struct clgrpo_context *ctx, const struct clgrpo_context_config *config, char *error, size_t error_bytes)
{
    ctx->tune = calloc(1, sizeof *ctx->tune);
    if (ctx->tune == NULL) {
        snprintf(error, error_bytes, "out of memory");
        return CLGRPO_E_MEMORY;
    }
    clg_tune_keys_fill(ctx, &ctx->tune->keys);
    for (size_t p = 0; p < CLG_TUNE_N_PARAMS; p++)
        for (size_t c = 0; c < CLG_TUNE_MAX_CLASSES; c++)
            ctx->tune->choice[p][c] = choose(ctx, p, c, CLG_TUNE_UNSET, CLG_TUNE_STANDARD, NULL);
    return read_built_in(ctx, error, error_bytes) && read_user(ctx, config->tune_file, error, error_bytes) &&
                   read_environment(ctx, error, error_bytes)
               ? CLGRPO_OK
               : CLGRPO_E_TUNING;
}

void
clg_tune_close(struct clgrpo_context *ctx)
{
    free(ctx->tune);
}

/* ---- Values ---- */

int
clg_tune_get(const struct clgrpo_context *ctx, enum clg_tune_param_id param, size_t shape_class)
{
    return ctx->tune->choice[param][shape_class].value;
}

void
clg_tune_defines(const struct clgrpo_context *ctx, enum clg_tune_op_id op, size_t shape_class, char *text, size_t bytes)
{
    const size_t first = clg_tune_first(op), n = clg_tune_count(op);
    size_t used = strlen(text);

    for (size_t i = first; i < first + n && used < bytes; i++) {
        const int value = ctx->tune->choice[i][shape_class].value;

        if (strncmp(clg_tune_params[i].name, "P_", 2) == 0 && value != clg_tune_params[i].standard[shape_class])
            used += (size_t)snprintf(text + used, bytes - used, "%s-D%s=%d", used > 0 ? " " : "",
                                     clg_tune_params[i].name, value);
    }
}

struct clg_tune_choice
clg_tune_choice_get(const struct clgrpo_context *ctx, size_t param, size_t shape_class)
{
    return ctx->tune->choice[param][shape_class];
}

enum clgrpo_status
clg_tune_set(struct clgrpo_context *ctx, size_t op, size_t shape_class, const int *values, size_t n_values)
{
    enum clgrpo_status st = CLGRPO_OK;
    const char *refusal;

    CLG_REQUIRE(ctx, values != NULL, CLGRPO_E_ARGUMENT, "tune_set: values is null");
    CLG_REQUIRE(ctx, op < CLG_TUNE_N_OPS && shape_class < clg_tune_ops[op].n_classes && n_values == clg_tune_count(op),
                CLGRPO_E_VALUE, "tune_set: operation %zu, class %zu and %zu values do not fit together", op,
                shape_class, n_values);
    for (size_t i = 0; i < n_values; i++) {
        const struct clg_tune_param *p = &clg_tune_params[clg_tune_first(op) + i];
        bool allowed = values[i] == p->standard[shape_class];

        for (size_t j = 0; j < p->n_allowed; j++)
            allowed = allowed || p->allowed[j] == values[i];
        CLG_REQUIRE(ctx, allowed, CLGRPO_E_VALUE, "tune_set: %s of %s cannot be %d", p->name, clg_tune_ops[op].name,
                    values[i]);
        CLG_REQUIRE(ctx, !p->changes_order || ctx->allow_reordering || values[i] == p->standard[shape_class],
                    CLGRPO_E_VALUE, "tune_set: %s of %s is frozen: it changes the order of a sum", p->name,
                    clg_tune_ops[op].name);
    }
    refusal = apply(ctx, op, shape_class, values, false, CLG_TUNE_CALL, NULL);
    CLG_REQUIRE(ctx, refusal == NULL, CLGRPO_E_VALUE, "tune_set: %s: %s", clg_tune_ops[op].name, refusal);
out:
    return st;
}

const char *
clg_tune_key(const struct clgrpo_context *ctx, enum clg_tune_link link)
{
    return (unsigned)link < CLG_TUNE_N_LINKS ? ctx->tune->keys.text[link] : "";
}

void
clg_tune_left_out(const struct clgrpo_context *ctx, unsigned *n_stale, unsigned *n_refused)
{
    *n_stale = ctx->tune->n_stale;
    *n_refused = ctx->tune->n_refused;
}
