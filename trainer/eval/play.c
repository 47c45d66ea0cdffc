/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/play.h"

#include <stdlib.h>

#include "rollout/pending.h"
#include "base/stop.h"

struct mg_play {
    struct mg_rollouts *side[MG_N_SIDES];
    struct mg_pending asked, answered; /* events that are passed on once the tick is over */
};

static enum mg_status
on_main(void *arg, struct mg_rollout *r, struct mg_err *err)
{
    struct mg_play *p = arg;

    return r->state == MG_ROLLOUT_WAITING ? mg_pending_add(&p->asked, r, err) : MG_OK;
}

static enum mg_status
on_search(void *arg, struct mg_rollout *r, struct mg_err *err)
{
    struct mg_play *p = arg;

    return mg_pending_add(&p->answered, r, err);
}

enum mg_status
mg_play_create(const struct mg_play_config *config, struct mg_play **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_play *p = NULL;

    MG_ALLOC(p, 1);
    for (int i = 0; i < MG_N_SIDES; i++) {
        struct mg_rollouts_config c = {.policy = config->policy[i],
                                       .tok = config->tok,
                                       .tools = config->tools,
                                       .part = config->part[i],
                                       .limits = config->limits[i],
                                       .seed = mg_side_seed(config->seed, (enum mg_side)i),
                                       .event = i == MG_SIDE_MAIN ? on_main : on_search,
                                       .arg = p};

        if (c.policy != NULL)
            MG_TRY(mg_rollouts_create(&c, &p->side[i], err));
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
    for (int i = 0; i < MG_N_SIDES; i++)
        mg_rollouts_destroy(p->side[i]);
    free(p->asked.r);
    free(p->answered.r);
    free(p);
}

void
mg_play_begin(struct mg_play *p, const struct mg_sampling *how)
{
    for (int i = 0; i < MG_N_SIDES; i++)
        if (p->side[i] != NULL)
            mg_rollouts_begin(p->side[i], how);
    p->asked.n = p->answered.n = 0;
}

enum mg_status
mg_play_add(struct mg_play *p, const struct mg_key *key, const char *question, struct mg_err *err)
{
    return mg_rollouts_add(p->side[MG_SIDE_MAIN], key, question, err);
}

static enum mg_status
pass_tasks(struct mg_play *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < p->asked.n; i++) {
        struct mg_key key = p->asked.r[i]->t.key;

        key.call = p->asked.r[i]->calls - 1;
        MG_TRY(mg_rollouts_add(p->side[MG_SIDE_SEARCH], &key, p->asked.r[i]->task, err));
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
        to = mg_rollouts_find(p->side[MG_SIDE_MAIN], &key);
        MG_REQUIRE(to != NULL, MG_FAIL, "a result for a question that was not asked");
        MG_TRY(from->unavailable != NULL ? mg_rollouts_fail(p->side[MG_SIDE_MAIN], to, from->unavailable, err)
                                         : mg_rollouts_deliver(p->side[MG_SIDE_MAIN], to, from->answer, err));
    }
    p->answered.n = 0;
out:
    return st;
}

enum mg_status
mg_play_run(struct mg_play *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool busy[MG_N_SIDES] = {true, false};

    while (busy[MG_SIDE_MAIN] || busy[MG_SIDE_SEARCH]) {
        MG_TRY(mg_stop_check(err));
        MG_TRY(mg_rollouts_tick(p->side[MG_SIDE_MAIN], &busy[MG_SIDE_MAIN], err));
        if (p->side[MG_SIDE_SEARCH] == NULL)
            continue;
        MG_TRY(pass_tasks(p, err));
        MG_TRY(mg_rollouts_tick(p->side[MG_SIDE_SEARCH], &busy[MG_SIDE_SEARCH], err));
        /* a result lets a dialogue of main go on, so that this is not the end */
        busy[MG_SIDE_MAIN] |= p->answered.n > 0;
        MG_TRY(pass_results(p, err));
    }
    if (p->side[MG_SIDE_SEARCH] != NULL)
        mg_rollouts_sort(p->side[MG_SIDE_SEARCH]);
out:
    return st;
}

struct mg_rollouts *
mg_play_rollouts(struct mg_play *p, enum mg_side side)
{
    return p->side[side];
}
