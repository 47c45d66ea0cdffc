/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    mg_tool_session_close(r->session);
    r->session = NULL;
    return b->config.event(b->config.arg, r, err);
}

/* Where less than a turn of two tokens fits into the context, the tokens from `before` on are removed and the dialogue
 * ends with MG_FAULT_CONTEXT: it was the agent's own turns that left so little. */
static enum mg_status
fit(struct mg_rollouts *b, struct mg_rollout *r, uint32_t before, struct mg_err *err)
{
    if (r->t.len + 2 <= b->config.limits.context)
        return MG_OK;
    mg_trajectory_cut(&r->t, before);
    return finish(b, r, MG_FAULT_CONTEXT, err);
}

/* Tokens that may be read: room is left for a whole turn, or for half of what the context has left. */
static size_t
room_of(const struct mg_rollouts *b, const struct mg_rollout *r)
{
    const struct mg_rollout_limits *l = &b->config.limits;
    uint32_t left = l->context - r->t.len, turn = l->new_max < left / 2 ? l->new_max : left / 2;

    return left - turn;
}

enum mg_status
mg_rollout_fail(struct mg_rollouts *b, struct mg_rollout *r, const char *kind, const char *name, const char *why,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_STRDUP(r->unavailable, why);
    r->failed[0] = kind;
    r->failed[1] = name;
    st = finish(b, r, MG_FAULT_NONE, err);
out:
    return st;
}

/* A text that cannot be read ends its dialogue alone: without a fault of its own, and without a verdict. */
static enum mg_status
spoil(struct mg_rollouts *b, struct mg_rollout *r, const char *what, const char *whose, const char *why,
      struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *sentence = NULL;

    MG_REQUIRE(asprintf(&sentence, "question %.80s: %s%s cannot be read: %.200s", r->question, what, whose, why) >= 0,
               MG_FAIL, "out of memory: a sentence");
    MG_TRY(mg_rollout_fail(b, r, "question", r->question, sentence, err));
out:
    free(sentence);
    return st;
}

/* A question is asked whole: to answer a part of it would be to answer another one. */
static enum mg_status
check_question(struct mg_rollouts *b, struct mg_rollout *r, size_t room, struct mg_err *err)
{
    char why[160];

    if (r->t.len <= room)
        return MG_OK;
    snprintf(why, sizeof why, "it takes %u tokens, at most %zu leave room for a turn in a context of %u", r->t.len,
             room, b->config.limits.context);
    mg_trajectory_cut(&r->t, 0);
    return spoil(b, r, "its text", "", why, err);
}

enum mg_status
mg_rollout_open(struct mg_rollouts *b, struct mg_rollout *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_err why = {.status = MG_OK};
    bool root = b->config.part.root;
    size_t room = room_of(b, r);

    st = mg_format_open(b->format, &r->t, r->opening, root ? SIZE_MAX : room, &why);
    if (st == MG_INPUT)
        return spoil(b, r, root ? "its text" : "a subtask", "", why.text, err);
    MG_REQUIRE(st == MG_OK, st, "%s", why.text);
    MG_TRY(root ? check_question(b, r, room, err) : fit(b, r, 1, err));
out:
    return st;
}

enum mg_status
mg_rollout_result(struct mg_rollouts *b, struct mg_rollout *r, const char *from, const char *result, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_err why = {.status = MG_OK};
    uint32_t before = r->t.len;

    r->state = MG_ROLLOUT_WRITING;
    st = mg_format_observe(b->format, &r->t, r->callable, result, room_of(b, r), &why);
    if (st == MG_INPUT)
        return spoil(b, r, "what came from ", from, why.text, err);
    MG_REQUIRE(st == MG_OK, st, "%s", why.text);
    MG_TRY(fit(b, r, before, err));
out:
    return st;
}

/* ---- Tools ---- */

static enum mg_status
take_result(struct mg_rollouts *b, struct mg_rollout *r, const struct mg_tool_result *result, struct mg_err *err)
{
    if (result->outcome == MG_TOOL_UNAVAILABLE)
        return mg_rollout_fail(b, r, "tool", b->config.part.tools[r->callable], result->text, err);
    if (result->outcome == MG_TOOL_REFUSED && !mg_format_tells(b->format, r->callable))
        return finish(b, r, MG_FAULT_TURN, err);
    r->calls++;
    return mg_rollout_result(b, r, b->config.part.tools[r->callable], result->text, err);
}

static struct mg_tool_use
use_of(const struct mg_rollouts *b, const struct mg_rollout *r)
{
    return (struct mg_tool_use){
        .key = r->t.key, .turn = r->turns, .tool = b->config.part.tools[r->callable], .arguments = r->arguments};
}

/* A result that has come; what may be another one the next time is written down first. */
static enum mg_status
take_new(struct mg_rollouts *b, struct mg_rollout *r, const struct mg_tool_result *result, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tool_use use = use_of(b, r);
    bool varies = result->outcome == MG_TOOL_UNAVAILABLE || mg_tool_varies(b->config.tools, b->tool[r->callable]);

    if (b->log != NULL && varies)
        MG_TRY(mg_tool_log_add(b->log, &use, result, err));
    MG_TRY(take_result(b, r, result, err));
out:
    return st;
}

static enum mg_status
start_tool(struct mg_rollouts *b, struct mg_rollout *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tool_result result = {.text = NULL};

    if (r->session == NULL)
        MG_TRY(mg_tool_session_open(b->config.tools, &r->session, err));
    MG_TRY(mg_tool_start(r->session, b->tool[r->callable], r->arguments, &r->call, err));
    if (mg_tool_take(&r->call, &result)) {
        MG_TRY(take_new(b, r, &result, err));
    } else {
        r->state = MG_ROLLOUT_CALLING;
        b->n_calling++;
    }
out:
    free(result.text);
    return st;
}

/* Takes over the arguments. */
static enum mg_status
use_tool(struct mg_rollouts *b, struct mg_rollout *r, struct mg_turn *turn, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tool_result result = {.text = NULL};
    struct mg_tool_use use;
    bool found = false;

    free(r->arguments);
    r->arguments = turn->text;
    turn->text = NULL;
    use = use_of(b, r);
    if (b->log != NULL)
        MG_TRY(mg_tool_log_find(b->log, &use, &result, &found, err));
    MG_TRY(found ? take_result(b, r, &result, err) : start_tool(b, r, err));
out:
    free(result.text);
    return st;
}

enum mg_status
mg_rollouts_collect(struct mg_rollouts *b, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_tool_result result = {.text = NULL};

    if (b->n_calling == 0)
        return MG_OK;
    MG_TRY(mg_tools_run(b->config.tools, 0.0, err));
    for (size_t i = 0; i < b->n_active; i++) {
        struct mg_rollout *r = b->active[i];

        if (r->state != MG_ROLLOUT_CALLING || !mg_tool_take(&r->call, &result))
            continue;
        b->n_calling--;
        MG_TRY(take_new(b, r, &result, err));
        free(result.text);
        result.text = NULL;
    }
out:
    free(result.text);
    return st;
}

/* ---- Turns ---- */

static enum mg_status
ask_agent(struct mg_rollouts *b, struct mg_rollout *r, struct mg_turn *turn, struct mg_err *err)
{
    const struct mg_rollout_part *part = &b->config.part;

    free(r->task);
    r->task = turn->text;
    turn->text = NULL;
    r->callee = part->agents[turn->callable - part->n_tools];
    r->state = MG_ROLLOUT_WAITING;
    r->calls++;
    return b->config.event(b->config.arg, r, err);
}

static enum mg_status
act(struct mg_rollouts *b, struct mg_rollout *r, struct mg_turn *turn, struct mg_err *err)
{
    if (turn->kind == MG_TURN_NONE)
        return finish(b, r, MG_FAULT_TURN, err);
    if (turn->kind == MG_TURN_ANSWER) {
        r->answer = turn->text;
        turn->text = NULL;
        return finish(b, r, MG_FAULT_NONE, err);
    }
    if (r->turns == b->config.limits.turns)
        return finish(b, r, MG_FAULT_TURNS, err);
    r->callable = turn->callable;
    return turn->callable < b->config.part.n_tools ? use_tool(b, r, turn, err) : ask_agent(b, r, turn, err);
}

static enum mg_status
end_turn(struct mg_rollouts *b, struct mg_rollout *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_turn turn = {.text = NULL};

    r->turns++;
    MG_TRY(mg_format_parse(b->format, &r->t, &turn, err));
    MG_TRY(act(b, r, &turn, err));
out:
    free(turn.text);
    return st;
}

enum mg_status
mg_rollout_token(struct mg_rollouts *b, struct mg_rollout *r, int32_t token, float logprob, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_rollout_limits *limits = &b->config.limits;
    enum mg_turn_state turn;

    MG_TRY(mg_trajectory_write(&r->t, token, logprob, err));
    turn = mg_format_sampled(b->format, &r->t);
    if (turn == MG_TURN_MALFORMED)
        return finish(b, r, MG_FAULT_TURN, err);
    if (turn == MG_TURN_ENDED)
        return end_turn(b, r, err);
    if (r->t.len - r->t.turn_start == limits->new_max)
        return finish(b, r, MG_FAULT_LENGTH, err);
    if (r->t.len == limits->context)
        return finish(b, r, MG_FAULT_CONTEXT, err);
out:
    return st;
}
