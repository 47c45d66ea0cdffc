/* SPDX-License-Identifier: Apache-2.0 */
/* The KV cache shared between tokens, and in storage of halves: either way the bits are those of a plain f32 cache that
 * holds the same. */
#include "attention_case.h"

#include <stdlib.h>
#include <string.h>

struct cache {
    size_t S, K, L, D;
    float *k, *v; /* [S][K][L][D], k by blocks as the library has it */
};

static size_t
cache_elems(const struct cache *c)
{
    return c->S * c->K * c->L * c->D;
}

static struct cache
cache_random(size_t S, size_t K, size_t L, size_t D)
{
    struct cache c = {.S = S, .K = K, .L = L, .D = D};

    c.k = fx_random(cache_elems(&c), 1.0f, 21);
    c.v = fx_random(cache_elems(&c), 1.0f, 22);
    return c;
}

static void
cache_free(struct cache *c)
{
    free(c->k);
    free(c->v);
}

/* Tokens, with or without prefixes. */
struct tokens {
    size_t n;
    const int32_t *slot, *position, *prefix_slot, *prefix_length;
};

/* o [n][H][D] of random queries against a cache on the device. */
static float *
decode(struct clgrpo_context *ctx, size_t H, size_t D, const struct tokens *t, struct clgrpo_tensor k_cache,
       struct clgrpo_tensor v_cache)
{
    struct clgrpo_attention_decode_args args = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    float *q = fx_random(t->n * H * D, 1.0f, 23), *o;

    args.q = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(t->n, H, D), q);
    args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(t->n), t->slot);
    args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(t->n), t->position);
    if (t->prefix_slot != NULL) {
        args.prefix_slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(t->n), t->prefix_slot);
        args.prefix_length = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(t->n), t->prefix_length);
    }
    args.k_cache = k_cache;
    args.v_cache = v_cache;
    args.o = fx_output(ctx, CLGRPO_F32, 3, FX_SHAPE(t->n, H, D));
    args.scale = 0.2f;
    fx_ok(ctx, clgrpo_attention_decode(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    o = fx_download(ctx, &args.o);
    fx_release_all(&args.q, &args.slot, &args.position, &args.prefix_slot, &args.prefix_length, &args.o);
    free(q);
    return o;
}

static struct clgrpo_tensor
upload_k(struct clgrpo_context *ctx, const struct cache *c, const float *k)
{
    return fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(c->S, c->K, c->L / 64, c->D * 64), k);
}

static struct clgrpo_tensor
upload_v(struct clgrpo_context *ctx, const struct cache *c, const float *v)
{
    return fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(c->S, c->K, c->L, c->D), v);
}

static float *
decode_f32(struct clgrpo_context *ctx, size_t H, const struct tokens *t, const struct cache *c)
{
    struct clgrpo_tensor k = upload_k(ctx, c, c->k), v = upload_v(ctx, c, c->v);
    float *o = decode(ctx, H, c->D, t, k, v);

    fx_release_all(&k, &v);
    return o;
}

/* One slot for each token, which holds its prefix and its own part; blocks of both tensors are contiguous. */
static struct cache
joined(const struct cache *c, const struct tokens *t)
{
    struct cache j = {.S = t->n, .K = c->K, .L = c->L, .D = c->D};
    const size_t key = c->L * c->D;

    j.k = calloc(cache_elems(&j), sizeof *j.k);
    j.v = calloc(cache_elems(&j), sizeof *j.v);
    for (size_t i = 0; i < t->n * c->K; i++) {
        const size_t n = i / c->K, g = i % c->K, shared = (size_t)t->prefix_length[n] * c->D;
        const size_t own = ((size_t)t->slot[n] * c->K + g) * key;
        const size_t prefix = shared > 0 ? ((size_t)t->prefix_slot[n] * c->K + g) * key : 0;

        memcpy(j.k + i * key, c->k + prefix, shared * sizeof *j.k);
        memcpy(j.v + i * key, c->v + prefix, shared * sizeof *j.v);
        memcpy(j.k + i * key + shared, c->k + own + shared, (key - shared) * sizeof *j.k);
        memcpy(j.v + i * key + shared, c->v + own + shared, (key - shared) * sizeof *j.v);
    }
    return j;
}

/* `t` against a cache of 5 slots, and the same history in slots of its own. */
static void
check_prefixes(struct clgrpo_context *ctx, size_t H, size_t K, size_t D, size_t L, const struct tokens *t)
{
    struct cache c = cache_random(5, K, L, D), j = joined(&c, t);
    int32_t *own = malloc((t->n + 1) * sizeof *own);
    struct tokens plain = {t->n, own, t->position, NULL, NULL};
    float *got, *want;

    ck_assert_ptr_nonnull(own);
    for (size_t i = 0; i < t->n; i++)
        own[i] = (int32_t)i;
    got = decode_f32(ctx, H, t, &c);
    want = decode_f32(ctx, H, &plain, &j);
    fx_same_bits("shared and joined", got, want, t->n * H * D * sizeof *got);
    free(got);
    free(want);
    free(own);
    cache_free(&c);
    cache_free(&j);
}

/* Runs of one, two and more tokens, of several lengths, beside tokens without; unused slots behind a length of 0. */
START_TEST(prefixes_have_the_bits_of_one_slot)
{
    enum { N = 13 };
    static const int32_t slot[N] = {0, 1, 2, 3, 1, 0, 2, 4, 4, 4, 0, 3, 3};
    static const int32_t position[N] = {64, 65, 130, 190, 128, 5, 127, 70, 71, 72, 64, 129, 191};
    static const int32_t prefix_slot[N] = {4, 4, 4, 4, 4, -7, 4, 0, 0, 0, 99, 2, 2};
    static const int32_t prefix_length[N] = {64, 64, 64, 64, 128, 0, 64, 64, 64, 64, 0, 128, 128};
    static const size_t heads[][3] = {{2, 1, 32}, {6, 2, 32}, {3, 3, 64}, {8, 1, 128}, {66, 1, 32}};
    const struct tokens all = {N, slot, position, prefix_slot, prefix_length};
    const struct tokens few = {5, slot, position, prefix_slot, prefix_length}; /* as many as slots: not prefill */
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t i = 0; i < (fx_small() ? 1 : 5); i++) {
        check_prefixes(ctx, heads[i][0], heads[i][1], heads[i][2], 192, &few);
        check_prefixes(ctx, heads[i][0], heads[i][1], heads[i][2], 192, &all);
    }
}
END_TEST

/* More tokens of one prefix than walk it together. On a few compute units the cpu family has as many rows in a group as
 * it ever has. */
START_TEST(a_long_run)
{
    enum { N = 77, MOST_HEADS = 16 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_device_info info = CLGRPO_DEVICE_INFO_INIT;
    int32_t slot[N], position[N], prefix_slot[N], prefix_length[N];
    const struct tokens t = {N, slot, position, prefix_slot, prefix_length};
    size_t K;

    for (int i = 0; i < N; i++) {
        slot[i] = i * 3 % 5;
        position[i] = 64 + i * 7 % 64;
        prefix_slot[i] = i < 3 ? 1 : 2;
        prefix_length[i] = 64;
    }
    fx_ok(ctx, clgrpo_device_info_get(ctx, &info));
    K = info.compute_units < MOST_HEADS ? info.compute_units : MOST_HEADS;
    check_prefixes(ctx, 2 * K, K, 32, 128, &t);
}
END_TEST

START_TEST(prefixes_out_of_range_give_zeros)
{
    enum { N = 8, H = 2, D = 32 };
    static const int32_t slot[N] = {0, 1, 2, 3, 4, 0, 9, 1}, position[N] = {70, 70, 70, 70, 70, 63, 70, 192};
    static const int32_t prefix_slot[N] = {4, 5, -1, 4, 4, 4, 4, 4};
    static const int32_t prefix_length[N] = {64, 64, 64, 63, -64, 64, 64, 64};
    const struct tokens t = {N, slot, position, prefix_slot, prefix_length};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct cache c = cache_random(5, 1, 192, D);
    float *o = decode_f32(ctx, H, &t, &c);

    for (size_t i = 0; i < H * D; i++)
        ck_assert_msg(o[i] != 0.0f, "token 0 is valid, and element %zu is 0", i);
    for (size_t i = H * D; i < N * H * D; i++)
        ck_assert_msg(o[i] == 0.0f, "token %zu is out of range, and element %zu is %g", i / (H * D), i % (H * D),
                      (double)o[i]);
    free(o);
    cache_free(&c);
}
END_TEST

START_TEST(bad_prefix_arguments)
{
    static const int32_t zeros[3] = {0};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_attention_decode_args args = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    struct cache c = cache_random(1, 1, 64, 32);

    args.q = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(2, 1, 32), c.k);
    args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), zeros);
    args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), zeros);
    args.prefix_slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), zeros);
    args.prefix_length = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), zeros);
    args.k_cache = upload_k(ctx, &c, c.k);
    args.v_cache = upload_v(ctx, &c, c.v);
    args.o = fx_output(ctx, CLGRPO_F32, 3, FX_SHAPE(2, 1, 32));
    args.scale = 0.2f;
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.prefix_slot = (struct clgrpo_tensor){0}, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.prefix_length = (struct clgrpo_tensor){0}, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.prefix_slot.shape[0] = 1, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.prefix_length.dtype = CLGRPO_U32, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.k_cache.dtype = CLGRPO_F16, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.v_cache.dtype = CLGRPO_I32, CLGRPO_E_DTYPE);
    fx_release_all(&args.q, &args.slot, &args.position, &args.prefix_slot, &args.prefix_length, &args.k_cache,
                   &args.v_cache, &args.o);
    cache_free(&c);
}
END_TEST

/* A tensor's values in another storage type, on the device. */
static struct clgrpo_tensor
converted(struct clgrpo_context *ctx, const struct clgrpo_tensor *x, enum clgrpo_dtype to)
{
    const size_t n = clgrpo_tensor_elems(x);
    struct clgrpo_cast_args cast = CLGRPO_CAST_ARGS_INIT;
    struct clgrpo_tensor y = fx_output(ctx, to, x->rank, x->shape);

    cast.x = clgrpo_tensor_view(x->buf, x->offset, x->dtype, 1, &n);
    cast.y = clgrpo_tensor_view(y.buf, y.offset, to, 1, &n);
    fx_ok(ctx, clgrpo_cast(ctx, &cast, clgrpo_context_queue(ctx), 0, NULL, NULL));
    return y;
}

static void
check_halves(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t H, size_t K, size_t D, const struct tokens *t)
{
    struct cache c = cache_random(3, K, 128, D);
    struct clgrpo_tensor k = upload_k(ctx, &c, c.k), v = upload_v(ctx, &c, c.v);
    struct clgrpo_tensor k16 = converted(ctx, &k, dtype), v16 = converted(ctx, &v, dtype);
    struct clgrpo_tensor k32 = converted(ctx, &k16, CLGRPO_F32), v32 = converted(ctx, &v16, CLGRPO_F32);
    float *got = decode(ctx, H, D, t, k16, v16), *want = decode(ctx, H, D, t, k32, v32);

    fx_same_bits("halves and what they hold", got, want, t->n * H * D * sizeof *got);
    free(got);
    free(want);
    fx_release_all(&k, &v, &k16, &v16, &k32, &v32);
    cache_free(&c);
}

START_TEST(halves_have_the_bits_of_what_they_hold)
{
    enum { N = 7 };
    static const int32_t slot[N] = {0, 1, 2, 2, 2, 1, 0}, position[N] = {63, 100, 64, 65, 66, 2, 127};
    static const int32_t prefix_slot[N] = {0, 2, 1, 1, 1, 0, 0}, prefix_length[N] = {0, 64, 64, 64, 64, 0, 0};
    static const size_t heads[][3] = {{2, 1, 32}, {6, 2, 64}, {4, 4, 128}};
    static const enum clgrpo_dtype dtypes[] = {CLGRPO_F16, CLGRPO_BF16};
    struct tokens t = {N, slot, position, NULL, NULL}, few = {3, slot, position, prefix_slot, prefix_length};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t i = 0; i < (fx_small() ? 1 : 3); i++)
        for (size_t d = 0; d < 2; d++) {
            check_halves(ctx, dtypes[d], heads[i][0], heads[i][1], heads[i][2], &t);
            check_halves(ctx, dtypes[d], heads[i][0], heads[i][1], heads[i][2], &few);
        }
}
END_TEST

/* A cache of halves is what the cast makes of the f32 cache, whatever is appended. */
START_TEST(append_rounds)
{
    enum { N = 6, S = 2, K = 3, L = 64, D = 32 };
    static const int32_t slot[N] = {0, 1, 1, 0, 1, 2}, position[N] = {0, 0, 63, 17, 40, 0};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_kv_append_args args = CLGRPO_KV_APPEND_ARGS_INIT;
    struct cache c = cache_random(S, K, L, D);
    float *k = fx_random(N * K * D, 3000.0f, 31), *v = fx_random(N * K * D, 1e-6f, 32); /* f16: to 1e4 and subnormal */
    struct clgrpo_tensor k32 = upload_k(ctx, &c, c.k), v32 = upload_v(ctx, &c, c.v);

    args.k = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, K, D), k);
    args.v = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, K, D), v);
    args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), slot);
    args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), position);
    for (int d = 0; d < 2; d++) {
        const enum clgrpo_dtype dtype = d == 0 ? CLGRPO_F16 : CLGRPO_BF16;
        struct clgrpo_tensor k16 = converted(ctx, &k32, dtype), v16 = converted(ctx, &v32, dtype), k_want, v_want;
        struct clgrpo_tensor k_plain = upload_k(ctx, &c, c.k), v_plain = upload_v(ctx, &c, c.v);
        void *got, *want;

        args.k_cache = k16;
        args.v_cache = v16;
        fx_ok(ctx, clgrpo_kv_append(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
        args.k_cache = k_plain;
        args.v_cache = v_plain;
        fx_ok(ctx, clgrpo_kv_append(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
        k_want = converted(ctx, &k_plain, dtype);
        v_want = converted(ctx, &v_plain, dtype);
        got = fx_download(ctx, &k16);
        want = fx_download(ctx, &k_want);
        fx_same_bits("k_cache", got, want, cache_elems(&c) * 2);
        free(got);
        free(want);
        got = fx_download(ctx, &v16);
        want = fx_download(ctx, &v_want);
        fx_same_bits("v_cache", got, want, cache_elems(&c) * 2);
        free(got);
        free(want);
        fx_release_all(&k16, &v16, &k_want, &v_want, &k_plain, &v_plain);
    }
    fx_release_all(&args.k, &args.v, &args.slot, &args.position, &k32, &v32);
    free(k);
    free(v);
    cache_free(&c);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("attention_cache");

    fx_family_tests(t, prefixes_have_the_bits_of_one_slot, prefixes_out_of_range_give_zeros, bad_prefix_arguments,
                    halves_have_the_bits_of_what_they_hold, append_rounds);
    if (!fx_small())
        fx_family_tests(t, a_long_run);
    return fx_main();
}
