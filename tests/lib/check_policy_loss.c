/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "ref_policy_loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Inputs on the host; `options` as the operation takes them. */
struct batch {
    size_t n;
    float *logprob, *old_logprob, *ref_logprob, *advantage, *weight;
    struct clgrpo_policy_loss_args options;
};

struct result {
    float *dlogprob, *stats;
};

/* Ratios on both sides of both clips, advantages of both signs, every fifth token masked. */
static struct batch
make_batch(size_t n, bool with_ref)
{
    struct batch b = {.n = n, .options = CLGRPO_POLICY_LOSS_ARGS_INIT};

    b.logprob = fx_random(n, 1.0f, 41);
    b.old_logprob = fx_random(n, 0.6f, 42);
    b.ref_logprob = with_ref ? fx_random(n, 0.4f, 43) : NULL;
    b.advantage = fx_random(n, 1.5f, 44);
    b.weight = fx_random(n, 0.3f, 45);
    for (size_t i = 0; i < n; i++) {
        b.logprob[i] -= 2.0f;
        b.old_logprob[i] += b.logprob[i];
        if (with_ref)
            b.ref_logprob[i] += b.logprob[i];
        b.weight[i] = i % 5 == 2 ? 0.0f : fabsf(b.weight[i]) + 0.01f;
    }
    b.options.kl_beta = with_ref ? 0.3f : 0.0f;
    return b;
}

static void
free_batch(struct batch *b)
{
    free(b->logprob);
    free(b->old_logprob);
    free(b->ref_logprob);
    free(b->advantage);
    free(b->weight);
}

static struct result
run(struct clgrpo_context *ctx, const struct batch *b, bool in_place)
{
    struct clgrpo_policy_loss_args a = b->options;
    struct result r;
    size_t bytes;

    a.logprob = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(b->n), b->logprob);
    a.old_logprob = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(b->n), b->old_logprob);
    if (b->ref_logprob != NULL)
        a.ref_logprob = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(b->n), b->ref_logprob);
    a.advantage = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(b->n), b->advantage);
    a.weight = fx_upload(ctx, CLGRPO_F32, 1, FX_SHAPE(b->n), b->weight);
    a.dlogprob = in_place ? a.logprob : fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(b->n));
    a.stats = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(CLGRPO_POLICY_STATS));
    fx_ok(ctx, clgrpo_policy_loss_workspace(ctx, &a, &bytes));
    a.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_policy_loss(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    r.dlogprob = fx_download(ctx, &a.dlogprob);
    r.stats = fx_download(ctx, &a.stats);
    if (!in_place)
        fx_release(&a.dlogprob);
    fx_release_all(&a.logprob, &a.old_logprob, &a.ref_logprob, &a.advantage, &a.weight, &a.stats);
    fx_workspace_release(&a.workspace);
    return r;
}

/* The reference of a batch: inputs as doubles that the caller may move. */
static struct ref_policy_loss_args
make_ref(const struct batch *b, double *in[5])
{
    const float *x[5] = {b->logprob, b->old_logprob, b->ref_logprob, b->advantage, b->weight};

    for (int i = 0; i < 5; i++)
        in[i] = fx_widen(x[i], b->n);
    return (struct ref_policy_loss_args){.n = b->n,
                                         .logprob = in[0],
                                         .old_logprob = in[1],
                                         .ref_logprob = b->ref_logprob != NULL ? in[2] : NULL,
                                         .advantage = in[3],
                                         .weight = in[4],
                                         .clip_low = b->options.clip_low,
                                         .clip_high = b->options.clip_high,
                                         .dual_clip = b->options.dual_clip,
                                         .kl_beta = b->options.kl_beta,
                                         .dlogprob = fx_widen(NULL, b->n),
                                         .dlogprob_size = fx_widen(NULL, b->n)};
}

static void
free_ref(struct ref_policy_loss_args *r, double *in[5])
{
    for (int i = 0; i < 5; i++)
        free(in[i]);
    free(r->dlogprob);
    free(r->dlogprob_size);
}

static void
check_batch(struct clgrpo_context *ctx, size_t n, bool with_ref, float dual_clip)
{
    struct batch b = make_batch(n, with_ref);
    struct ref_policy_loss_args ref;
    struct result got;
    double *in[5];

    b.options.dual_clip = dual_clip;
    got = run(ctx, &b, n % 2 == 0);
    ref = make_ref(&b, in);
    ref_policy_loss(&ref);
    fx_close("dlogprob", got.dlogprob, ref.dlogprob, ref.dlogprob_size, n, 2.0, 1);
    fx_close("stats", got.stats, ref.stats, ref.stats_size, CLGRPO_POLICY_STATS, 2.0, n);
    if (n > 100) {
        ck_assert_double_gt(ref.stats[CLGRPO_POLICY_CLIPPED], 0.1 * (double)n); /* the clips were at work */
        ck_assert_double_lt(ref.stats[CLGRPO_POLICY_CLIPPED], 0.8 * (double)n);
    }
    free(got.dlogprob);
    free(got.stats);
    free_ref(&ref, in);
    free_batch(&b);
}

START_TEST(matches_the_reference)
{
    static const size_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 15, 17, 127, 511, 512, 513, 5000};
    const size_t n_sizes = fx_small() ? 8 : sizeof sizes / sizeof sizes[0];

    for (int f = 0; f < FX_N_FAMILIES; f++)
        for (size_t i = 0; i < n_sizes; i++) {
            check_batch(fx_context(fx_family(f)), sizes[i], false, 0.0f);
            check_batch(fx_context(fx_family(f)), sizes[i], true, 1.5f);
        }
}
END_TEST

START_TEST(reference_gradient_is_the_slope)
{
    struct batch b = make_batch(60, true);
    const double step = 1e-6;
    struct ref_policy_loss_args ref;
    double *in[5], want[60];

    b.options.dual_clip = 1.5f;
    ref = make_ref(&b, in);
    ref_policy_loss(&ref);
    memcpy(want, ref.dlogprob, sizeof want);
    for (size_t i = 0; i < b.n; i++) {
        double keep = in[0][i], up, down;

        in[0][i] = keep + step;
        up = ref_policy_loss(&ref);
        in[0][i] = keep - step;
        down = ref_policy_loss(&ref);
        in[0][i] = keep;
        ck_assert_double_eq_tol((up - down) / (2.0 * step), want[i], 1e-7);
    }
    free_ref(&ref, in);
    free_batch(&b);
}
END_TEST

START_TEST(equal_logprobs_have_ratio_one)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct batch b = make_batch(333, false);
        struct result got;

        memcpy(b.old_logprob, b.logprob, b.n * sizeof(float));
        got = run(fx_context(fx_family(f)), &b, false);
        ck_assert(got.stats[CLGRPO_POLICY_RATIO_MIN] == 1.0f && got.stats[CLGRPO_POLICY_RATIO_MAX] == 1.0f);
        ck_assert(got.stats[CLGRPO_POLICY_RATIO_SUM] == got.stats[CLGRPO_POLICY_TOKENS]);
        ck_assert(got.stats[CLGRPO_POLICY_CLIPPED] == 0.0f && got.stats[CLGRPO_POLICY_APPROX_KL_SUM] == 0.0f);
        for (size_t i = 0; i < b.n; i++)
            ck_assert(got.dlogprob[i] == -b.weight[i] * b.advantage[i]);
        free(got.dlogprob);
        free(got.stats);
        free_batch(&b);
    }
}
END_TEST

START_TEST(masked_tokens_add_nothing)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct batch b = make_batch(131, true);
        struct result clean = run(fx_context(fx_family(f)), &b, false), got;

        for (size_t i = 2; i < b.n; i += 5) { /* those of weight 0 */
            b.logprob[i] = i % 2 == 0 ? NAN : -INFINITY;
            b.old_logprob[i] = -INFINITY;
            b.ref_logprob[i] = INFINITY;
            b.advantage[i] = NAN;
        }
        got = run(fx_context(fx_family(f)), &b, false);
        fx_same_bits("dlogprob", clean.dlogprob, got.dlogprob, b.n * sizeof(float));
        fx_same_bits("stats", clean.stats, got.stats, CLGRPO_POLICY_STATS * sizeof(float));
        for (size_t i = 2; i < b.n; i += 5)
            ck_assert(got.dlogprob[i] == 0.0f);
        free(clean.dlogprob);
        free(clean.stats);
        free(got.dlogprob);
        free(got.stats);
        free_batch(&b);
    }
}
END_TEST

START_TEST(an_active_nan_is_not_hidden)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct batch b = make_batch(40, true);
        struct result got;

        b.logprob[3] = NAN;
        got = run(fx_context(fx_family(f)), &b, false);
        ck_assert(isnan(got.dlogprob[3]) && isnan(got.stats[CLGRPO_POLICY_LOSS]));
        ck_assert(isfinite(got.dlogprob[4]));
        free(got.dlogprob);
        free(got.stats);
        free_batch(&b);
    }
}
END_TEST

START_TEST(no_token_at_all)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct batch b = make_batch(20, true);
        struct result got;

        for (size_t i = 0; i < b.n; i++)
            b.weight[i] = 0.0f;
        got = run(fx_context(fx_family(f)), &b, false);
        for (int i = 0; i < CLGRPO_POLICY_STATS; i++)
            ck_assert(got.stats[i] == (i == CLGRPO_POLICY_RATIO_MIN || i == CLGRPO_POLICY_RATIO_MAX ? 1.0f : 0.0f));
        free(got.dlogprob);
        free(got.stats);
        free_batch(&b);
    }
}
END_TEST

START_TEST(same_bits_twice)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct batch b = make_batch(fx_small() ? 100 : 9999, true);
        struct result one = run(fx_context(fx_family(f)), &b, false), two = run(fx_context(fx_family(f)), &b, false);

        fx_same_bits("dlogprob", one.dlogprob, two.dlogprob, b.n * sizeof(float));
        fx_same_bits("stats", one.stats, two.stats, CLGRPO_POLICY_STATS * sizeof(float));
        free(one.dlogprob);
        free(one.stats);
        free(two.dlogprob);
        free(two.stats);
        free_batch(&b);
    }
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    for (int f = 0; f < FX_N_FAMILIES; f++) {
        struct clgrpo_context *ctx = fx_context(fx_family(f));
        struct clgrpo_policy_loss_args good = CLGRPO_POLICY_LOSS_ARGS_INIT;
        struct clgrpo_tensor t = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(9));
        size_t bytes;

        good.logprob = good.old_logprob = good.advantage = good.weight = good.dlogprob = t;
        good.stats = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(CLGRPO_POLICY_STATS));
        fx_ok(ctx, clgrpo_policy_loss_workspace(ctx, &good, &bytes));
        good.workspace = fx_workspace(ctx, bytes);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.weight.shape[0] = 8, CLGRPO_E_SHAPE);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.advantage.dtype = CLGRPO_F16, CLGRPO_E_DTYPE);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.dlogprob.offset = 1 << 20, CLGRPO_E_BOUNDS);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.dual_clip = 0.5f, CLGRPO_E_VALUE);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.clip_low = 1.5f, CLGRPO_E_VALUE);
        fx_refuses(ctx, clgrpo_policy_loss, good, bad.workspace.bytes = bytes - 4, CLGRPO_E_WORKSPACE);
        fx_fails(ctx, clgrpo_policy_loss_workspace(ctx, &good, NULL), CLGRPO_E_ARGUMENT);
        fx_release_all(&t, &good.stats);
        fx_workspace_release(&good.workspace);
    }
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("policy_loss");

    fx_tests(tc, matches_the_reference, reference_gradient_is_the_slope, equal_logprobs_have_ratio_one,
             masked_tokens_add_nothing, an_active_nan_is_not_hidden, no_token_at_all, same_bits_twice,
             bad_arguments_are_refused);
    return fx_main();
}
