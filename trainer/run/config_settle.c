/* SPDX-License-Identifier: Apache-2.0 */
/* Presets, and checks that concern several keys or agents. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/config_keys.h"

static bool
holds(const struct mg_list *list, const char *text)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (strcmp(list->item[i], text) == 0)
            return true;
    return false;
}

/* The root takes over the tools of the agents that it called. */
static enum mg_status
take_tools(struct mg_agent_config *root, struct mg_agent_config *from, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char **grown = realloc(root->tools.item, (root->tools.n + from->tools.n + 1) * sizeof *grown);

    MG_REQUIRE(grown != NULL, MG_FAIL, "out of memory: the tools of %s", root->name);
    root->tools.item = grown;
    for (uint32_t i = 0; i < from->tools.n; i++) {
        if (holds(&root->tools, from->tools.item[i]))
            continue;
        root->tools.item[root->tools.n++] = from->tools.item[i];
        from->tools.item[i] = NULL;
    }
out:
    return st;
}

/* `agents = single`: the root alone, with all tools. */
static enum mg_status
make_single(struct mg_config *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (uint32_t i = 1; i < c->n_agents; i++)
        MG_TRY(take_tools(&c->agent[0], &c->agent[i], err));
    mg_section_cut(c, &mg_sections[MG_SECTION_AGENT], 1);
    mg_list_free(&c->agent[0].calls);
out:
    return st;
}

static enum mg_status
apply_preset(struct mg_config *c, struct mg_err *err)
{
    if (c->preset == MG_SINGLE)
        return make_single(c, err);
    for (uint32_t i = 0; i < c->n_agents; i++)
        if (c->preset == (i == 0 ? MG_FROZEN_MAIN : MG_FROZEN_SUB))
            c->agent[i].train = false;
    return MG_OK;
}

static enum mg_status
check_agent(const struct mg_agent_config *a, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_reward_config *r = &a->reward;

    MG_REQUIRE(mg_is_agent_name(a->name), MG_INPUT,
               "%s: agent \"%.60s\": a name has 1 to %d small letters, digits and -, a letter first", where, a->name,
               (int)MG_AGENT_NAME_MAX);
    MG_REQUIRE(a->context > a->new_tokens, MG_INPUT, "%s: agent %s: context is %u, new_tokens %u: a turn must fit",
               where, a->name, a->context, a->new_tokens);
    MG_REQUIRE(a->overlong_tokens <= a->context, MG_INPUT, "%s: agent %s: overlong_tokens is %u, context %u", where,
               a->name, a->overlong_tokens, a->context);
    MG_REQUIRE(a->max_tokens >= a->context, MG_INPUT, "%s: agent %s: max_tokens is %u, context %u: a dialogue must fit",
               where, a->name, a->max_tokens, a->context);
    MG_REQUIRE(r->format + r->correct + r->expert > 0.0, MG_INPUT, "%s: agent %s: the weights of its reward are all 0",
               where, a->name);
out:
    return st;
}

/* n_agents: there is none of that name. */
static uint32_t
number_of(const struct mg_config *c, const char *name)
{
    uint32_t i = 0;

    while (i < c->n_agents && strcmp(c->agent[i].name, name) != 0)
        i++;
    return i;
}

/* The root calls agents that exist, once each; those call nobody. */
static enum mg_status
check_calls(const struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_agent_config *root = &c->agent[0];
    char place[MG_PLACE];

    mg_config_place(where, &root->calls, place);
    for (uint32_t i = 0; i < root->calls.n; i++) {
        const char *name = root->calls.item[i];
        uint32_t which = number_of(c, name);

        MG_REQUIRE(which != c->n_agents, MG_INPUT, "%s: agent %s calls \"%.60s\", but no section agent has that name",
                   place, root->name, name);
        MG_REQUIRE(which != 0, MG_INPUT, "%s: agent %s calls itself", place, root->name);
        for (uint32_t j = 0; j < i; j++)
            MG_REQUIRE(strcmp(root->calls.item[j], name) != 0, MG_INPUT, "%s: agent %s: calls names %s twice", place,
                       root->name, name);
    }
    for (uint32_t i = 1; i < c->n_agents; i++) {
        const struct mg_agent_config *a = &c->agent[i];

        MG_REQUIRE(a->calls.n == 0, MG_INPUT,
                   "%s: agent %s calls %s, but is called itself: only the first agent may call others", where, a->name,
                   a->calls.item[0]);
        MG_REQUIRE(holds(&root->calls, a->name), MG_INPUT, "%s: agent %s: nobody calls it", where, a->name);
        for (uint32_t j = 1; j < i; j++)
            MG_REQUIRE(strcmp(c->agent[j].name, a->name) != 0, MG_INPUT, "%s: two agents are named %s", where, a->name);
    }
out:
    return st;
}

enum mg_status
mg_config_find(const struct mg_config *c, const char *name, uint32_t *agent, struct mg_err *err)
{
    char all[256] = "";

    *agent = number_of(c, name);
    if (*agent < c->n_agents)
        return MG_OK;
    for (uint32_t i = 0; i < c->n_agents; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", c->agent[i].name);
    return mg_fail(err, MG_INPUT, "agent is \"%.60s\", need one of: %s", name, all);
}

/* The gradient is that of the whole distribution. For draws from a part of it, the log-probability of a token would
 * lack that of the part, which depends on the weights, and the gradient would be biased. */
static enum mg_status
check_draws(const struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(c->top_p == 1.0, MG_INPUT, "%s: top_p is %g: a run learns from draws of the whole distribution, need 1",
               where, c->top_p);
    MG_REQUIRE(c->top_k == 0, MG_INPUT, "%s: top_k is %u: a run learns from draws of the whole distribution, need 0",
               where, c->top_k);
out:
    if (st == MG_INPUT)
        mg_hint(err, "Draws from a part of it would bias the gradient; mgrpo eval and ask have --top-p and --top-k.");
    return st;
}

/* Settings that each are fine, and under which nothing could be learnt or something would never come. */
static enum mg_status
check_learning(const struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool any = false;

    for (uint32_t i = 0; i < c->n_agents; i++)
        any |= c->agent[i].train;
    MG_REQUIRE(any, MG_INPUT, "%s: no agent trains: train is false, or agents keeps all from it", where);
    MG_REQUIRE(c->lr > 0.0, MG_INPUT, "%s: lr is 0: nothing would be learnt", where);
    MG_TRY(check_draws(c, where, err));
    MG_REQUIRE(c->lr_warmup <= c->steps, MG_INPUT, "%s: lr_warmup is %u, steps is %u: lr would never be reached", where,
               c->lr_warmup, c->steps);
    MG_REQUIRE(c->eval_every == 0 || c->eval_questions > 0, MG_INPUT,
               "%s: eval_every is %u, eval_questions 0: there is nothing to evaluate", where, c->eval_every);
out:
    return st;
}

static enum mg_status
check_stages(const struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(c->first_hops > 0 || (c->first_steps == 0 && c->first_success == 0.0), MG_INPUT,
               "%s: first_steps is %u and first_success %g, but first_hops is 0: there is no first stage", where,
               c->first_steps, c->first_success);
    MG_REQUIRE(c->first_hops == 0 || c->first_steps > 0 || c->first_success > 0.0, MG_INPUT,
               "%s: first_hops is %u, but neither first_steps nor first_success ends the first stage", where,
               c->first_hops);
out:
    return st;
}

/* Bounds that are not given are the objective's; then what can be together. */
static enum mg_status
settle_objective(struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_objective *o = &mg_objectives[c->objective];
    const bool once = c->epochs == 1 && c->mini_batches == 1;

    c->ratio_min = isnan(c->ratio_min) ? o->ratio_min : c->ratio_min;
    c->ratio_max = isnan(c->ratio_max) ? o->ratio_max : c->ratio_max;
    MG_REQUIRE(c->dual_clip == 0.0 || c->dual_clip > 1.0, MG_INPUT, "%s: dual_clip is %g, need 0 or more than 1", where,
               c->dual_clip);
    MG_REQUIRE(c->dual_clip == 0.0 || o->surrogate == CLGRPO_SURROGATE_CLIP, MG_INPUT,
               "%s: dual_clip is %g, but %s has none: its weights are bounded by ratio_max", where, c->dual_clip,
               o->name);
    MG_REQUIRE(c->dual_clip == 0.0 || !once, MG_INPUT,
               "%s: dual_clip is %g, but with epochs 1 and mini_batches 1 all ratios are 1: it could not act", where,
               c->dual_clip);
    MG_REQUIRE(c->correction == 0 || c->epochs > 1, MG_INPUT,
               "%s: correction is %s, but with epochs 1 there is nothing to correct: the weights sampled the tokens",
               where, mg_correction_kinds[c->correction].name);
    MG_REQUIRE(c->mini_batches <= c->step_questions, MG_INPUT,
               "%s: mini_batches is %u, step_questions %u: a part has at least one question", where, c->mini_batches,
               c->step_questions);
out:
    return st;
}

enum mg_status
mg_config_settle(struct mg_config *c, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(c->n_agents > 0, MG_INPUT, "%s: there is no section agent \"NAME\" { ... }", where);
    MG_REQUIRE(c->store[0] == '\0' || strncmp(c->store, "redis://", 8) == 0, MG_INPUT,
               "%s: store is \"%.100s\", need redis://[USER@]HOST[:PORT][/DATABASE[/NAME]], or nothing for a file",
               where, c->store);
    MG_TRY(check_calls(c, where, err));
    MG_TRY(mg_config_check_tools(c, where, err));
    MG_TRY(apply_preset(c, err));
    MG_TRY(mg_config_settle_judges(c, where, err));
    for (uint32_t i = 0; i < c->n_agents; i++)
        MG_TRY(check_agent(&c->agent[i], where, err));
    MG_TRY(mg_config_check_names(c, where, err));
    MG_REQUIRE(c->agent[0].reward.expert == 0.0, MG_INPUT,
               "%s: agent %s: reward_expert is %g, but nobody judges the first agent beside its answer", where,
               c->agent[0].name, c->agent[0].reward.expert);
    MG_TRY(check_learning(c, where, err));
    MG_TRY(check_stages(c, where, err));
    MG_TRY(settle_objective(c, where, err));
out:
    return st;
}
