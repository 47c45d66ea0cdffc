/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stored.h"

START_TEST(matches_the_reference)
{
    attention_check_shapes(fx_context(fx_family(_i / FX_FEW_STORAGES)), fx_few_storage(_i), attention_forward_check);
}
END_TEST

START_TEST(odd_head_counts)
{
    static const size_t heads[][2] = {{3, 1}, {7, 1}, {10, 2}, {40, 1}};

    for (size_t i = 0; i < 4; i++) {
        struct attention_shape s = {.H = heads[i][0], .K = heads[i][1], .D = 32, .causal = true, .size = 1.0f};

        s.n_sequences = 2;
        s.lens[0] = 7;
        s.lens[1] = 67;
        attention_forward_check(fx_context(fx_family(_i)), &s, 40 + i);
    }
}
END_TEST

/* Keys that are all equal give the mean of the values, whatever q is; softmax is invariant to a shift of the scores. */
START_TEST(equal_keys_give_the_mean)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {.H = 1, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 1, .lens = {66}};
    struct attention_case *c = attention_case_create(ctx, &s, 80);
    double *want = calloc(66 * 32, sizeof *want), *size = calloc(66 * 32, sizeof *size);
    float *got;

    for (size_t n = 0; n < 66; n++) {
        size_t at = c->k.offset + n * c->k.stride[0];

        ck_assert_int_eq(clEnqueueWriteBuffer(clgrpo_context_queue(ctx), c->k.buf, CL_TRUE, at * sizeof(float),
                                              32 * sizeof(float), c->k_host, 0, NULL, NULL),
                         CL_SUCCESS);
        for (size_t d = 0; d < 32; d++)
            for (size_t j = 0; j <= n; j++) {
                want[n * 32 + d] += c->v64[j * 32 + d] / (double)(n + 1);
                size[n * 32 + d] += fabs(c->v64[j * 32 + d]) / (double)(n + 1);
            }
    }
    got = attention_case_forward(ctx, c, NULL);
    fx_close("mean", got, want, size, 66 * 32, 1.0, 66);
    free(got);
    free(want);
    free(size);
    attention_case_destroy(c);
}
END_TEST

/* Huge values at keys that a row does not see add nothing to it, not even 2^-126 times themselves. */
START_TEST(masked_keys_leave_no_trace)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {
        .H = 1, .K = 1, .D = 32, .causal = true, .size = 1.0f, .n_sequences = 2, .lens = {33, 40}};
    struct attention_case *c = attention_case_create(ctx, &s, 85);
    float *o;

    for (size_t n = 0; n < c->n_rows; n++)
        for (size_t d = 0; d < s.D; d++)
            c->v_host[n * s.D + d] = (n >= 17 && n < 33) || n >= 60 ? 1e37f : 0.0f;
    attention_case_refresh(ctx, c);
    o = attention_case_forward(ctx, c, NULL);
    for (size_t n = 0; n < c->n; n++)
        for (size_t d = 0; d < s.D; d++) {
            bool sees = (n >= 17 && n < 33) || n >= 60;

            ck_assert_msg((o[n * s.D + d] != 0.0f) == sees, "row %zu, element %zu is %g", n, d, (double)o[n * s.D + d]);
        }
    free(o);
    attention_case_destroy(c);
}
END_TEST

START_TEST(same_bits_twice)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_case *c = attention_case_usual(ctx, 90);

    attention_same_forward(ctx, c, c);
    attention_case_destroy(c);
}
END_TEST

/* A sequence alone, and among others at any place, gives the same bits, zeros' signs included. */
START_TEST(batch_invariance)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_FEW_STORAGES));
    struct attention_shape s = {.H = 2, .K = 1, .D = 32, .causal = true, .size = 1.0f, .type = fx_few_storage(_i)};
    struct attention_case *all;
    float *a;

    attention_mixed_lens(&s);
    all = attention_case_create(ctx, &s, 100);
    a = attention_case_forward(ctx, all, NULL);
    for (size_t b = 0; b < s.n_sequences; b++) {
        struct attention_case *one = calloc(1, sizeof *one);
        size_t from = (size_t)all->offsets_host[b], row = s.H * s.D * sizeof *a;
        float *o;

        *one = *all;
        one->n = s.lens[b];
        one->n_rows = s.lens[b];
        one->max_len = s.lens[b] + 300; /* another cut into groups */
        one->q.offset += from * one->q.stride[0];
        one->k.offset += from * one->k.stride[0];
        one->v.offset += from * one->v.stride[0];
        one->q.shape[0] = one->k.shape[0] = one->v.shape[0] = one->n;
        one->offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), (int32_t[]){0, (int32_t)one->n});
        o = attention_case_forward(ctx, one, NULL);
        fx_same_bits("sequence alone", o, a + from * s.H * s.D, one->n * row);
        fx_release(&one->offsets);
        free(o);
        free(one);
    }
    free(a);
    attention_case_destroy(all);
}
END_TEST

static void
args_of(struct clgrpo_context *ctx, const struct attention_case *c, struct clgrpo_attention_args *args)
{
    *args = CLGRPO_ATTENTION_ARGS_INIT;
    args->q = c->q;
    args->k = c->k;
    args->v = c->v;
    args->offsets = c->offsets;
    args->o = fx_output(ctx, CLGRPO_F32, 3, FX_SHAPE(c->n_rows, c->shape.H, c->shape.D));
    args->max_len = c->max_len;
    args->scale = c->scale;
}

START_TEST(bad_arguments_are_refused)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_case *c = attention_case_usual(ctx, 110);
    struct clgrpo_attention_args args;

    args_of(ctx, c, &args);
    fx_refuses(ctx, clgrpo_attention, args, bad.struct_size = 3, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_attention, args, bad.q.buf = NULL, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_attention, args, bad.q.shape[2] = bad.k.shape[2] = bad.v.shape[2] = bad.o.shape[2] = 16,
               CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention, args, bad.q.shape[1] = bad.o.shape[1] = 3, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention, args, bad.v.shape[0]--, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention, args, bad.o.stride[2] = 2, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention, args, bad.k.offset += (size_t)1 << 40, CLGRPO_E_BOUNDS);
    fx_refuses(ctx, clgrpo_attention, args, bad.offsets.dtype = CLGRPO_F32, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_attention, args, bad.offsets.shape[0] = 0, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention, args, bad.scale = 0.0f, CLGRPO_E_VALUE);
    fx_refuses(ctx, clgrpo_attention, args, bad.scale = NAN, CLGRPO_E_VALUE);
    fx_refuses(ctx, clgrpo_attention, args, bad.lse = bad.o, CLGRPO_E_SHAPE);
    fx_release(&args.o);
    attention_case_destroy(c);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("attention");

    fx_few_storage_tests(t, matches_the_reference);
    fx_family_tests(t, bad_arguments_are_refused);
    if (!fx_small()) { /* the rest walks the same kernels */
        fx_family_tests(t, odd_head_counts, equal_keys_give_the_mean, masked_keys_leave_no_trace, same_bits_twice);
        fx_few_storage_tests(t, batch_invariance);
    }
    return fx_main();
}
