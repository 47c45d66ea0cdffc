/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_gradients.h"

#include <stdlib.h>
#include <string.h>

/* Two families and one that stands alone: 2 with 0, 3, 4 and 7; 5 with 6 and 8. Members lie before and after. */
enum { N = 9, ROOT = 2 };
static const int32_t families[N] = {2, -1, -1, 2, 2, -1, 5, 2, 5};
static const size_t lens[N] = {3, 5, 0, 0, 65, 7, 1, 64, 130}, few_lens[] = {3, 2, 0, 0, 61};
static const size_t past[] = {0, 1, 63, 64, 65, 130};
enum { N_PAST = sizeof past / sizeof past[0] };

static void
use_families(struct attention_shape *s, size_t n_past)
{
    s->n_sequences = fx_small() ? 5 : N;
    memcpy(s->lens, fx_small() ? few_lens : lens, s->n_sequences * sizeof *lens);
    s->lens[ROOT] = n_past;
    s->prefix = families;
}

static struct attention_shape
shape_of(size_t i)
{
    static const size_t heads[][2] = {{2, 1}, {2, 2}, {6, 2}}, dims[] = {32, 64, 128};
    struct attention_shape s = {
        .H = heads[i % 3][0], .K = heads[i % 3][1], .D = dims[(i + i / 3) % 3], .causal = true, .size = 1.0f};

    use_families(&s, fx_small() ? 6 : past[i % N_PAST]);
    return s;
}

START_TEST(forward_matches_the_reference)
{
    for (size_t i = 0; i < (fx_small() ? 1 : N_PAST); i++) {
        struct attention_shape s = shape_of(i);

        attention_forward_check(fx_context(fx_family(_i)), &s, 10 + i);
    }
}
END_TEST

START_TEST(backward_matches_the_reference)
{
    for (size_t i = 0; i < (fx_small() ? 1 : N_PAST); i++) {
        struct attention_shape s = shape_of(i);

        attention_backward_check(fx_context(fx_family(_i)), &s, 20 + i);
    }
}
END_TEST

START_TEST(without_the_causal_mask)
{
    struct attention_shape s = {.H = 2, .K = 1, .D = 32, .causal = false, .size = 1.0f};

    for (size_t i = 0; i < N_PAST; i++) {
        use_families(&s, past[i]);
        attention_forward_check(fx_context(fx_family(_i)), &s, 30 + i);
        attention_backward_check(fx_context(fx_family(_i)), &s, 40 + i);
    }
}
END_TEST

START_TEST(finite_differences_of_the_reference)
{
    static const int32_t prefix[] = {1, -1, 1, 1};
    struct attention_shape s = {
        .H = 2, .K = 1, .D = 32, .size = 1.0f, .n_sequences = 4, .lens = {3, 4, 0, 2}, .prefix = prefix};

    attention_check_slopes(s, 50);
}
END_TEST

/* How many rows sequence b's prefix has. */
static size_t
past_of(const struct attention_case *c, size_t b)
{
    const int32_t root = ref_attention_root(&c->ref, b);

    return root >= 0 ? c->shape.lens[root] : 0;
}

/* Every sequence carries its prefix itself, whose rows then have no loss. */
static struct attention_case *
repeat(struct clgrpo_context *ctx, const struct attention_case *c)
{
    struct attention_shape s = c->shape;
    struct attention_case *r;

    s.prefix = NULL;
    for (size_t b = 0; b < s.n_sequences; b++)
        s.lens[b] += past_of(c, b);
    r = attention_case_create(ctx, &s, 1);
    for (size_t b = 0; b < s.n_sequences; b++) {
        const size_t at = (size_t)r->offsets_host[b], n_past = past_of(c, b);

        if (n_past > 0)
            attention_copy_rows(r, at, c, (size_t)ref_attention_root(&c->ref, b), false);
        attention_copy_rows(r, at + n_past, c, b, true);
    }
    attention_case_refresh(ctx, r);
    return r;
}

/* The own rows of every sequence, `row` floats each. `all`: also those that others continue. */
static void
same_own_rows(const char *what, const struct attention_case *c, const float *shared, const struct attention_case *r,
              const float *repeated, size_t row, bool all)
{
    for (size_t b = 0; b < c->shape.n_sequences; b++) {
        const size_t at = (size_t)c->offsets_host[b], own = (size_t)r->offsets_host[b] + past_of(c, b);

        if (all || families[b] >= 0)
            fx_same_bits(what, shared + at * row, repeated + own * row, c->shape.lens[b] * row * sizeof *shared);
    }
}

START_TEST(bits_are_those_of_the_repeated_computation)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t i = 0; i < 2 * N_PAST; i++) {
        struct attention_shape s = shape_of(i);
        const size_t q = s.H * s.D, k = s.K * s.D;
        struct attention_case *c, *r;
        struct attention_gradients shared, repeated;
        float *o, *lse, *o_r, *lse_r;

        s.causal = i != 4;
        s.size = i % 2 == 0 ? 1.0f : 5.0f;
        c = attention_case_create(ctx, &s, 60 + i);
        r = repeat(ctx, c);
        o = attention_case_forward(ctx, c, &lse);
        o_r = attention_case_forward(ctx, r, &lse_r);
        same_own_rows("o", c, o, r, o_r, q, true);
        same_own_rows("lse", c, lse, r, lse_r, s.H, true);
        shared = attention_case_backward(ctx, c);
        repeated = attention_case_backward(ctx, r);
        same_own_rows("dq", c, shared.dq, r, repeated.dq, q, true);
        same_own_rows("dk", c, shared.dk, r, repeated.dk, k, false);
        same_own_rows("dv", c, shared.dv, r, repeated.dv, k, false);
        attention_gradients_free(&shared);
        attention_gradients_free(&repeated);
        free(o);
        free(o_r);
        free(lse);
        free(lse_r);
        attention_case_destroy(c);
        attention_case_destroy(r);
    }
}
END_TEST

START_TEST(same_bits_twice)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = shape_of(2);
    struct attention_case *c = attention_case_create(ctx, &s, 80);

    attention_same_forward(ctx, c, c);
    attention_same_gradients(c, attention_case_backward(ctx, c), attention_case_backward(ctx, c));
    attention_case_destroy(c);
}
END_TEST

/* A family alone, with its members in the same order. */
START_TEST(bits_do_not_depend_on_the_batch)
{
    static const size_t members[] = {0, 2, 3, 4, 7};
    static const int32_t prefix[] = {1, -1, 1, 1, 1};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {.H = 4, .K = 2, .D = 32, .causal = true, .size = 1.0f}, one;
    struct attention_case *all, *alone;
    struct attention_gradients g, want;
    float *o, *o_all;

    use_families(&s, 70);
    all = attention_case_create(ctx, &s, 90);
    one = s;
    one.n_sequences = 5;
    one.prefix = prefix;
    for (size_t i = 0; i < one.n_sequences; i++)
        one.lens[i] = s.lens[members[i]];
    alone = attention_case_create(ctx, &one, 91);
    for (size_t i = 0; i < one.n_sequences; i++)
        attention_copy_rows(alone, (size_t)alone->offsets_host[i], all, members[i], true);
    attention_case_refresh(ctx, alone);
    alone->max_len += 300; /* another cut into groups */
    o = attention_case_forward(ctx, alone, NULL);
    o_all = attention_case_forward(ctx, all, NULL);
    g = attention_case_backward(ctx, alone);
    want = attention_case_backward(ctx, all);
    for (size_t i = 0; i < one.n_sequences; i++) {
        const size_t at = (size_t)alone->offsets_host[i], from = (size_t)all->offsets_host[members[i]];
        const size_t q = s.H * s.D;

        fx_same_bits("o", o + at * q, o_all + from * q, one.lens[i] * q * sizeof *o);
        attention_same_rows(&s, &g, at, &want, from, one.lens[i]);
    }
    free(o);
    free(o_all);
    attention_gradients_free(&g);
    attention_gradients_free(&want);
    attention_case_destroy(all);
    attention_case_destroy(alone);
}
END_TEST

/* Two key heads for each compute unit, and single ones of them: the cpu family then takes one pass, and two. */
START_TEST(key_heads_alone)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_device_info info = CLGRPO_DEVICE_INFO_INIT;
    struct attention_shape s = {.D = 32, .causal = true, .size = 1.0f};
    struct attention_case *c, one;
    struct attention_gradients all;

    fx_ok(ctx, clgrpo_device_info_get(ctx, &info));
    s.K = 2 * (size_t)info.compute_units;
    s.H = 2 * s.K;
    use_families(&s, 130);
    c = attention_case_create(ctx, &s, 100);
    all = attention_case_backward(ctx, c);
    one = *c;
    one.shape.K = 1;
    one.shape.H = 2;
    one.q.shape[1] = one.dout.shape[1] = 2;
    one.k.shape[1] = one.v.shape[1] = 1;
    for (size_t g = 0; g < s.K; g += s.K - 1) {
        struct attention_gradients alone;

        one.q.offset = c->q.offset + 2 * g * s.D;
        one.dout.offset = c->dout.offset + 2 * g * s.D;
        one.k.offset = c->k.offset + g * s.D;
        one.v.offset = c->v.offset + g * s.D;
        alone = attention_case_backward(ctx, &one);
        for (size_t n = 0; n < c->n; n++) {
            fx_same_bits("dq", alone.dq + n * 2 * s.D, all.dq + (n * s.H + 2 * g) * s.D, 2 * s.D * sizeof(float));
            fx_same_bits("dk", alone.dk + n * s.D, all.dk + (n * s.K + g) * s.D, s.D * sizeof(float));
            fx_same_bits("dv", alone.dv + n * s.D, all.dv + (n * s.K + g) * s.D, s.D * sizeof(float));
        }
        attention_gradients_free(&alone);
    }
    attention_gradients_free(&all);
    attention_case_destroy(c);
}
END_TEST

/* Out of range, itself, or one that continues another: as if it stood alone. */
START_TEST(entries_that_do_not_count)
{
    static const int32_t odd[] = {-7, 6, 2, 4, 0, 3}, plain[] = {-1, -1, -1, -1, 0, -1};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {
        .H = 2, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 6, .lens = {9, 4, 7, 6, 5, 8}};
    struct attention_case *a, *b;

    s.prefix = odd;
    a = attention_case_create(ctx, &s, 110);
    s.prefix = plain;
    b = attention_case_create(ctx, &s, 110);
    attention_same_forward(ctx, a, b);
    attention_same_gradients(a, attention_case_backward(ctx, a), attention_case_backward(ctx, b));
    attention_case_destroy(a);
    attention_case_destroy(b);
}
END_TEST

START_TEST(bad_prefixes_are_refused)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {.H = 2, .K = 1, .D = 32, .causal = true, .size = 1.0f};
    struct attention_case *c;
    struct clgrpo_tensor prefix;

    use_families(&s, 3);
    c = attention_case_create(ctx, &s, 120);
    prefix = c->prefix;
    for (int i = 0; i < 3; i++) {
        const enum clgrpo_status want[] = {CLGRPO_E_SHAPE, CLGRPO_E_DTYPE, CLGRPO_E_BOUNDS};
        struct clgrpo_attention_backward_args args;
        struct clgrpo_attention_args fwd = CLGRPO_ATTENTION_ARGS_INIT;
        struct clgrpo_tensor all;
        size_t bytes;

        attention_backward_args_create(ctx, c, &args, &all);
        args.prefix.shape[0] -= i == 0;
        args.prefix.dtype = i == 1 ? CLGRPO_F32 : CLGRPO_I32;
        args.prefix.offset += i == 2 ? (size_t)1 << 40 : 0;
        fwd.q = fwd.o = args.q;
        fwd.k = args.k;
        fwd.v = args.v;
        fwd.offsets = args.offsets;
        fwd.prefix = args.prefix;
        fwd.max_len = args.max_len;
        fwd.scale = args.scale;
        fx_fails(ctx, clgrpo_attention_backward_workspace(ctx, &args, &bytes), want[i]);
        fx_fails(ctx, clgrpo_attention_workspace(ctx, &fwd, &bytes), want[i]);
        attention_backward_args_release(&args, &all);
        c->prefix = prefix;
    }
    attention_case_destroy(c);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("attention_prefix");

    fx_family_tests(t, forward_matches_the_reference, backward_matches_the_reference, bad_prefixes_are_refused);
    if (!fx_small()) /* the rest walks the same kernels */
        fx_family_tests(t, without_the_causal_mask, bits_are_those_of_the_repeated_computation, same_bits_twice,
                        bits_do_not_depend_on_the_batch, key_heads_alone, entries_that_do_not_count);
    fx_tests(t, finite_differences_of_the_reference);
    return fx_main();
}
