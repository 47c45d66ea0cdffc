/* SPDX-License-Identifier: Apache-2.0 */
/* The rewards of M-GRPO eq. 4 and 5, in their three states. */
#include <math.h>

#include "learn/reward.h"
#include "suite.h"

static const struct mg_reward_config root = {.format = 0.1, .correct = 0.9};
static const struct mg_reward_config paper = {.format = 0.1, .correct = 0.4, .expert = 0.5};

static void
is(struct mg_reward got, enum mg_reward_kind kind, double value)
{
    ck_assert_int_eq(got.kind, kind);
    ck_assert_double_eq_tol(got.value, value, 1e-15);
}

START_TEST(main_values)
{
    is(mg_reward_root(&root, true, 0.0), MG_REWARD_VALUE, 0.1);
    is(mg_reward_root(&root, true, 0.5), MG_REWARD_VALUE, 0.55);
    is(mg_reward_root(&root, true, 1.0), MG_REWARD_VALUE, 1.0);
}
END_TEST

START_TEST(sub_values)
{
    is(mg_reward_sub(&paper, true, 0.0, true, 0.0), MG_REWARD_VALUE, 0.1);
    is(mg_reward_sub(&paper, true, 1.0, true, 0.0), MG_REWARD_VALUE, 0.5);
    is(mg_reward_sub(&paper, true, 0.0, true, 1.0), MG_REWARD_VALUE, 0.6);
    is(mg_reward_sub(&paper, true, 1.0, true, 1.0), MG_REWARD_VALUE, 1.0);
    is(mg_reward_sub(&paper, true, 0.5, true, 0.25), MG_REWARD_VALUE, 0.425);
}
END_TEST

/* The verdict that nobody can give has no say, whatever stands in its place: 0.2 and 0.8 remain. */
START_TEST(unknown_subtask_shares_out)
{
    is(mg_reward_sub(&paper, true, 0.0, false, 1.0), MG_REWARD_VALUE, 0.2);
    is(mg_reward_sub(&paper, true, 1.0, false, 0.0), MG_REWARD_VALUE, 1.0);
    is(mg_reward_sub(&paper, true, 0.25, false, (double)NAN), MG_REWARD_VALUE, 0.4);
}
END_TEST

/* Sharing out keeps the total and the proportion of the weights that are left, for any weights. */
START_TEST(sharing_keeps_the_total)
{
    for (int i = 0; i < 27; i++) {
        struct mg_reward_config c = {.format = 0.3 + i % 3, .correct = (i / 3) % 3, .expert = i / 9};
        double total = c.format + c.correct + c.expert;
        struct mg_reward best = mg_reward_sub(&c, true, 1.0, false, 0.0);
        struct mg_reward worst = mg_reward_sub(&c, true, 0.0, false, 0.0);

        ck_assert_double_eq_tol(best.value, total, 1e-12);
        ck_assert_double_eq_tol(worst.value, total * c.format / (c.format + c.correct), 1e-12);
    }
}
END_TEST

/* Nothing is left to share out to: the agent is not punished for what nobody can judge. */
START_TEST(only_the_expert_counts)
{
    const struct mg_reward_config c = {.expert = 1.0};

    is(mg_reward_sub(&c, true, 1.0, false, 0.0), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_sub(&c, true, 0.0, true, 0.75), MG_REWARD_VALUE, 0.75);
}
END_TEST

/* The agent's own fault comes first: it is no way out of it that a judge failed too. */
START_TEST(bad_format_is_zero)
{
    is(mg_reward_root(&root, false, 1.0), MG_REWARD_INVALID, 0.0);
    is(mg_reward_root(&root, false, (double)NAN), MG_REWARD_INVALID, 0.0);
    is(mg_reward_sub(&paper, false, 1.0, true, 1.0), MG_REWARD_INVALID, 0.0);
    is(mg_reward_sub(&paper, false, (double)NAN, true, (double)NAN), MG_REWARD_INVALID, 0.0);
}
END_TEST

START_TEST(no_verdict_is_no_punishment)
{
    is(mg_reward_root(&root, true, (double)NAN), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_sub(&paper, true, (double)NAN, true, 1.0), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_sub(&paper, true, (double)NAN, false, 0.0), MG_REWARD_UNAVAILABLE, 0.0);
    is(mg_reward_sub(&paper, true, 1.0, true, (double)NAN), MG_REWARD_UNAVAILABLE, 0.0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("reward");
    TCase *tc = tcase_create("reward");

    tcase_add_test(tc, main_values);
    tcase_add_test(tc, sub_values);
    tcase_add_test(tc, unknown_subtask_shares_out);
    tcase_add_test(tc, sharing_keeps_the_total);
    tcase_add_test(tc, only_the_expert_counts);
    tcase_add_test(tc, bad_format_is_zero);
    tcase_add_test(tc, no_verdict_is_no_punishment);
    suite_add_tcase(suite, tc);
    return suite_main(suite);
}
