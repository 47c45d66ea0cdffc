/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_gradients.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

START_TEST(matches_the_reference)
{
    static const size_t heads[][2] = {{2, 1}, {2, 2}, {4, 1}}, dims[] = {32, 64, 128};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t i = 0; i < (fx_small() ? 1 : 9); i++) {
        struct attention_shape s = {
            .H = heads[i % 3][0], .K = heads[i % 3][1], .D = dims[i / 3], .causal = true, .size = 1.0f};

        attention_mixed_lens(&s);
        attention_backward_check(ctx, &s, 10 + i);
    }
}
END_TEST

START_TEST(every_key_without_the_causal_mask)
{
    struct attention_shape s = {.H = 2, .K = 1, .D = 32, .causal = false, .size = 1.0f};

    attention_mixed_lens(&s);
    attention_backward_check(fx_context(fx_family(_i)), &s, 50);
}
END_TEST

START_TEST(large_scores)
{
    struct attention_shape s = {.H = 2, .K = 2, .D = 64, .causal = true, .size = 8.0f};

    attention_mixed_lens(&s);
    attention_backward_check(fx_context(fx_family(_i)), &s, 60);
}
END_TEST

START_TEST(many_heads_to_a_key)
{
    struct attention_shape s = {.H = 20, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 2};

    s.lens[0] = 67;
    s.lens[1] = 5;
    attention_backward_check(fx_context(fx_family(_i)), &s, 65);
}
END_TEST

START_TEST(long_sequence)
{
    struct attention_shape s = {.H = 1, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 1};

    s.lens[0] = 701;
    attention_backward_check(fx_context(fx_family(_i)), &s, 70);
}
END_TEST

START_TEST(finite_differences_of_the_reference)
{
    struct attention_shape s = {.H = 2, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 3};
    struct attention_case *c;
    struct ref_attention_gradients g;

    s.causal = _i == 0;
    s.lens[0] = 5;
    s.lens[2] = 3;
    c = attention_case_create(fx_context(CLGRPO_FAMILY_CPU), &s, 80);
    g = attention_ref_gradients(c);
    attention_check_differences(c, "dq", c->q64, c->n * s.H * s.D, g.dq);
    attention_check_differences(c, "dk", c->k64, c->n * s.K * s.D, g.dk);
    attention_check_differences(c, "dv", c->v64, c->n * s.K * s.D, g.dv);
    attention_ref_gradients_free(&g);
    attention_case_destroy(c);
}
END_TEST

START_TEST(same_bits_twice)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {.H = 4, .K = 2, .D = 32, .causal = true, .size = 1.0f};
    struct attention_case *c;

    attention_mixed_lens(&s);
    c = attention_case_create(ctx, &s, 90);
    attention_same_gradients(c, attention_case_backward(ctx, c), attention_case_backward(ctx, c));
    attention_case_destroy(c);
}
END_TEST

/* The cpu family takes one pass over a batch that fills the device, and two where it might not: a max_len far above
 * the lengths makes it assume so. */
START_TEST(one_pass_or_two)
{
    static const size_t dims[] = {32, 64, 128, 32, 32}, lens[] = {701, 389, 130, 257, 65};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    if (fx_small() && fx_family(_i) == CLGRPO_FAMILY_SIMT) /* one way only, and slow there */
        return;
    for (size_t i = fx_small() ? 4 : 0; i < (fx_small() ? 5 : 4); i++) {
        struct attention_shape s = {.H = 16, .K = 8, .D = dims[i], .causal = i != 3, .size = 1.0f, .n_sequences = 3};
        struct attention_case *c;
        struct attention_gradients few;

        if (fx_small()) {
            s.H = s.K = 2;
            s.n_sequences = 1;
        }
        s.lens[0] = lens[i];
        s.lens[1] = 67;
        s.lens[2] = lens[i] - 3;
        c = attention_case_create(ctx, &s, 120 + i);
        few = attention_case_backward(ctx, c);
        c->max_len *= 64;
        attention_same_gradients(c, few, attention_case_backward(ctx, c));
        attention_case_destroy(c);
    }
}
END_TEST

/* Each sequence alone, and as one of a batch. */
START_TEST(bits_do_not_depend_on_the_batch)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {.H = 4, .K = 2, .D = 32, .causal = true, .size = 1.0f};
    struct attention_case *c;
    struct attention_gradients all;

    attention_mixed_lens(&s);
    c = attention_case_create(ctx, &s, 130);
    all = attention_case_backward(ctx, c);
    for (size_t b = 0; b < s.n_sequences; b++) {
        const size_t at = (size_t)c->offsets_host[b], n = s.lens[b], q = s.H * s.D, k = s.K * s.D;
        struct attention_shape one = s;
        struct attention_case *alone;
        struct attention_gradients g;

        one.n_sequences = 1;
        one.lens[0] = n;
        alone = attention_case_create(ctx, &one, 131);
        memcpy(alone->q_host, c->q_host + at * q, n * q * sizeof(float));
        memcpy(alone->k_host, c->k_host + at * k, n * k * sizeof(float));
        memcpy(alone->v_host, c->v_host + at * k, n * k * sizeof(float));
        memcpy(alone->dout_host, c->dout_host + at * q, n * q * sizeof(float));
        attention_case_refresh(ctx, alone);
        g = attention_case_backward(ctx, alone);
        fx_same_bits("dq", g.dq, all.dq + at * q, n * q * sizeof(float));
        fx_same_bits("dk", g.dk, all.dk + at * k, n * k * sizeof(float));
        fx_same_bits("dv", g.dv, all.dv + at * k, n * k * sizeof(float));
        attention_gradients_free(&g);
        attention_case_destroy(alone);
    }
    attention_gradients_free(&all);
    attention_case_destroy(c);
}
END_TEST

#define FAILS(change, status)                                                                                          \
    do {                                                                                                               \
        struct clgrpo_attention_backward_args bad = args;                                                              \
        change;                                                                                                        \
        fx_fails(ctx, clgrpo_attention_backward(ctx, &bad, clgrpo_context_queue(ctx), 0, NULL, NULL), status);         \
    } while (0)

START_TEST(bad_arguments_are_refused)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {
        .H = 4, .K = 2, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 2, .lens = {3, 4}};
    struct attention_case *c = attention_case_create(ctx, &s, 110);
    struct clgrpo_attention_backward_args args;
    struct clgrpo_tensor all;

    attention_backward_args_create(ctx, c, &args, &all);
    FAILS(bad.struct_size = 3, CLGRPO_E_ARGUMENT);
    FAILS(bad.lse.buf = NULL, CLGRPO_E_ARGUMENT);
    FAILS(bad.dk.shape[1] = 4, CLGRPO_E_SHAPE);
    FAILS(bad.dout.shape[0]--, CLGRPO_E_SHAPE);
    FAILS(bad.dv.offset += (size_t)1 << 40, CLGRPO_E_BOUNDS);
    FAILS(bad.dq.dtype = CLGRPO_F16, CLGRPO_E_DTYPE);
    FAILS(bad.scale = -1.0f, CLGRPO_E_VALUE);
    FAILS(bad.workspace.bytes--, CLGRPO_E_WORKSPACE);
    attention_backward_args_release(&args, &all);
    attention_case_destroy(c);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("attention_backward");
    TCase *t = tcase_create("backward");

    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, matches_the_reference, 0, FX_N_FAMILIES);
    tcase_add_loop_test(t, one_pass_or_two, 0, FX_N_FAMILIES);
    tcase_add_loop_test(t, bad_arguments_are_refused, 0, FX_N_FAMILIES);
    if (!fx_small()) { /* the rest walks the same kernels */
        tcase_add_loop_test(t, every_key_without_the_causal_mask, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, finite_differences_of_the_reference, 0, 2);
        tcase_add_loop_test(t, large_scores, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, many_heads_to_a_key, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, long_sequence, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, same_bits_twice, 0, FX_N_FAMILIES);
        tcase_add_loop_test(t, bits_do_not_depend_on_the_batch, 0, FX_N_FAMILIES);
    }
    suite_add_tcase(suite, t);
    return fx_main(suite);
}
