/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "rollout/rollout_internal.h"

const char *
mg_fault_name(enum mg_fault fault)
{
    static const char *const name[] = {[MG_FAULT_NONE] = "none",
                                       [MG_FAULT_TURN] = "turn",
                                       [MG_FAULT_LENGTH] = "length",
                                       [MG_FAULT_CONTEXT] = "context",
                                       [MG_FAULT_TURNS] = "turns"};

    return name[fault];
}

static enum mg_status
finish(struct mg_rollouts *b, struct mg_rollout *r, enum mg_fault fault, struct mg_err *err)
{
    r->state = MG_ROLLOUT_DONE;
    r->fault = fault;
    b->n_done++;
    return b->config.event(b->config.arg, r, err);
}

/* Feeds a turn; if no turn of two tokens fits behind it, it is taken back and the dialogue is over. */
static enum mg_status
feed(struct mg_rollouts *b, struct mg_rollout *r, enum mg_role role, const char *text, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t before = r->d.len;

    MG_TRY(mg_dialogue_feed(&r->d, b->config.tok, &b->specials, role, text, err));
    if (r->d.len + 2 <= b->config.limits.context)
        return MG_OK;
    r->d.len = r->d.turn_start = before;
    st = finish(b, r, MG_FAULT_CONTEXT, err);
out:
    return st;
}

enum mg_status
mg_rollout_open(struct mg_rollouts *b, struct mg_rollout *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    enum mg_role role = b->config.limits.rules == MG_RULES_SEARCH ? MG_ROLE_TASK : MG_ROLE_USER;

    MG_TRY(mg_dialogue_begin(&r->d, &b->specials, err));
    MG_TRY(feed(b, r, role, r->opening, err));
out:
    return st;
}

enum mg_status
mg_rollout_result(struct mg_rollouts *b, struct mg_rollout *r, const char *result, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    r->state = MG_ROLLOUT_WRITING;
    MG_TRY(feed(b, r, MG_ROLE_RESULT, result != NULL ? result : "none", err));
out:
    return st;
}

static bool
may_write(enum mg_rules rules, const struct mg_specials *sp, int32_t token)
{
    if (token == sp->role[MG_ROLE_ANSWER])
        return true;
    if (rules == MG_RULES_MAIN)
        return token == sp->role[MG_ROLE_SUB];
    return token == sp->role[MG_ROLE_SEARCH] || token == sp->role[MG_ROLE_OPEN];
}

static enum mg_status
use_search(struct mg_rollouts *b, struct mg_rollout *r, const char *query, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char text[MG_HITS_TEXT_MAX];

    r->calls++;
    MG_TRY(mg_tools_search(b->config.tools, query, &r->hits, text, err));
    MG_TRY(feed(b, r, MG_ROLE_HITS, text, err));
out:
    return st;
}

static enum mg_status
use_open(struct mg_rollouts *b, struct mg_rollout *r, const char *number, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *page = NULL;

    MG_TRY(mg_tools_open(b->config.tools, &r->hits, number, &page, err));
    if (page == NULL) {
        st = finish(b, r, MG_FAULT_TURN, err);
    } else {
        r->calls++;
        st = feed(b, r, MG_ROLE_PAGE, page, err);
    }
out:
    free(page);
    return st;
}

/* Takes over `text`. */
static enum mg_status
act(struct mg_rollouts *b, struct mg_rollout *r, enum mg_role role, char *text, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    if (role == MG_ROLE_ANSWER) {
        r->answer = text;
        return finish(b, r, MG_FAULT_NONE, err);
    }
    if (r->turns == b->config.limits.turns) {
        st = finish(b, r, MG_FAULT_TURNS, err);
    } else if (role == MG_ROLE_SUB) {
        free(r->task);
        r->task = text;
        r->state = MG_ROLLOUT_WAITING;
        r->calls++;
        return b->config.event(b->config.arg, r, err);
    } else if (role == MG_ROLE_SEARCH) {
        st = use_search(b, r, text, err);
    } else {
        st = use_open(b, r, text, err);
    }
    free(text);
    return st;
}

static enum mg_status
end_turn(struct mg_rollouts *b, struct mg_rollout *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    enum mg_role role = MG_ROLE_ANSWER;
    char *text = NULL;

    r->turns++;
    MG_TRY(mg_dialogue_turn(&r->d, b->config.tok, &b->specials, &role, &text, err));
    if (text != NULL && text[0] != '\0')
        return act(b, r, role, text, err);
    free(text);
    st = finish(b, r, MG_FAULT_TURN, err);
out:
    return st;
}

enum mg_status
mg_rollout_token(struct mg_rollouts *b, struct mg_rollout *r, int32_t token, float logprob, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_rollout_limits *limits = &b->config.limits;
    uint32_t own;

    MG_TRY(mg_dialogue_sampled(&r->d, token, logprob, err));
    own = r->d.len - r->d.turn_start;
    if (own == 1 ? !may_write(limits->rules, &b->specials, token)
                 : token != b->specials.end && mg_specials_has(&b->specials, token))
        return finish(b, r, MG_FAULT_TURN, err);
    if (token == b->specials.end)
        return end_turn(b, r, err);
    if (own == limits->new_max)
        return finish(b, r, MG_FAULT_LENGTH, err);
    if (r->d.len == limits->context)
        return finish(b, r, MG_FAULT_CONTEXT, err);
out:
    return st;
}
