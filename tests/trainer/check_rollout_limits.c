/* SPDX-License-Identifier: Apache-2.0 */
/* Rollouts by themselves: what is refused, and an opening that is too long. */
#include <string.h>

#include "fake_policy.h"
#include "rollout/rollout.h"
#include "suite.h"

static struct mg_tokenizer *tok;
static struct mg_policy *policy;
static const char *const agent_names[] = {"search"}, *const tool_names[] = {"search", "open"};
static const struct mg_rollout_part main_part = {"roles", true, agent_names, NULL, 1, 0};
static const struct mg_rollout_part search_part = {"roles", false, NULL, tool_names, 0, 2};
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

static enum mg_status
no_event(void *arg, struct mg_rollout *r, struct mg_err *e)
{
    (void)r;
    (void)e;
    ++*(unsigned *)arg;
    return MG_OK;
}

static struct mg_rollouts *
lone(const struct mg_rollout_limits *limits, unsigned *events)
{
    struct mg_rollouts_config c = {.policy = policy,
                                   .tok = tok,
                                   .part = main_part,
                                   .limits = *limits,
                                   .seed = 3,
                                   .event = no_event,
                                   .arg = events};
    struct mg_rollouts *b;

    ck_assert_int_eq(mg_rollouts_create(&c, &b, &err), MG_OK);
    return b;
}

START_TEST(a_result_nobody_waits_for_is_refused)
{
    struct mg_key key = {0};
    unsigned events = 0;
    struct mg_rollouts *b = lone(&main_limits, &events);

    ck_assert_int_eq(mg_rollouts_add(b, &key, "x", &err), MG_OK);
    ck_assert_int_eq(mg_rollouts_deliver(b, mg_rollouts_get(b, 0), "y", &err), MG_FAIL);
    mg_rollouts_destroy(b);
}
END_TEST

START_TEST(an_opening_that_fills_the_context_ends_the_dialogue)
{
    struct mg_key key = {0};
    unsigned events = 0;
    struct mg_rollouts *b = lone(&main_limits, &events);
    static char text[1000];
    bool busy;

    memset(text, 'a', sizeof text - 1);
    ck_assert_int_eq(mg_rollouts_add(b, &key, text, &err), MG_OK);
    ck_assert_uint_eq(events, 1);
    ck_assert_int_eq(mg_rollouts_get(b, 0)->fault, MG_FAULT_CONTEXT);
    ck_assert_uint_le(mg_rollouts_get(b, 0)->t.len, main_limits.context);
    ck_assert_int_eq(mg_rollouts_tick(b, &busy, &err), MG_OK);
    ck_assert(!busy);
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
                an_opening_that_fills_the_context_ends_the_dialogue, limits_that_make_no_sense_are_refused);
    return suite_main();
}
