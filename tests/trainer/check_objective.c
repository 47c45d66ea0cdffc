/* SPDX-License-Identifier: Apache-2.0 */
/* The objectives by their definitions, and that no cut or order of a step changes its gradient. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "learn/learn.h"
#include "policy_case.h"
#include "small_model.h"
#include "base/rng.h"

enum { N = 9, CONTEXT = 96, VOCAB = 61, TURNS = 4, NEW_TOKENS = 24 };
static const uint32_t sampled[N] = {1, 2, 3, 7, 16, 31, 32, 33, 60};
static const double aligned[N] = {8.0, 4.0, 8.0 / 3.0, 1.0, 1.0, 2.0, 0.5, 3.0, 1.0};

static struct mg_step_sums
sums_of_step(void)
{
    struct mg_step_sums s = {.new_max = TURNS * NEW_TOKENS};

    for (int i = 0; i < N; i++) {
        s.weight += aligned[i];
        s.weighted_tokens += aligned[i] * sampled[i];
    }
    return s;
}

/* Some loss of token j of trajectory i. */
static double
token_loss(int i, uint32_t j)
{
    return sin(3.0 * i + 1.0) + 0.1 * cos((double)j);
}

static bool
is_per_trajectory(const char *objective)
{
    return strcmp(objective, "mrlx") == 0 || strcmp(objective, "gspo") == 0 || strcmp(objective, "paper-seq") == 0;
}

/* The loss of a step as the papers write it, with means over means. */
static double
by_definition(const char *objective)
{
    double loss = 0.0, weight = 0.0, tokens = 0.0;

    for (int i = 0; i < N; i++) {
        double of_row = 0.0;

        for (uint32_t j = 0; j < sampled[i]; j++)
            of_row += token_loss(i, j);
        loss += aligned[i] * (is_per_trajectory(objective) ? of_row / sampled[i] : of_row);
        weight += aligned[i];
        tokens += aligned[i] * sampled[i];
    }
    if (strcmp(objective, "dapo") == 0 || strcmp(objective, "cispo") == 0)
        return loss / tokens;
    if (is_per_trajectory(objective))
        return loss / weight;
    ck_assert_msg(strcmp(objective, "dr-grpo") == 0, "%s has no definition in this test", objective);
    return loss / weight / (TURNS * NEW_TOKENS);
}

START_TEST(weights_are_the_definition)
{
    struct mg_step_sums sums = sums_of_step();
    const struct mg_objective *o = &mg_objectives[_i];
    double loss = 0.0, want = by_definition(o->name);

    for (int i = 0; i < N; i++)
        for (uint32_t j = 0; j < sampled[i]; j++)
            loss += mg_token_weight(o->normalisation, &sums, aligned[i], sampled[i]) * token_loss(i, j);
    ck_assert_msg(fabs(loss - want) < 1e-12, "%s: %.15g, by definition %.15g", o->name, loss, want);
}
END_TEST

/* The weights of a step per token or per trajectory sum to 1: their gradient has the scale of one token's. */
START_TEST(weights_sum_to_one)
{
    struct mg_step_sums sums = sums_of_step();
    double tokens = 0.0, trajectories = 0.0;

    for (int i = 0; i < N; i++) {
        tokens += sampled[i] * mg_token_weight(MG_PER_TOKEN, &sums, aligned[i], sampled[i]);
        trajectories += sampled[i] * mg_token_weight(MG_PER_TRAJECTORY, &sums, aligned[i], sampled[i]);
    }
    ck_assert_double_eq_tol(tokens, 1.0, 1e-12);
    ck_assert_double_eq_tol(trajectories, 1.0, 1e-12);
}
END_TEST

/* What sets the normalisations apart: how the length of a trajectory acts on one of its tokens. */
START_TEST(length_matters_only_per_trajectory)
{
    static const double want[] = {[MG_PER_TOKEN] = 1.0, [MG_PER_TRAJECTORY] = 10.0, [MG_PER_CONSTANT] = 1.0};
    struct mg_step_sums sums = sums_of_step();

    for (int i = MG_PER_TOKEN; i <= MG_PER_CONSTANT; i++) {
        enum mg_normalisation per = (enum mg_normalisation)i;
        double brief = mg_token_weight(per, &sums, 1.0, 5), lengthy = mg_token_weight(per, &sums, 1.0, 50);

        ck_assert_msg(fabs(brief / lengthy - want[i]) < 1e-12,
                      "normalisation %d: of 5 tokens each weighs %g times one of 50, should %g", i, brief / lengthy,
                      want[i]);
    }
}
END_TEST

START_TEST(an_empty_step_weighs_nothing)
{
    const struct mg_step_sums none = {.new_max = 10.0};

    for (int per = MG_PER_TOKEN; per <= MG_PER_CONSTANT; per++)
        ck_assert(mg_token_weight((enum mg_normalisation)per, &none, 1.0, 5) == 0.0);
}
END_TEST

START_TEST(parameters_are_those_of_the_configuration)
{
    const struct mg_config c = {.objective = _i,
                                .temperature = 0.75,
                                .ratio_min = 0.875,
                                .ratio_max = 1.5,
                                .dual_clip = 3.0,
                                .entropy_bonus = 0.25,
                                .kl_beta = 0.5,
                                .kl = 1,
                                .correction = 2,
                                .correction_min = 0.25,
                                .correction_max = 4.0};
    struct mg_loss_params p = mg_loss_params_of(&c);

    ck_assert_int_eq(p.loss, MG_LOSS_POLICY);
    ck_assert(p.ratio == mg_objectives[_i].ratio && p.surrogate == mg_objectives[_i].surrogate);
    ck_assert(p.temperature == 0.75f && p.ratio_min == 0.875f && p.ratio_max == 1.5f);
    ck_assert(p.dual_clip == 3.0f && p.entropy_bonus == 0.25f && p.kl_beta == 0.5f);
    ck_assert(p.kl == CLGRPO_KL_K3_RATIO && p.correction == CLGRPO_CORRECTION_TOKEN_MASK);
    ck_assert(p.correction_min == 0.25f && p.correction_max == 4.0f);
}
END_TEST

/* ---- The gradient of a whole model ---- */

struct step {
    struct mg_train_row row[N];
    int32_t *ids[N];
    float *weight[N], *old[N];
};

/* A trajectory is a prompt of 1 to 3 tokens and its sampled ones; ratios lie on both sides of the clip bounds. */
static void
make_step(struct step *s, struct mg_policy *p, enum mg_normalisation per, struct mg_err *err)
{
    struct mg_step_sums sums = sums_of_step();

    for (int i = 0; i < N; i++) {
        uint32_t prompt = 1 + (uint32_t)i % 3, len = prompt + sampled[i];

        s->ids[i] = fx_random_i32(len, VOCAB, (uint64_t)i + 3);
        s->weight[i] = calloc(len, sizeof(float));
        s->old[i] = calloc(len, sizeof(float));
        ck_assert(s->weight[i] != NULL && s->old[i] != NULL);
        for (uint32_t j = prompt; j < len; j++)
            s->weight[i][j] = (float)mg_token_weight(per, &sums, aligned[i], sampled[i]);
        s->row[i] = (struct mg_train_row){.ids = s->ids[i],
                                          .weight = s->weight[i],
                                          .old_logprob = s->old[i],
                                          .len = len,
                                          .advantage = i % 2 == 0 ? 0.8f : -1.1f};
    }
    ck_assert_msg(mg_policy_score(p, s->row, N, 1.0f, s->old, NULL, err) == MG_OK, "%s", err->text);
    for (int i = 0; i < N; i++)
        for (uint32_t j = 1; j < s->row[i].len; j++)
            s->old[i][j] += 0.11f * (float)((int)(j % 7) - 3);
}

static void
free_step(struct step *s)
{
    for (int i = 0; i < N; i++) {
        free(s->ids[i]);
        free(s->weight[i]);
        free(s->old[i]);
    }
}

static struct mg_policy *
open_policy(uint32_t max_tokens, struct mg_err *err)
{
    const struct mg_model_config config = mg_small_model(VOCAB, CONTEXT, true);
    const struct mg_policy_limits limits = {.context = CONTEXT, .max_tokens = max_tokens, .train = true};
    struct mg_policy *p = NULL;

    ck_assert_msg(mg_policy_init(&config, 21, &limits, &p, err) == MG_OK, "%s", err->text);
    return p;
}

/* The gradient of the rows in a shuffled order, by an objective; order 0 is theirs. malloc'ed. */
static float *
gradient_of(struct mg_policy *p, int objective, const struct step *s, uint32_t order, struct mg_train_stats *stats,
            struct mg_err *err)
{
    const bool mean = mg_objectives[objective].ratio == CLGRPO_RATIO_MEAN; /* of which the ratios are nearer to 1 */
    const struct mg_config c = {
        .objective = objective, .temperature = 1.0, .ratio_min = mean ? 0.995 : 0.8, .ratio_max = mean ? 1.005 : 1.28};
    struct mg_loss_params how = mg_loss_params_of(&c);
    struct mg_train_row row[N];
    uint32_t index[N];
    struct mg_rng rng;
    float *g = malloc(p->params.elems * sizeof *g);

    for (uint32_t i = 0; i < N; i++)
        index[i] = i;
    mg_rng_init(&rng, 1, MG_RNG_SHUFFLE, order, 0, 0);
    if (order > 0)
        mg_rng_shuffle(&rng, index, N);
    for (uint32_t i = 0; i < N; i++)
        row[i] = s->row[index[i]];
    ck_assert_msg(mg_policy_gradient(p, row, N, &how, stats, err) == MG_OK, "%s", err->text);
    ck_assert_msg(mg_op_read(p, p->grad, g, err) == MG_OK, "%s", err->text);
    return g;
}

static double
distance(const float *a, const float *b, size_t n)
{
    double diff = 0.0, size = 0.0;

    for (size_t i = 0; i < n; i++) {
        diff += pow((double)a[i] - (double)b[i], 2.0);
        size += pow((double)a[i], 2.0);
    }
    ck_assert_double_gt(size, 0.0);
    return sqrt(diff / size);
}

START_TEST(no_cut_and_no_order_changes_the_gradient)
{
    static const uint32_t cut[] = {CONTEXT, 128, 160};
    struct mg_err err = {0};
    struct mg_policy *whole = open_policy(512, &err);
    struct mg_train_stats want, got;
    struct step s;
    float *g;

    make_step(&s, whole, mg_objectives[_i].normalisation, &err);
    g = gradient_of(whole, _i, &s, 0, &want, &err);
    ck_assert_double_gt(want.clipped, 5.0);
    ck_assert_double_lt(want.clipped, want.tokens - 5.0);
    for (uint32_t k = 0; k < sizeof cut / sizeof cut[0]; k++) {
        struct mg_policy *p = open_policy(cut[k], &err);
        float *h = gradient_of(p, _i, &s, k, &got, &err);
        double d = distance(g, h, p->params.elems);

        ck_assert_msg(d < 1e-5, "%s, cut at %u tokens: relative difference %g", mg_objectives[_i].name, cut[k], d);
        ck_assert_double_eq_tol(got.loss, want.loss, 1e-5 * fabs(want.loss) + 1e-7);
        ck_assert(got.tokens == want.tokens && got.clipped == want.clipped);
        free(h);
        mg_policy_close(p);
    }
    free(g);
    free_step(&s);
    mg_policy_close(whole);
}
END_TEST

/* ---- The manual ---- */

static FILE *
open_page(void)
{
    const char *source = getenv("srcdir");
    char path[4096];
    FILE *page;

    snprintf(path, sizeof path, "%s/man/mgrpo-objectives.7", source != NULL ? source : ".");
    page = fopen(path, "r");
    ck_assert_msg(page != NULL, "%s cannot be opened", path);
    return page;
}

/* Lines of mgrpo-objectives(7) behind the list item `name`, to the next item or the end of the list; 0 without it. */
static int
lines_of_item(const char *name)
{
    char line[512], item[64];
    FILE *page = open_page();
    bool inside = false;
    int n = 0;

    snprintf(item, sizeof item, ".It Cm %s\n", name);
    while (fgets(line, sizeof line, page) != NULL) {
        if (strncmp(line, ".It", 3) == 0 || strncmp(line, ".El", 3) == 0)
            inside = strcmp(line, item) == 0;
        else
            n += inside;
    }
    fclose(page);
    return n;
}

static int
items_of_page(void)
{
    char line[512];
    FILE *page = open_page();
    int n = 0;

    while (fgets(line, sizeof line, page) != NULL)
        n += strncmp(line, ".It Cm ", 7) == 0;
    fclose(page);
    return n;
}

/* Every row of the tables has its paragraph, and the page has no other. */
START_TEST(the_manual_has_every_row)
{
    int n = 0;

    for (const struct mg_objective *o = mg_objectives; o->name != NULL; o++, n++)
        ck_assert_msg(lines_of_item(o->name) >= 2,
                      "mgrpo-objectives(7) has %d lines on %s, need 2: its formula, and what follows from it",
                      lines_of_item(o->name), o->name);
    for (const struct mg_advantage_kind *a = mg_advantage_kinds; a->name != NULL; a++, n++)
        ck_assert_msg(lines_of_item(a->name) >= 1, "mgrpo-objectives(7) has no paragraph on %s", a->name);
    ck_assert_msg(items_of_page() == n, "mgrpo-objectives(7) has %d paragraphs for %d rows", items_of_page(), n);
}
END_TEST

START_TEST(learning_rate_rises_and_falls)
{
    struct mg_config c = {.steps = 11, .lr = 0.5, .lr_end = 0.2, .lr_warmup = 4};

    ck_assert_double_eq_tol(mg_learning_rate(&c, 0), 0.5 * 0.25, 1e-12);
    ck_assert_double_eq_tol(mg_learning_rate(&c, 1), 0.5 * 0.5 * 0.92, 1e-12);
    ck_assert_double_eq_tol(mg_learning_rate(&c, 5), 0.5 * 0.6, 1e-12);
    ck_assert_double_eq_tol(mg_learning_rate(&c, 10), 0.5 * 0.2, 1e-12);
    ck_assert_double_eq_tol(mg_learning_rate(&c, 20), 0.5 * 0.2, 1e-12);
    /* extended to 21 steps and to 41: those before keep what they had, those behind have that of a run of as many */
    c.n_extended = 2;
    c.extended[0] = 21;
    c.extended[1] = 41;
    ck_assert_double_eq_tol(mg_learning_rate(&c, 5), 0.5 * 0.6, 1e-12);
    ck_assert_double_eq_tol(mg_learning_rate(&c, 10), 0.5 * 0.2, 1e-12);
    ck_assert_double_eq_tol(mg_learning_rate(&c, 11), 0.5 * (1.0 - 0.8 * 11.0 / 20.0), 1e-12);
    ck_assert_double_eq_tol(mg_learning_rate(&c, 20), 0.5 * 0.2, 1e-12);
    ck_assert_double_eq_tol(mg_learning_rate(&c, 30), 0.5 * (1.0 - 0.8 * 30.0 / 40.0), 1e-12);
    c.n_extended = 0;
    c.lr_end = 1.0;
    c.lr_warmup = 0;
    ck_assert(mg_learning_rate(&c, 0) == 0.5 && mg_learning_rate(&c, 10) == 0.5);
    c.steps = 1;
    c.lr_end = 0.0;
    ck_assert(mg_learning_rate(&c, 0) == 0.5);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("objective");
    int rows = 0;

    while (mg_objectives[rows].name != NULL)
        rows++;
    tcase_add_loop_test(tc, weights_are_the_definition, 0, rows);
    fx_tests(tc, weights_sum_to_one, length_matters_only_per_trajectory, an_empty_step_weighs_nothing,
             the_manual_has_every_row, learning_rate_rises_and_falls);
    tcase_add_loop_test(tc, parameters_are_those_of_the_configuration, 0, rows);
    tcase_add_loop_test(tc, no_cut_and_no_order_changes_the_gradient, 0, rows);
    return fx_main();
}
