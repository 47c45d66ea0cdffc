/* SPDX-License-Identifier: Apache-2.0 */
#include "tune_table.h"

#include <stdlib.h>
#include <string.h>

/* What a source wants of a parameter; CLG_TUNE_UNSET: what it is without one. */
static struct clg_tune_choice
choose(const struct clgrpo_context *ctx, size_t param, size_t shape_class, int value, enum clg_tune_source source,
       const struct clg_tune_row *row)
{
    const struct clg_tune_param *p = &clg_tune_params[param];
    const int standard = p->standard[shape_class];
    struct clg_tune_choice c = {.value = standard, .wanted = standard};

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

enum clgrpo_status
clg_tune_create(struct clgrpo_context *ctx)
{
    enum clgrpo_status st = CLGRPO_OK;

    ctx->tune = calloc(1, sizeof *ctx->tune);
    CLG_REQUIRE(ctx, ctx->tune != NULL, CLGRPO_E_MEMORY, "out of memory");
    clg_tune_keys_fill(ctx, &ctx->tune->keys);
    for (size_t p = 0; p < CLG_TUNE_N_PARAMS; p++)
        for (size_t c = 0; c < CLG_TUNE_MAX_CLASSES; c++)
            ctx->tune->choice[p][c] = choose(ctx, p, c, CLG_TUNE_UNSET, CLG_TUNE_STANDARD, NULL);
out:
    return st;
}

void
clg_tune_close(struct clgrpo_context *ctx)
{
    free(ctx->tune);
}

enum clgrpo_status
clg_tune_apply(struct clgrpo_context *ctx, const char *place, size_t op, size_t shape_class, const int *values,
               bool keep, enum clg_tune_source source, const struct clg_tune_row *row)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t first = clg_tune_first(op), n = clg_tune_count(op);
    struct clg_tune_choice next[CLG_TUNE_MAX_SET];
    int effective[CLG_TUNE_MAX_SET] = {0};

    for (size_t i = 0; i < n; i++) {
        next[i] = keep && values[i] == CLG_TUNE_UNSET ? ctx->tune->choice[first + i][shape_class]
                                                      : choose(ctx, first + i, shape_class, values[i], source, row);
        effective[i] = next[i].value;
    }
    CLG_TRY(clg_tune_check(ctx, place, op, shape_class, effective));
    for (size_t i = 0; i < n; i++)
        ctx->tune->choice[first + i][shape_class] = next[i];
out:
    return st;
}

struct clg_tune_choice
clg_tune_choice_get(const struct clgrpo_context *ctx, size_t param, size_t shape_class)
{
    return ctx->tune->choice[param][shape_class];
}

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

static enum clgrpo_status
check_value(struct clgrpo_context *ctx, size_t param, size_t shape_class, int value)
{
    enum clgrpo_status st = CLGRPO_OK;
    const struct clg_tune_param *p = &clg_tune_params[param];
    const int standard = p->standard[shape_class];
    bool allowed = value == standard;

    for (size_t i = 0; i < p->n_allowed; i++)
        allowed = allowed || p->allowed[i] == value;
    CLG_REQUIRE(ctx, allowed, CLGRPO_E_VALUE, "tune_set: %s of %s cannot be %d", p->name, clg_tune_ops[p->op].name,
                value);
    CLG_REQUIRE(ctx, !p->changes_order || ctx->allow_reordering || value == standard, CLGRPO_E_VALUE,
                "tune_set: %s of %s is frozen at %d: %d changes the order of a sum", p->name, clg_tune_ops[p->op].name,
                standard, value);
out:
    return st;
}

enum clgrpo_status
clg_tune_set(struct clgrpo_context *ctx, size_t op, size_t shape_class, const int *values, size_t n_values)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, values != NULL, CLGRPO_E_ARGUMENT, "tune_set: values is null");
    CLG_REQUIRE(ctx, op < CLG_TUNE_N_OPS && shape_class < clg_tune_ops[op].n_classes && n_values == clg_tune_count(op),
                CLGRPO_E_VALUE, "tune_set: operation %zu, class %zu and %zu values do not fit together", op,
                shape_class, n_values);
    for (size_t i = 0; i < n_values; i++)
        CLG_TRY(check_value(ctx, clg_tune_first(op) + i, shape_class, values[i]));
    CLG_TRY(clg_tune_apply(ctx, "tune_set", op, shape_class, values, false, CLG_TUNE_CALL, NULL));
out:
    return st;
}

const char *
clg_tune_key(const struct clgrpo_context *ctx, enum clg_tune_link link)
{
    return ctx->tune->keys.text[link];
}

void
clg_tune_left_out(const struct clgrpo_context *ctx, unsigned *n_stale, unsigned *n_refused)
{
    *n_stale = ctx->tune->n_stale;
    *n_refused = ctx->tune->n_refused;
}

unsigned
clg_tune_malformed(const struct clgrpo_context *ctx, const char **sentence)
{
    *sentence = ctx->tune->malformed;
    return ctx->tune->n_malformed;
}
