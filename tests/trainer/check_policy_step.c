/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that must not be taken, or not be kept: of numbers that are not finite, and of rollouts that teach nothing. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "learn/learn.h"
#include "policy_case.h"
#include "suite.h"

enum { LEN = 40, ROWS = 2 };

static const struct mg_loss_params nll = {.loss = MG_LOSS_NLL, .temperature = 1.0f};
static const struct mg_adam sane = {1e-3f, 0.9f, 0.95f, 1e-8f, 0.01f, 1.0f};

static float weight[LEN];
static struct mg_train_row row[ROWS];
static int32_t *ids[ROWS];
static struct mg_policy *p;

static void
begin(void)
{
    for (int i = 1; i < LEN; i++)
        weight[i] = 0.05f;
    for (int r = 0; r < ROWS; r++) {
        ids[r] = fx_random_i32(LEN, MG_CASE_VOCAB, (uint64_t)r + 5);
        row[r] = (struct mg_train_row){.ids = ids[r], .weight = weight, .len = LEN};
    }
    p = mg_policy_case(true, 600);
}

static void
end(void)
{
    mg_policy_close(p);
    for (int r = 0; r < ROWS; r++)
        free(ids[r]);
}

static enum mg_status
step(const struct mg_adam *adam)
{
    struct mg_train_stats stats;
    double norm = 0.0;

    mg_ok(mg_policy_gradient(p, row, ROWS, &nll, &stats, &err));
    return mg_policy_step(p, adam, &norm, &err);
}

static uint64_t
digest(void)
{
    uint64_t d = 0;

    mg_ok(mg_policy_digest(p, &d, &err));
    return d;
}

/* A decay that overflows makes parameters that are not finite, and those make such a gradient: the tensor is named, and
 * weights that only met such a gradient are as they were. */
START_TEST(a_step_that_is_not_finite_is_told_with_its_tensor)
{
    const struct mg_adam mad = {1e38f, 0.9f, 0.95f, 1e-8f, 1e38f, 1.0f};
    uint64_t before;

    ck_assert_int_eq(step(&sane), MG_OK);
    ck_assert_int_eq(step(&mad), MG_END);
    suite_says(err.text, "the parameter of model.embed_tokens.weight is not finite");
    before = digest();
    ck_assert_int_eq(step(&sane), MG_END);
    suite_says(err.text, "the gradient of model.embed_tokens.weight is not finite");
    ck_assert_uint_eq(mg_policy_version(p), 2);
    ck_assert(digest() == before);
}
END_TEST

static enum mg_status
learn(float advantage, double *norm)
{
    struct mg_config c = mg_learn_case(0.01, 1);
    const struct mg_agent_config agent = {.name = (char *)"main", .turns = 1, .new_tokens = LEN};
    uint8_t mask[LEN] = {0};
    float logprob[LEN], *to = logprob;
    struct mg_trajectory t = {
        .ids = ids[0], .mask = mask, .logprob = logprob, .len = LEN, .weight = 1.0f, .advantage = advantage};
    const struct mg_trajectory *rows[] = {&t};
    struct mg_lesson_sums sums;
    enum mg_status st;

    c.weight_decay = 0.1;
    memset(mask + LEN / 2, 1, LEN / 2);
    mg_ok(mg_policy_score(p, row, 1, 1.0f, &to, NULL, &err));
    st = mg_learn(p, NULL, &c, &agent, 3, rows, 1, &sums, &err);
    *norm = sums.grad_norm;
    return st;
}

/* Neither momentum nor decay moves weights where no rollout was better than another. */
START_TEST(a_step_without_signal_moves_nothing)
{
    double norm = 0.0;
    uint64_t before;

    mg_ok(learn(1.0f, &norm));
    ck_assert_double_gt(norm, 0.0);
    before = digest();
    mg_ok(learn(0.0f, &norm));
    ck_assert_double_eq(norm, 0.0);
    ck_assert_uint_eq(mg_policy_version(p), 1);
    ck_assert(digest() == before);
    mg_ok(learn(1.0f, &norm));
    ck_assert(digest() != before);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("policy step");

    tcase_add_checked_fixture(tc, begin, end);
    fx_tests(tc, a_step_that_is_not_finite_is_told_with_its_tensor, a_step_without_signal_moves_nothing);
    return fx_main();
}
