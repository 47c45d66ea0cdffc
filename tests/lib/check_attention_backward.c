/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_gradients.h"
#include "stored.h"

START_TEST(matches_the_reference)
{
    attention_check_shapes(fx_context(fx_family(_i / FX_FEW_STORAGES)), fx_few_storage(_i), attention_backward_check);
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

START_TEST(finite_differences_of_the_reference)
{
    struct attention_shape s = {.H = 2, .K = 1, .D = 32, .size = 1.0f, .n_sequences = 3, .lens = {5, 0, 3}};

    attention_check_slopes(s, 80);
}
END_TEST

START_TEST(same_bits_twice)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_case *c = attention_case_usual(ctx, 90);

    attention_same_gradients(c, attention_case_backward(ctx, c), attention_case_backward(ctx, c));
    attention_case_destroy(c);
}
END_TEST

/* The cpu family takes one pass over a batch that fills the device, and two where it might not: a max_len far above
 * the lengths makes it assume so. */
START_TEST(one_pass_or_two)
{
    static const size_t dims[] = {32, 64, 128, 32, 32}, lens[] = {701, 389, 130, 257, 65};
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_FEW_STORAGES));

    if (fx_small() && fx_family(_i / FX_FEW_STORAGES) == CLGRPO_FAMILY_SIMT) /* one way only, and slow there */
        return;
    for (size_t i = fx_small() ? 4 : 0; i < (fx_small() ? 5 : 4); i += fx_few_storage(_i) == CLGRPO_F32 ? 1 : 2) {
        struct attention_shape s = {.H = 16,
                                    .K = 8,
                                    .D = dims[i],
                                    .causal = i != 3,
                                    .size = 1.0f,
                                    .n_sequences = 3,
                                    .type = fx_few_storage(_i)};
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
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_FEW_STORAGES));
    struct attention_case *c = attention_case_usual_in(ctx, fx_few_storage(_i), 130);
    struct attention_gradients all = attention_case_backward(ctx, c);

    for (size_t b = 0; b < c->shape.n_sequences; b++) {
        struct attention_shape one = c->shape;
        struct attention_case *alone;
        struct attention_gradients g;

        one.n_sequences = 1;
        one.lens[0] = c->shape.lens[b];
        alone = attention_case_create(ctx, &one, 131);
        attention_copy_rows(alone, 0, c, b, true);
        attention_case_refresh(ctx, alone);
        g = attention_case_backward(ctx, alone);
        attention_same_rows(&one, &g, 0, &all, (size_t)c->offsets_host[b], one.lens[0]);
        attention_gradients_free(&g);
        attention_case_destroy(alone);
    }
    attention_gradients_free(&all);
    attention_case_destroy(c);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_case *c = attention_case_usual(ctx, 110);
    struct clgrpo_attention_backward_args args;
    struct clgrpo_tensor all;

    attention_backward_args_create(ctx, c, &args, &all);
    fx_refuses(ctx, clgrpo_attention_backward, args, bad.struct_size = 3, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_attention_backward, args, bad.lse.buf = NULL, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_attention_backward, args, bad.dk.shape[1] = 4, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention_backward, args, bad.dout.shape[0]--, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention_backward, args, bad.dv.offset += (size_t)1 << 40, CLGRPO_E_BOUNDS);
    fx_refuses(ctx, clgrpo_attention_backward, args, bad.dq.dtype = CLGRPO_F16, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_attention_backward, args, bad.scale = -1.0f, CLGRPO_E_VALUE);
    fx_refuses(ctx, clgrpo_attention_backward, args, bad.workspace.bytes--, CLGRPO_E_WORKSPACE);
    attention_backward_args_release(&args, &all);
    attention_case_destroy(c);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("attention_backward");

    fx_few_storage_tests(t, matches_the_reference, one_pass_or_two);
    fx_family_tests(t, bad_arguments_are_refused);
    if (!fx_small()) { /* the rest walks the same kernels */
        fx_family_tests(t, many_heads_to_a_key, same_bits_twice);
        fx_few_storage_tests(t, bits_do_not_depend_on_the_batch);
    }
    fx_tests(t, finite_differences_of_the_reference);
    return fx_main();
}
