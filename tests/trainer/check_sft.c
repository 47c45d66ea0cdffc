/* SPDX-License-Identifier: Apache-2.0 */
/* Supervised training: which demonstrations a step takes and with which weights. The policy keeps what it is given. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo_case.h"
#include "fake_policy.h"
#include "policy/policy.h"
#include "learn/sft.h"
#include "suite.h"

enum { WINDOW = 4096, SHORT = 1 + 3 + 3, MAX_LEN = 16 };

static struct {
    uint64_t steps, rows, seen[WINDOW + 1];
    uint32_t most_tokens, order[2 * WINDOW];
    double least_sum, most_sum, first_lr, last_lr, highest_lr, own, context;
} given;

/* The text of the turn that is read is the number of its demonstration. */
static uint32_t
number_of(const int32_t *ids, uint32_t len)
{
    uint32_t n = 0;

    for (uint32_t i = 2; i < len && ids[i] >= MG_FAKE_BYTE; i++)
        n = n * 10 + (uint32_t)(ids[i] - MG_FAKE_BYTE - '0');
    return n;
}

static double
keep_row(const struct mg_train_row *row)
{
    double sum = 0.0;
    uint32_t n = number_of(row->ids, row->len);

    ck_assert_uint_le(n, WINDOW);
    given.seen[n]++;
    if (given.rows < 2 * WINDOW)
        given.order[given.rows] = n;
    given.rows++;
    ck_assert(row->weight[0] == 0.0f);
    for (uint32_t i = 0; i < row->len; i++) {
        ck_assert(isfinite(row->weight[i]));
        sum += (double)row->weight[i];
    }
    given.context = (double)row->weight[1];
    given.own = (double)row->weight[row->len - 1];
    return sum;
}

enum mg_status
mg_policy_gradient(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows,
                   const struct mg_loss_params *how, struct mg_train_stats *stats, struct mg_err *unused)
{
    double sum = 0.0;
    uint32_t tokens = 0;

    (void)p;
    (void)unused;
    ck_assert_int_eq(how->loss, MG_LOSS_NLL);
    ck_assert_uint_gt(n_rows, 0);
    for (size_t i = 0; i < n_rows; i++) {
        sum += keep_row(&rows[i]);
        tokens += rows[i].len;
    }
    given.most_tokens = tokens > given.most_tokens ? tokens : given.most_tokens;
    given.least_sum = fmin(given.least_sum, sum);
    given.most_sum = fmax(given.most_sum, sum);
    *stats = (struct mg_train_stats){.loss = 2.0};
    return MG_OK;
}

enum mg_status
mg_policy_step(struct mg_policy *p, const struct mg_adam *adam, double *grad_norm, struct mg_err *unused)
{
    (void)p;
    (void)unused;
    if (given.steps++ == 0)
        given.first_lr = (double)adam->lr;
    given.last_lr = (double)adam->lr;
    given.highest_lr = fmax(given.highest_lr, (double)adam->lr);
    *grad_norm = 1.0;
    return MG_OK;
}

/* Every token is likely and right but the first 'x'. */
enum mg_status
mg_policy_score(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows, float temperature, float **logprob,
                int32_t **argmax, struct mg_err *unused)
{
    (void)p;
    (void)temperature;
    (void)unused;
    for (size_t r = 0; r < n_rows; r++)
        for (uint32_t i = 0; i < rows[r].len; i++) {
            argmax[r][i] = rows[r].ids[i] == MG_FAKE_BYTE + 'x' ? MG_FAKE_PAD : rows[r].ids[i];
            logprob[r][i] = -0.5f;
        }
    return MG_OK;
}

static void
begin(void)
{
    demos_begin();
    memset(&given, 0, sizeof given);
    given.least_sum = INFINITY;
}

/* Demonstrations 0 to n - 1, each with a turn that is read and one that is the agent's own if `own`. */
static void
write_demos(uint32_t n, bool own)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    for (uint32_t i = 0; i < n; i++)
        fprintf(f,
                "{\"agent\": \"main\", \"turns\": [{\"role\": \"user\", \"text\": \"%u\"}, "
                "{\"role\": \"answer\", \"text\": \"a\"%s}]}\n",
                i, own ? ", \"train\": 1" : "");
    ck_assert_int_eq(fclose(f), 0);
    demos_open(text, len, "main");
    free(text);
}

static const struct mg_sft_config usual = {.seed = 3,
                                           .tokens = 20000,
                                           .batch_tokens = 64,
                                           .max_len = MAX_LEN,
                                           .context_weight = 0.25f,
                                           .lr = 1e-3f,
                                           .lr_end = 0.1f};

static struct mg_sft_progress
trains(const struct mg_sft_config *c)
{
    struct mg_sft_progress done;

    ck_assert_msg(mg_sft_run(NULL, demos, c, NULL, NULL, &done, &err) == MG_OK, "%s", err.text);
    return done;
}

/* A file of just one window has no more to give when it is asked again: it begins anew, as any other. */
START_TEST(every_epoch_takes_each_once)
{
    static const uint32_t sizes[] = {1, 100, WINDOW - 1, WINDOW, WINDOW + 1};
    struct mg_sft_config c = usual;
    struct mg_sft_progress done;
    uint64_t least = UINT64_MAX, most = 0;

    c.tokens = 2.5 * MAX_LEN * WINDOW;
    write_demos(sizes[_i], true);
    done = trains(&c);
    for (uint32_t i = 0; i < sizes[_i]; i++) {
        least = given.seen[i] < least ? given.seen[i] : least;
        most = given.seen[i] > most ? given.seen[i] : most;
    }
    ck_assert_uint_ge(least, 2);
    ck_assert_uint_le(most - least, 1);
    ck_assert(done.epochs == least || done.epochs == least + 1);
    ck_assert_uint_eq(done.steps, given.steps);
    ck_assert_double_eq(done.loss, 2.0);
}
END_TEST

START_TEST(weights_of_a_step_sum_to_one)
{
    write_demos(100, true);
    trains(&usual);
    ck_assert_double_eq_tol(given.least_sum, 1.0, 1e-5);
    ck_assert_double_eq_tol(given.most_sum, 1.0, 1e-5);
    ck_assert_double_eq_tol(given.context / given.own, 0.25, 1e-6);
    ck_assert_uint_le(given.most_tokens, 64);
    ck_assert_uint_gt(given.most_tokens, 64 - MAX_LEN);
}
END_TEST

/* What the agent reads alone teaches it nothing to say. */
START_TEST(demonstrations_without_own_turns_are_refused)
{
    struct mg_sft_config c = usual;
    struct mg_sft_progress done;
    struct mg_sft_scores scores;

    for (int i = 0; i < 2; i++) {
        c.context_weight = i == 0 ? 0.0f : 0.25f;
        write_demos(10, false);
        mg_err_clear(&err);
        ck_assert_int_eq(mg_sft_run(NULL, demos, &c, NULL, NULL, &done, &err), MG_INPUT);
        suite_says(err.text, "no turn of the first 10 demonstrations", "train 1");
        ck_assert_uint_eq(given.steps, 0);
    }
    mg_err_clear(&err);
    ck_assert_int_eq(mg_sft_score(NULL, demos, MAX_LEN, 10, &scores, &err), MG_INPUT);
    suite_says(err.text, "no turn of 10 demonstrations has train 1");
    mg_err_clear(&err);
}
END_TEST

/* One of a hundred has a turn of its own, and with no weight on what is read only its batch is a step. */
START_TEST(a_batch_without_own_turns_is_no_step)
{
    struct mg_sft_config c = usual;
    struct mg_sft_progress done;
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    for (int i = 0; i < 100; i++)
        fprintf(f,
                "{\"agent\": \"main\", \"turns\": [{\"role\": \"user\", \"text\": \"%d\"}, "
                "{\"role\": \"answer\", \"text\": \"a\", \"train\": %d}]}\n",
                i, i == 50);
    ck_assert_int_eq(fclose(f), 0);
    demos_open(text, len, "main");
    free(text);
    c.context_weight = 0.0f;
    c.tokens = 789; /* the hundred once, which have 790 */
    done = trains(&c);
    ck_assert_uint_eq(done.steps, 1);
    ck_assert_uint_eq(given.steps, 1);
    ck_assert_double_eq_tol(given.least_sum, 1.0, 1e-5);
}
END_TEST

START_TEST(the_order_is_that_of_the_seed)
{
    struct mg_sft_config c = usual;
    static uint32_t first[2 * WINDOW];
    uint64_t rows;

    write_demos(100, true);
    trains(&c);
    rows = given.rows;
    memcpy(first, given.order, sizeof first);
    given.rows = 0;
    write_demos(100, true);
    trains(&c);
    ck_assert_uint_eq(given.rows, rows);
    ck_assert_mem_eq(first, given.order, rows * sizeof *first);
    ck_assert_mem_ne(first, first + 100, 100 * sizeof *first); /* another order in the next epoch */
    given.rows = 0;
    c.seed++;
    write_demos(100, true);
    trains(&c);
    ck_assert_mem_ne(first, given.order, 100 * sizeof *first);
}
END_TEST

START_TEST(the_rate_warms_up_and_falls)
{
    write_demos(100, true);
    trains(&usual);
    ck_assert_uint_gt(given.steps, 200);
    ck_assert_double_eq_tol(given.first_lr, 1e-5, 1e-9);
    ck_assert_double_gt(given.highest_lr, 6e-4);
    ck_assert_double_le(given.highest_lr, 1e-3);
    ck_assert_double_eq_tol(given.last_lr, 1e-4, 1e-5);
}
END_TEST

/* Ten of a hundred demonstrations have a number of one digit and fit; many epochs count them once. */
START_TEST(long_ones_are_counted_once)
{
    struct mg_sft_config c = usual;
    struct mg_demo_count n;

    c.max_len = SHORT;
    write_demos(100, true);
    ck_assert_uint_gt(trains(&c).epochs, 2);
    n = mg_demo_file_count(demos);
    ck_assert_uint_eq(n.read, 100);
    ck_assert_uint_eq(n.skipped, 90);
    ck_assert_uint_eq(n.longest, SHORT + 1);
}
END_TEST

static enum mg_status
stop_at_three(void *arg, const struct mg_sft_progress *at)
{
    *(uint64_t *)arg = at->steps;
    return at->steps == 3 ? MG_STOP : MG_OK;
}

START_TEST(a_watcher_stops_it)
{
    struct mg_sft_progress done;
    uint64_t told = 0;

    write_demos(100, true);
    ck_assert_int_eq(mg_sft_run(NULL, demos, &usual, stop_at_three, &told, &done, &err), MG_OK);
    ck_assert_uint_eq(told, 3);
    ck_assert_uint_eq(done.steps, 3);
}
END_TEST

START_TEST(what_cannot_be_trained_is_refused)
{
    struct mg_sft_config c = usual;
    struct mg_sft_progress done;

    write_demos(10, true);
    c.max_len = SHORT - 1;
    mg_fails(mg_sft_run(NULL, demos, &c, NULL, NULL, &done, &err), MG_INPUT, "at most 6 tokens");
    mg_err_clear(&err);
    c.max_len = c.batch_tokens + 1;
    mg_fails(mg_sft_run(NULL, demos, &c, NULL, NULL, &done, &err), MG_INPUT, "batches of 64 tokens");
    mg_err_clear(&err);
    write_demos(0, true);
    ck_assert_int_eq(mg_sft_run(NULL, demos, &usual, NULL, NULL, &done, &err), MG_INPUT);
    ck_assert_uint_eq(given.steps, 0);
}
END_TEST

START_TEST(scores_count_turns)
{
    static const char text[] = "{\"agent\": \"main\", \"turns\": [{\"role\": \"user\", \"text\": \"x\"}, "
                               "{\"role\": \"sub\", \"text\": \"ab\", \"train\": 1}, "
                               "{\"role\": \"answer\", \"text\": \"c\", \"train\": 1}]}\n"
                               "{\"agent\": \"main\", \"turns\": [{\"role\": \"user\", \"text\": \"y\"}, "
                               "{\"role\": \"sub\", \"text\": \"ax\", \"train\": 1}, "
                               "{\"role\": \"answer\", \"text\": \"c\", \"train\": 1}]}\n";
    struct mg_sft_scores s;

    demos_open(text, strlen(text), "main");
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(mg_sft_score(NULL, demos, 64, 10, &s, &err), MG_OK);
        ck_assert_uint_eq(s.n, 2);
        ck_assert_uint_eq(s.exact, 1);
        ck_assert_uint_eq(s.turns[MG_ROLE_SUB], 2);
        ck_assert_uint_eq(s.turns_exact[MG_ROLE_SUB], 1);
        ck_assert_uint_eq(s.turns_exact[MG_ROLE_ANSWER], 2);
        ck_assert_uint_eq(s.turns[MG_ROLE_USER], 0);
        ck_assert_double_eq(s.own_logprob, -0.5 * s.own_tokens);
    }
    ck_assert_int_eq(mg_sft_score(NULL, demos, 64, 1, &s, &err), MG_OK);
    ck_assert_uint_eq(s.n, 1);
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("sft", begin, demos_end, 60);

    tcase_add_loop_test(tc, every_epoch_takes_each_once, 0, 5);
    suite_tests(tc, weights_of_a_step_sum_to_one, demonstrations_without_own_turns_are_refused,
                a_batch_without_own_turns_is_no_step, the_order_is_that_of_the_seed, the_rate_warms_up_and_falls,
                long_ones_are_counted_once, a_watcher_stops_it, what_cannot_be_trained_is_refused, scores_count_turns);
    return suite_main();
}
