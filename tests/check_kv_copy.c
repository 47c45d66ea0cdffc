/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of the KV cache that are copied: bits of whole blocks, and nothing beside them. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

enum { SLOTS = 9, K = 2, D = 32, L = 192, CELLS = SLOTS * K * L * D };

struct copies {
    size_t n;
    int32_t source[SLOTS], target[SLOTS], length[SLOTS];
};

/* What a cache has to hold afterwards: K and V have blocks of one size in one order. */
static void
expect(const struct copies *c, const float *before, float *want)
{
    memcpy(want, before, CELLS * sizeof *want);
    for (size_t n = 0; n < c->n; n++) {
        int32_t s = c->source[n], t = c->target[n], len = c->length[n];

        if (s < 0 || s >= SLOTS || t < 0 || t >= SLOTS || len < 0 || len > L)
            continue;
        for (size_t g = 0; g < K; g++)
            memcpy(want + ((size_t)t * K + g) * L * D, before + ((size_t)s * K + g) * L * D,
                   (size_t)(len + 63) / 64 * 64 * D * sizeof *want);
    }
}

static void
check_cache(struct clgrpo_context *ctx, const char *what, const struct clgrpo_tensor *t, const struct copies *c,
            const float *before, float *want)
{
    float *got = fx_download(ctx, t);

    expect(c, before, want);
    fx_same_bits(what, got, want, CELLS * sizeof *want);
    free(got);
}

static void
copy_and_check(struct clgrpo_context *ctx, const struct copies *c)
{
    struct clgrpo_kv_copy_args args = CLGRPO_KV_COPY_ARGS_INIT;
    float *k = fx_random(CELLS, 1.0f, 3), *v = fx_random(CELLS, 1.0f, 4), *want = malloc(CELLS * sizeof *want);

    args.source = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(c->n), c->source);
    args.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(c->n), c->target);
    args.length = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(c->n), c->length);
    args.k_cache = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(SLOTS, K, L / 64, D * 64), k);
    args.v_cache = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(SLOTS, K, L, D), v);
    fx_ok(ctx, clgrpo_kv_copy(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    check_cache(ctx, "k_cache", &args.k_cache, c, k, want);
    check_cache(ctx, "v_cache", &args.v_cache, c, v, want);
    fx_release(&args.source);
    fx_release(&args.target);
    fx_release(&args.length);
    fx_release(&args.k_cache);
    fx_release(&args.v_cache);
    free(k);
    free(v);
    free(want);
}

START_TEST(blocks_are_copied_and_nothing_else)
{
    static const struct copies cases[] = {
        {.n = 0},
        {1, {4}, {2}, {64}},
        {1, {8}, {0}, {L}},
        {6, {0, 0, 0, 8, 8, 8}, {1, 2, 3, 4, 5, 6}, {0, 1, 63, 64, 65, L}},
    };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        copy_and_check(ctx, &cases[i]);
}
END_TEST

START_TEST(entries_out_of_range_are_skipped)
{
    static const struct copies c = {
        8, {-1, SLOTS, 0, 0, 0, 0, 7, 0}, {1, 2, -1, SLOTS, 3, 4, 7, 5}, {64, 64, 64, 64, -1, L + 1, 64, 1}};

    copy_and_check(fx_context(fx_family(_i)), &c);
}
END_TEST

#define FAILS(change, status)                                                                                          \
    do {                                                                                                               \
        struct clgrpo_kv_copy_args bad = args;                                                                         \
        change;                                                                                                        \
        fx_fails(ctx, clgrpo_kv_copy(ctx, &bad, clgrpo_context_queue(ctx), 0, NULL, NULL), status);                    \
    } while (0)

START_TEST(bad_arguments)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_kv_copy_args args = CLGRPO_KV_COPY_ARGS_INIT;

    args.source = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(2));
    args.target = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(2));
    args.length = fx_output(ctx, CLGRPO_I32, 1, FX_SHAPE(2));
    args.k_cache = fx_output(ctx, CLGRPO_F32, 4, FX_SHAPE(SLOTS, K, L / 64, D * 64));
    args.v_cache = fx_output(ctx, CLGRPO_F32, 4, FX_SHAPE(SLOTS, K, L, D));
    FAILS(bad.struct_size = 1, CLGRPO_E_ARGUMENT);
    FAILS(bad.target.shape[0] = 1, CLGRPO_E_SHAPE);
    FAILS(bad.length.dtype = CLGRPO_U32, CLGRPO_E_DTYPE);
    FAILS(bad.k_cache.shape[2] = 1, CLGRPO_E_SHAPE);
    FAILS(bad.v_cache.stride[0] += 4, CLGRPO_E_SHAPE);
    FAILS(bad.v_cache.offset += (size_t)1 << 40, CLGRPO_E_BOUNDS);
    fx_release(&args.source);
    fx_release(&args.target);
    fx_release(&args.length);
    fx_release(&args.k_cache);
    fx_release(&args.v_cache);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("kv_copy");
    TCase *t = tcase_create("kv_copy");

    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, blocks_are_copied_and_nothing_else, 0, FX_N_FAMILIES);
    tcase_add_loop_test(t, entries_out_of_range_are_skipped, 0, FX_N_FAMILIES);
    tcase_add_loop_test(t, bad_arguments, 0, FX_N_FAMILIES);
    suite_add_tcase(suite, t);
    return fx_main(suite);
}
