/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "info/info.h"
#include "measure/family.h"
#include "tier.h"
#include "tune.h"

/* Where the value comes from, as "user, line 3, by device". */
static void
describe_source(const struct clg_tune_choice *c, char *text, size_t bytes)
{
    if (c->line > 0)
        snprintf(text, bytes, "%s, line %u, by %s", clg_tune_source_name(c->source), c->line,
                 clg_tune_link_name(c->link));
    else
        snprintf(text, bytes, "%s", clg_tune_source_name(c->source));
}

/* The parameters of an operation and class. Neighbours of the same source have it once, behind the last of them. */
static void
print_class(struct clgrpo_context *ctx, size_t op, size_t shape_class)
{
    const size_t first = clg_tune_first(op), n = clg_tune_count(op);
    char name[48], source[64], last[64] = "";

    snprintf(name, sizeof name, "%s/%s", clg_tune_ops[op].name, clg_tune_ops[op].classes[shape_class]);
    printf("            %-22s", name);
    for (size_t i = first; i < first + n; i++) {
        const struct clg_tune_choice c = clg_tune_choice_get(ctx, i, shape_class);

        describe_source(&c, source, sizeof source);
        if (last[0] != '\0' && strcmp(last, source) != 0)
            printf(" (%s)", last);
        printf(" %s=%d", clg_tune_params[i].name, c.value);
        if (c.frozen)
            printf(" [%d is frozen: it changes the order of a sum]", c.wanted);
        snprintf(last, sizeof last, "%s", source);
    }
    printf(" (%s)\n", last);
}

static void
print_tiers(struct clgrpo_context *ctx)
{
    for (unsigned i = 0; i < CLG_N_TIERS; i++) {
        const struct clg_tier *t = clg_tier_get(ctx, (enum clg_tier_id)i);

        printf("            %-22s %s: %s%s\n", t->name, clg_tier_verdict_name(t->verdict), t->reason,
               t->cached ? " (found earlier)" : "");
    }
}

void
info_print_tuning(struct clgrpo_context *ctx, enum clgrpo_family family)
{
    unsigned stale, refused;

    printf("          rows match by");
    for (unsigned l = CLG_TUNE_DEVICE + 1; l-- > 0;)
        if (clg_tune_key(ctx, (enum clg_tune_link)l)[0] != '\0')
            printf(" %s:%s%s", clg_tune_link_name((enum clg_tune_link)l), clg_tune_key(ctx, (enum clg_tune_link)l),
                   l > 0 ? "," : "\n");
    printf("          tiers:\n");
    print_tiers(ctx);
    printf("          parameters:\n");
    for (size_t op = 0; op < CLG_TUNE_N_OPS; op++)
        for (size_t c = 0; bench_family_has(family, clg_tune_ops[op].name) && c < clg_tune_ops[op].n_classes; c++)
            print_class(ctx, op, c);
    clg_tune_left_out(ctx, &stale, &refused);
    if (stale + refused > 0)
        printf("            rows left out: %u of another version, %u that the device cannot run\n", stale, refused);
}

static json_t *
choice_to_json(const struct clg_tune_choice *c, const struct clg_tune_param *p, size_t shape_class)
{
    const struct clg_tune_op *op = &clg_tune_ops[p->op];

    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:i, s:b, s:i, s:b}", "operation", op->name, "class",
                     op->classes[shape_class], "parameter", p->name, "value", c->value, "standard",
                     p->standard[shape_class], "source", clg_tune_source_name(c->source), "link",
                     c->line > 0 ? clg_tune_link_name(c->link) : "", "line", (int)c->line, "frozen", (int)c->frozen,
                     "wanted", c->wanted, "changes_order", (int)p->changes_order);
}

json_t *
info_tuning_to_json(struct clgrpo_context *ctx, enum clgrpo_family family)
{
    json_t *all = json_array();

    for (size_t i = 0; i < CLG_TUNE_N_PARAMS; i++) {
        const struct clg_tune_param *p = &clg_tune_params[i];

        for (size_t k = 0; bench_family_has(family, clg_tune_ops[p->op].name) && k < clg_tune_ops[p->op].n_classes;
             k++) {
            const struct clg_tune_choice c = clg_tune_choice_get(ctx, i, k);

            json_array_append_new(all, choice_to_json(&c, p, k));
        }
    }
    return all;
}

json_t *
info_keys_to_json(const struct clgrpo_context *ctx)
{
    json_t *keys = json_object();

    for (unsigned l = 0; l <= CLG_TUNE_DEVICE; l++)
        json_object_set_new(keys, clg_tune_link_name((enum clg_tune_link)l),
                            json_string(clg_tune_key(ctx, (enum clg_tune_link)l)));
    return keys;
}

json_t *
info_tiers_to_json(struct clgrpo_context *ctx)
{
    json_t *all = json_array();

    for (unsigned i = 0; i < CLG_N_TIERS; i++) {
        const struct clg_tier *t = clg_tier_get(ctx, (enum clg_tier_id)i);

        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:f, s:b}", "name", t->name, "verdict",
                                             clg_tier_verdict_name(t->verdict), "reason", t->reason, "ratio", t->ratio,
                                             "cached", (int)t->cached));
    }
    return all;
}
