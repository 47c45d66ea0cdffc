/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/play.h"

#include <stdlib.h>
#include <string.h>

#include "base/doing.h"
#include "base/array.h"
#include "rollout/pending.h"
#include "base/stop.h"

struct mg_play {
    uint32_t n_agents;
    const char *name[MG_MAX_AGENTS];
    struct mg_rollouts *agent[MG_MAX_AGENTS];
    struct mg_pending asked, answered; /* events that are passed on once the tick is over */
    struct mg_tools *tools;
    struct mg_judging *judging;
    const struct mg_asked **question; /* [room], by the number in the key; NULL: not judged */
    size_t room;
};

static const double TOOL_WAIT_MS = 10.0, JUDGE_MS = 50.0;

static enum mg_status
on_root(void *arg, struct mg_rollout *r, struct mg_err *err)
{
    struct mg_play *p = arg;
    const struct mg_asked *q = p->question[r->t.key.question];

    if (r->state == MG_ROLLOUT_WAITING)
        return mg_pending_add(&p->asked, r, err);
    return q != NULL && p->judging != NULL ? mg_judging_ask(p->judging, r, q, err) : MG_OK;
}

static enum mg_status
on_sub(void *arg, struct mg_rollout *r, struct mg_err *err)
{
    struct mg_play *p = arg;
    enum mg_status st = MG_OK;

    if (p->judging != NULL)
        MG_TRY(mg_judging_ask(p->judging, r, NULL, err));
    MG_TRY(mg_pending_add(&p->answered, r, err));
out:
    return st;
}

enum mg_status
mg_play_create(const struct mg_play_config *config, struct mg_play **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_play *p = NULL;

    MG_ALLOC(p, 1);
    p->n_agents = config->n_agents;
    p->tools = config->tools;
    p->judging = config->judging;
    for (uint32_t i = 0; i < p->n_agents; i++) {
        struct mg_rollouts_config c = {.policy = config->policy[i],
                                       .tok = config->tok,
                                       .tools = config->tools,
                                       .part = config->part[i],
                                       .limits = config->limits[i],
                                       .no_wait = true,
                                       .seed = mg_agent_seed(config->seed, i),
                                       .event = i == 0 ? on_root : on_sub,
                                       .arg = p};

        p->name[i] = config->name[i];
        MG_TRY(mg_rollouts_create(&c, &p->agent[i], err));
    }
    *out = p;
    p = NULL;
out:
    mg_play_destroy(p);
    return st;
}

void
mg_play_destroy(struct mg_play *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->n_agents; i++)
        mg_rollouts_destroy(p->agent[i]);
    free(p->asked.r);
    free(p->answered.r);
    free(p->question);
    free(p);
}

void
mg_play_begin(struct mg_play *p, const struct mg_sampling *how)
{
    for (uint32_t i = 0; i < p->n_agents; i++)
        mg_rollouts_begin(p->agent[i], how, NULL);
    p->asked.n = p->answered.n = 0;
}

static const char *
name_of(const struct mg_asked *asked)
{
    return asked != NULL ? asked->id : "(asked)";
}

enum mg_status
mg_play_add(struct mg_play *p, const struct mg_key *key, const char *question, const struct mg_asked *asked,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_GROW(p->question, (size_t)key->question + 1, p->room);
    p->question[key->question] = asked;
    MG_TRY(mg_rollouts_add(p->agent[0], key, name_of(asked), question, err));
out:
    return st;
}

static uint32_t
callee_of(const struct mg_play *p, const struct mg_rollout *r)
{
    uint32_t i = 1;

    while (i + 1 < p->n_agents && strcmp(p->name[i], r->callee) != 0)
        i++;
    return i;
}

static enum mg_status
pass_tasks(struct mg_play *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < p->asked.n; i++) {
        const struct mg_rollout *r = p->asked.r[i];
        struct mg_key key = r->t.key;

        key.call = r->calls - 1;
        MG_TRY(mg_rollouts_add(p->agent[callee_of(p, r)], &key, r->question, r->task, err));
    }
    p->asked.n = 0;
out:
    return st;
}

static enum mg_status
pass_results(struct mg_play *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < p->answered.n; i++) {
        struct mg_rollout *from = p->answered.r[i], *to;
        struct mg_key key = from->t.key;

        key.call = 0;
        to = mg_rollouts_find(p->agent[0], &key);
        MG_REQUIRE(to != NULL, MG_FAIL, "a result for a question that was not asked");
        MG_TRY(from->unavailable != NULL ? mg_rollouts_fail(p->agent[0], to, err)
                                         : mg_rollouts_deliver(p->agent[0], to, from->answer, err));
    }
    p->answered.n = 0;
out:
    return st;
}

static uint64_t
tokens(const struct mg_play *p)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < p->n_agents; i++)
        n += mg_rollouts_tokens(p->agent[i]);
    return n;
}

enum mg_status
mg_play_run(struct mg_play *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool going = true;

    while (going) {
        uint64_t before = tokens(p);

        MG_TRY(mg_stop_check(err));
        mg_doing("%zu of %zu questions have an answer", mg_rollouts_done(p->agent[0]), mg_rollouts_count(p->agent[0]));
        MG_TRY(mg_rollouts_tick(p->agent[0], &going, err));
        MG_TRY(pass_tasks(p, err));
        for (uint32_t i = 1; i < p->n_agents; i++) {
            bool busy = false;

            MG_TRY(mg_rollouts_tick(p->agent[i], &busy, err));
            going |= busy;
        }
        /* a result lets a dialogue of the root go on, so that this is not the end */
        going |= p->answered.n > 0;
        /* no agent has anything to write: only tools are at work */
        if (going && p->answered.n == 0 && tokens(p) == before)
            MG_TRY(mg_tools_run(p->tools, TOOL_WAIT_MS, err));
        MG_TRY(pass_results(p, err));
        if (p->judging != NULL) {
            mg_judging_run(p->judging, going ? 0.0 : JUDGE_MS);
            going |= mg_judging_count(p->judging) > 0;
        }
    }
    for (uint32_t i = 1; i < p->n_agents; i++)
        mg_rollouts_sort(p->agent[i]);
out:
    mg_doing_hide();
    return st;
}

struct mg_rollouts *
mg_play_rollouts(struct mg_play *p, uint32_t agent)
{
    return p->agent[agent];
}
