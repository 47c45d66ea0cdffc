/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "info/info.h"
#include "measure/family.h"

/* "user, line 3, by device" */
static void
describe_source(const struct clgrpo_tune_choice *c, char *text, size_t bytes)
{
    if (c->line > 0)
        snprintf(text, bytes, "%s, line %u, by %s", clgrpo_tune_source_name(c->source), c->line,
                 clgrpo_tune_link_name(c->link));
    else
        snprintf(text, bytes, "%s", clgrpo_tune_source_name(c->source));
}

/* The parameters of an operation and class, each with its source where that is not the one before it. */
static void
print_class(struct clgrpo_context *ctx, size_t op, size_t shape_class)
{
    const struct clgrpo_tune_op *ops;
    const struct clgrpo_tune_param *params;
    const size_t n = clgrpo_tune_params(&params);
    char name[48], source[64], last[64] = "";

    clgrpo_tune_ops(&ops);
    snprintf(name, sizeof name, "%s/%s", ops[op].name, ops[op].classes[shape_class]);
    printf("            %-22s", name);
    for (size_t i = 0; i < n; i++) {
        struct clgrpo_tune_choice c = CLGRPO_TUNE_CHOICE_INIT;

        if (params[i].op != op || clgrpo_tune_choice_get(ctx, i, shape_class, &c) != CLGRPO_OK)
            continue;
        describe_source(&c, source, sizeof source);
        if (last[0] != '\0' && strcmp(last, source) != 0)
            printf(" (%s)", last);
        printf(" %s=%d", params[i].name, c.value);
        if (c.frozen)
            printf(" [%d is frozen: it changes the order of a sum]", c.wanted);
        snprintf(last, sizeof last, "%s", source);
    }
    printf(" (%s)\n", last);
}

static void
print_tiers(struct clgrpo_context *ctx)
{
    for (size_t i = 0; i < clgrpo_n_tiers(); i++) {
        struct clgrpo_tier t = CLGRPO_TIER_INIT;

        if (clgrpo_tier_get(ctx, i, &t) == CLGRPO_OK)
            printf("            %-22s %s: %s%s\n", t.name, clgrpo_tier_verdict_name(t.verdict), t.reason,
                   t.cached ? " (found earlier)" : "");
    }
}

void
info_print_tuning(struct clgrpo_context *ctx, enum clgrpo_family family)
{
    const struct clgrpo_tune_op *ops;
    const size_t n_ops = clgrpo_tune_ops(&ops);
    unsigned stale, refused;

    printf("          rows match by");
    for (unsigned l = CLGRPO_TUNE_DEVICE + 1; l-- > 0;)
        if (clgrpo_tune_key(ctx, (enum clgrpo_tune_link)l)[0] != '\0')
            printf(" %s:%s%s", clgrpo_tune_link_name((enum clgrpo_tune_link)l),
                   clgrpo_tune_key(ctx, (enum clgrpo_tune_link)l), l > 0 ? "," : "\n");
    printf("          tiers:\n");
    print_tiers(ctx);
    printf("          parameters:\n");
    for (size_t op = 0; op < n_ops; op++)
        for (size_t c = 0; bench_family_has(family, ops[op].name) && c < ops[op].n_classes; c++)
            print_class(ctx, op, c);
    clgrpo_tune_left_out(ctx, &stale, &refused);
    if (stale + refused > 0)
        printf("            rows left out: %u of another version, %u that the device cannot run\n", stale, refused);
}

static json_t *
choice_to_json(const struct clgrpo_tune_choice *c, const struct clgrpo_tune_param *p, const struct clgrpo_tune_op *op,
               size_t shape_class)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:i, s:b, s:i, s:b}", "operation", op->name, "class",
                     op->classes[shape_class], "parameter", p->name, "value", c->value, "standard",
                     p->standard[shape_class], "source", clgrpo_tune_source_name(c->source), "link",
                     c->line > 0 ? clgrpo_tune_link_name(c->link) : "", "line", (int)c->line, "frozen", (int)c->frozen,
                     "wanted", c->wanted, "changes_order", (int)p->changes_order);
}

json_t *
info_tuning_to_json(struct clgrpo_context *ctx, enum clgrpo_family family)
{
    const struct clgrpo_tune_op *ops;
    const struct clgrpo_tune_param *params;
    const size_t n = clgrpo_tune_params(&params);
    json_t *all = json_array();

    clgrpo_tune_ops(&ops);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ops[params[i].op].n_classes; k++) {
            struct clgrpo_tune_choice c = CLGRPO_TUNE_CHOICE_INIT;

            if (bench_family_has(family, ops[params[i].op].name) && clgrpo_tune_choice_get(ctx, i, k, &c) == CLGRPO_OK)
                json_array_append_new(all, choice_to_json(&c, &params[i], &ops[params[i].op], k));
        }
    return all;
}

json_t *
info_keys_to_json(const struct clgrpo_context *ctx)
{
    json_t *keys = json_object();

    for (unsigned l = 0; l <= CLGRPO_TUNE_DEVICE; l++)
        json_object_set_new(keys, clgrpo_tune_link_name((enum clgrpo_tune_link)l),
                            json_string(clgrpo_tune_key(ctx, (enum clgrpo_tune_link)l)));
    return keys;
}

json_t *
info_tiers_to_json(struct clgrpo_context *ctx)
{
    json_t *all = json_array();

    for (size_t i = 0; i < clgrpo_n_tiers(); i++) {
        struct clgrpo_tier t = CLGRPO_TIER_INIT;

        if (clgrpo_tier_get(ctx, i, &t) == CLGRPO_OK)
            json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:f, s:b}", "name", t.name, "verdict",
                                                 clgrpo_tier_verdict_name(t.verdict), "reason", t.reason, "ratio",
                                                 t.ratio, "cached", (int)t.cached));
    }
    return all;
}
