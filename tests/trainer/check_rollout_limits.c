/* SPDX-License-Identifier: Apache-2.0 */
/* Rollouts by themselves: what is refused, and texts that do not fit or cannot be written. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "fake_policy.h"
#include "rollout/rollout.h"
#include "suite.h"

static struct mg_tokenizer *tok;
static struct mg_policy *policy;
static const char *const agent_names[] = {"search"}, *const tool_names[] = {"search", "open"};
static const struct mg_rollout_part main_part = {"roles", true, agent_names, NULL, 1, 0};
static const struct mg_rollout_part search_part = {"roles", false, NULL, tool_names, 0, 2};
static const struct mg_rollout_part called_part = {"roles", false, NULL, NULL, 0, 0};
static const struct mg_rollout_limits main_limits = {5, 24, 200, 16}, search_limits = {4, 20, 700, 16};

static void
setup(void)
{
    struct mg_policy_limits limits = {.slots = 64, .context = 1024, .max_tokens = 4096};

    mg_err_clear(&err);
    mg_ok(mg_fake_tokenizer(&tok, &err));
    mg_ok(mg_policy_open(".", &limits, &policy, &err));
}

static void
teardown(void)
{
    mg_policy_close(policy);
    mg_tokenizer_free(tok);
}

/* From now on the tokenizer cannot write the byte 0xF0, as vocabularies do that were cut down. */
static void
lack_byte(void)
{
    char *json = mg_fake_tokenizer_json(), *entry = strstr(json, "\"\xC3\xB0\":");

    ck_assert_ptr_nonnull(entry);
    memcpy(entry + 1, "no", 2);
    mg_tokenizer_free(tok);
    mg_ok(mg_tokenizer_parse(json, strlen(json), "fake", &tok, &err));
    free(json);
}

static enum mg_status
no_event(void *arg, struct mg_rollout *r, struct mg_err *e)
{
    (void)r;
    (void)e;
    ++*(unsigned *)arg;
    return MG_OK;
}

static struct mg_rollouts *
lone(const struct mg_rollout_part *part, const struct mg_rollout_limits *limits, unsigned *events)
{
    struct mg_rollouts_config c = {
        .policy = policy, .tok = tok, .part = *part, .limits = *limits, .seed = 3, .event = no_event, .arg = events};
    struct mg_rollouts *b;

    ck_assert_int_eq(mg_rollouts_create(&c, &b, &err), MG_OK);
    return b;
}

START_TEST(a_result_nobody_waits_for_is_refused)
{
    struct mg_key key = {0};
    unsigned events = 0;
    struct mg_rollouts *b = lone(&main_part, &main_limits, &events);

    ck_assert_int_eq(mg_rollouts_add(b, &key, "q1", "x", &err), MG_OK);
    ck_assert_int_eq(mg_rollouts_deliver(b, mg_rollouts_get(b, 0), "y", &err), MG_FAIL);
    mg_rollouts_destroy(b);
}
END_TEST

/* ---- Texts that do not fit ---- */

/* What the last turn that was read says, between its role and <end>. */
static const char *
last_read(const struct mg_rollout *r)
{
    static char text[2048];
    uint32_t from = r->t.len - 1;
    size_t n = 0;

    ck_assert_int_eq(r->t.ids[from], MG_FAKE_END);
    while (r->t.ids[from - 1] >= MG_FAKE_BYTE)
        from--;
    for (uint32_t i = from; i + 1 < r->t.len; i++)
        text[n++] = (char)(r->t.ids[i] - MG_FAKE_BYTE);
    text[n] = '\0';
    return text;
}

static bool
says_cut(const char *text)
{
    size_t n = strlen(text), mark = strlen(MG_CUT_MARK);

    return n >= mark && strcmp(text + n - mark, MG_CUT_MARK) == 0;
}

/* A dialogue that is opened with more than the context holds. */
static struct mg_rollouts *
overlong(const struct mg_rollout_part *part, unsigned *events)
{
    struct mg_rollouts *b = lone(part, &main_limits, events);
    static char text[1000];

    memset(text, 'a', sizeof text - 1);
    mg_ok(mg_rollouts_add(b, &(struct mg_key){0}, "q1", text, &err));
    return b;
}

START_TEST(a_question_that_fills_the_context_is_no_fault)
{
    unsigned events = 0;
    struct mg_rollouts *b = overlong(&main_part, &events);
    const struct mg_rollout *r = mg_rollouts_get(b, 0);
    bool busy;

    ck_assert_uint_eq(events, 1);
    ck_assert_int_eq(r->fault, MG_FAULT_NONE);
    ck_assert_str_eq(r->unavailable,
                     "question q1: its text cannot be read: it takes 1002 tokens, at most 176 leave room "
                     "for a turn in a context of 200");
    ck_assert_str_eq(r->failed[0], "question");
    ck_assert_int_eq(mg_rollouts_tick(b, &busy, &err), MG_OK);
    ck_assert(!busy);
    mg_rollouts_destroy(b);
}
END_TEST

/* One character more than fits is too many: the limit is where a turn still fits. */
START_TEST(a_question_that_leaves_room_for_a_turn_is_asked)
{
    unsigned events = 0;
    struct mg_rollouts *b = lone(&main_part, &main_limits, &events);
    char text[256];

    for (uint32_t n = 173; n <= 174; n++) {
        struct mg_key key = {.question = n};

        memset(text, 'a', n);
        text[n] = '\0';
        ck_assert_int_eq(mg_rollouts_add(b, &key, "q1", text, &err), MG_OK);
    }
    ck_assert_ptr_null(mg_rollouts_get(b, 0)->unavailable);
    ck_assert_ptr_nonnull(mg_rollouts_get(b, 1)->unavailable);
    mg_rollouts_destroy(b);
}
END_TEST

START_TEST(a_subtask_that_fills_the_context_is_cut_and_says_so)
{
    unsigned events = 0;
    struct mg_rollouts *b = overlong(&called_part, &events);
    const struct mg_rollout *r = mg_rollouts_get(b, 0);

    ck_assert_int_eq(r->state, MG_ROLLOUT_QUEUED);
    ck_assert_uint_eq(r->t.len, main_limits.context - main_limits.new_max);
    ck_assert(says_cut(last_read(r)));
    ck_assert_uint_eq(r->t.texts_cut, 1);
    mg_rollouts_destroy(b);
}
END_TEST

/* The first of some dialogues that asks the other agent; the others are at any place. */
static struct mg_rollout *
waiting(struct mg_rollouts *b)
{
    bool busy = true;

    for (uint32_t i = 0; i < 64; i++)
        ck_assert_int_eq(mg_rollouts_add(b, &(struct mg_key){.question = i}, "q1", "Who won?", &err), MG_OK);
    while (busy) {
        ck_assert_int_eq(mg_rollouts_tick(b, &busy, &err), MG_OK);
        for (size_t i = 0; i < mg_rollouts_count(b); i++)
            if (mg_rollouts_get(b, i)->state == MG_ROLLOUT_WAITING)
                return mg_rollouts_get(b, i);
    }
    ck_abort_msg("no dialogue asks");
    return NULL;
}

/* Characters of three bytes, so that most cuts would fall inside one. */
START_TEST(a_result_that_fills_the_context_is_cut_between_characters)
{
    unsigned events = 0;
    struct mg_rollouts *b = lone(&main_part, &main_limits, &events);
    struct mg_rollout *r = waiting(b);
    static char text[1000];
    const char *said;
    uint32_t before = r->t.len;
    bool busy;

    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 3);
    ck_assert_int_eq(mg_rollouts_deliver(b, r, text, &err), MG_OK);
    said = last_read(r);
    ck_assert(says_cut(said));
    ck_assert_uint_eq(r->t.texts_cut, 1);
    ck_assert_uint_eq((strlen(said) - strlen(MG_CUT_MARK)) % 3, 0);
    ck_assert_int_eq(strncmp(said, text, strlen(said) - strlen(MG_CUT_MARK)), 0);
    /* room for a turn is left, and not more than a character is wasted */
    ck_assert_uint_le(r->t.len, main_limits.context - main_limits.new_max);
    ck_assert_uint_gt(r->t.len, main_limits.context - main_limits.new_max - 3);
    ck_assert_uint_gt(r->t.len, before);
    ck_assert_int_eq(r->state, MG_ROLLOUT_WRITING);
    ck_assert_int_eq(mg_rollouts_tick(b, &busy, &err), MG_OK);
    ck_assert_int_eq(r->fault == MG_FAULT_CONTEXT, 0);
    mg_rollouts_destroy(b);
}
END_TEST

START_TEST(a_result_that_fits_is_read_whole)
{
    unsigned events = 0;
    struct mg_rollouts *b = lone(&main_part, &main_limits, &events);
    struct mg_rollout *r = waiting(b);
    size_t room = main_limits.context - main_limits.new_max - r->t.len - 2;
    static char text[1000];

    memset(text, 'a', room);
    ck_assert_int_eq(mg_rollouts_deliver(b, r, text, &err), MG_OK);
    ck_assert_str_eq(last_read(r), text);
    ck_assert_uint_eq(r->t.texts_cut, 0);
    ck_assert_uint_eq(r->t.len, main_limits.context - main_limits.new_max);
    mg_rollouts_destroy(b);
}
END_TEST

/* ---- Texts that the tokenizer cannot write: it lacks the byte 0xF0 ---- */

START_TEST(a_question_that_cannot_be_written_spoils_its_dialogue_alone)
{
    unsigned events = 0;
    struct mg_rollouts *b;
    bool busy = true;

    lack_byte();
    b = lone(&main_part, &main_limits, &events);
    ck_assert_int_eq(mg_rollouts_add(b, &(struct mg_key){.question = 0}, "q1", "\xF0\x9F\x98\x80?", &err), MG_OK);
    ck_assert_int_eq(mg_rollouts_add(b, &(struct mg_key){.question = 1}, "q2", "Who?", &err), MG_OK);
    ck_assert_int_eq(mg_rollouts_get(b, 0)->state, MG_ROLLOUT_DONE);
    ck_assert_int_eq(mg_rollouts_get(b, 0)->fault, MG_FAULT_NONE);
    ck_assert_str_eq(mg_rollouts_get(b, 0)->unavailable,
                     "question q1: its text cannot be read: the tokenizer has no piece for byte 0xf0");
    ck_assert_int_eq(mg_rollouts_tick(b, &busy, &err), MG_OK);
    ck_assert_ptr_null(mg_rollouts_get(b, 1)->unavailable);
    ck_assert_uint_gt(mg_rollouts_get(b, 1)->t.len, 4);
    mg_rollouts_destroy(b);
}
END_TEST

START_TEST(a_result_that_cannot_be_written_spoils_its_dialogue_alone)
{
    unsigned events = 0;
    struct mg_rollouts *b;
    struct mg_rollout *r;
    uint32_t before;

    lack_byte();
    b = lone(&main_part, &main_limits, &events);
    r = waiting(b);
    before = r->t.len;
    ck_assert_int_eq(mg_rollouts_deliver(b, r, "It is \xF0\x9F\x98\x80.", &err), MG_OK);
    ck_assert_int_eq(r->state, MG_ROLLOUT_DONE);
    ck_assert_uint_eq(r->t.len, before);
    ck_assert_str_eq(r->unavailable,
                     "question q1: what came from search cannot be read: the tokenizer has no piece for byte 0xf0");
    ck_assert_int_eq(err.status, MG_OK);
    mg_rollouts_destroy(b);
}
END_TEST

START_TEST(limits_that_make_no_sense_are_refused)
{
    struct mg_rollout_limits bad = main_limits;
    struct mg_rollouts_config c = {
        .policy = policy, .tok = tok, .part = search_part, .limits = search_limits, .event = no_event};
    struct mg_rollouts *b = NULL;

    ck_assert_int_eq(mg_rollouts_create(&c, &b, &err), MG_INPUT); /* no tools */
    ck_assert_ptr_nonnull(strstr(err.text, "\"search\""));
    mg_err_clear(&err);
    bad.turns = 0;
    c.limits = bad;
    ck_assert_int_eq(mg_rollouts_create(&c, &b, &err), MG_INPUT);
    ck_assert_ptr_null(b);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("rollout limits", setup, teardown, 0), a_result_nobody_waits_for_is_refused,
                a_question_that_fills_the_context_is_no_fault, a_question_that_leaves_room_for_a_turn_is_asked,
                a_subtask_that_fills_the_context_is_cut_and_says_so,
                a_result_that_fills_the_context_is_cut_between_characters, a_result_that_fits_is_read_whole,
                a_question_that_cannot_be_written_spoils_its_dialogue_alone,
                a_result_that_cannot_be_written_spoils_its_dialogue_alone, limits_that_make_no_sense_are_refused);
    return suite_main();
}
