/* SPDX-License-Identifier: Apache-2.0 */
/* The rewards of M-GRPO eq. 4 and 5, in their three states. */
#include "learn/reward.h"
#include "suite.h"

static const struct mg_reward_config root = {.format = 0.1, .correct = 0.9};
static const struct mg_reward_config paper = {.format = 0.1, .correct = 0.4, .expert = 0.5};

static const struct mg_verdict no_verdict = {.kind = MG_VERDICT_UNAVAILABLE}, unknown = {.kind = MG_VERDICT_UNKNOWN};

/* One of two places, so that a call may have two. */
static const struct mg_verdict *
value(double x)
{
    static struct mg_verdict v[2];
    static int at;

    at = 1 - at;
    v[at] = (struct mg_verdict){.kind = MG_VERDICT_VALUE, .value = x};
    return &v[at];
}

static void
is(struct mg_reward got, enum mg_reward_kind kind, double want)
{
    ck_assert_int_eq(got.kind, kind);
    ck_assert_double_eq_tol(got.value, want, 1e-15);
    ck_assert_double_eq_tol(got.part[MG_PART_FORMAT] + got.part[MG_PART_CORRECT] + got.part[MG_PART_EXPERT] +
                                got.part[MG_PART_LENGTH],
                            want, 1e-15);
}

START_TEST(main_values)
{
    is(mg_reward_root(&root, true, value(0.0)), MG_REWARD_VALUE, 0.1);
    is(mg_reward_root(&root, true, value(0.5)), MG_REWARD_VALUE, 0.55);
    is(mg_reward_root(&root, true, value(1.0)), MG_REWARD_VALUE, 1.0);
}
END_TEST

START_TEST(sub_values)
{
    is(mg_reward_sub(&paper, true, value(0.0), value(0.0)), MG_REWARD_VALUE, 0.1);
    is(mg_reward_sub(&paper, true, value(1.0), value(0.0)), MG_REWARD_VALUE, 0.5);
    is(mg_reward_sub(&paper, true, value(0.0), value(1.0)), MG_REWARD_VALUE, 0.6);
    is(mg_reward_sub(&paper, true, value(1.0), value(1.0)), MG_REWARD_VALUE, 1.0);
    is(mg_reward_sub(&paper, true, value(0.5), value(0.25)), MG_REWARD_VALUE, 0.425);
}
END_TEST

/* The verdict that nobody can give has no say: 0.2 and 0.8 remain. */
START_TEST(unknown_subtask_shares_out)
{
    is(mg_reward_sub(&paper, true, value(0.0), &unknown), MG_REWARD_VALUE, 0.2);
    is(mg_reward_sub(&paper, true, value(1.0), &unknown), MG_REWARD_VALUE, 1.0);
    is(mg_reward_sub(&paper, true, value(0.25), &unknown), MG_REWARD_VALUE, 0.4);
}
END_TEST

/* Sharing out keeps the total and the proportion of the weights that are left, for any weights. */
START_TEST(sharing_keeps_the_total)
{
    for (int i = 0; i < 27; i++) {
        struct mg_reward_config c = {.format = 0.3 + i % 3, .correct = (i / 3) % 3, .expert = i / 9};
        double total = c.format + c.correct + c.expert;
        struct mg_reward best = mg_reward_sub(&c, true, value(1.0), &unknown);
        struct mg_reward worst = mg_reward_sub(&c, true, value(0.0), &unknown);

        ck_assert_double_eq_tol(best.value, total, 1e-12);
        ck_assert_double_eq_tol(worst.value, total * c.format / (c.format + c.correct), 1e-12);
    }
}
END_TEST

/* Nothing is left to share out to: the agent is not punished for what nobody can judge. */
START_TEST(only_the_expert_counts)
{
    const struct mg_reward_config c = {.expert = 1.0};

    is(mg_reward_sub(&c, true, value(1.0), &unknown), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_sub(&c, true, value(0.0), value(0.75)), MG_REWARD_VALUE, 0.75);
}
END_TEST

/* The agent's own fault comes first: it is no way out of it that a judge failed too. */
START_TEST(bad_format_is_zero)
{
    is(mg_reward_root(&root, false, value(1.0)), MG_REWARD_INVALID, 0.0);
    is(mg_reward_root(&root, false, &no_verdict), MG_REWARD_INVALID, 0.0);
    is(mg_reward_sub(&paper, false, value(1.0), value(1.0)), MG_REWARD_INVALID, 0.0);
    is(mg_reward_sub(&paper, false, &no_verdict, &no_verdict), MG_REWARD_INVALID, 0.0);
}
END_TEST

START_TEST(no_verdict_is_no_punishment)
{
    is(mg_reward_root(&root, true, &no_verdict), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_sub(&paper, true, &no_verdict, value(1.0)), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_sub(&paper, true, &no_verdict, &unknown), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_sub(&paper, true, value(1.0), &no_verdict), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_root(&root, true, &unknown), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_sub(&paper, true, &unknown, value(1.0)), MG_REWARD_UNAVAILABLE, 0.0);
}
END_TEST

/* What a right answer is worth after so many tokens. */
static struct mg_reward
after(const struct mg_agent_config *agent, uint32_t tokens)
{
    struct mg_reward r = mg_reward_root(&root, true, value(1.0));

    mg_reward_add_length(&r, agent, tokens);
    return r;
}

START_TEST(the_last_tokens_cost)
{
    const struct mg_agent_config none = {.context = 100};
    const struct mg_agent_config some = {.context = 100, .overlong_tokens = 20, .overlong_penalty = 0.8};
    struct mg_reward bad = mg_reward_root(&root, false, value(1.0));

    is(after(&none, 100), MG_REWARD_VALUE, 1.0);
    is(after(&some, 80), MG_REWARD_VALUE, 1.0);
    is(after(&some, 81), MG_REWARD_VALUE, 0.96);
    is(after(&some, 90), MG_REWARD_VALUE, 0.6);
    is(after(&some, 100), MG_REWARD_VALUE, 0.2);
    mg_reward_add_length(&bad, &some, 100);
    is(bad, MG_REWARD_INVALID, 0.0);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("reward", NULL, NULL, 0), main_values, sub_values, unknown_subtask_shares_out,
                sharing_keeps_the_total, only_the_expert_counts, bad_format_is_zero, no_verdict_is_no_punishment,
                the_last_tokens_cost);
    return suite_main();
}
