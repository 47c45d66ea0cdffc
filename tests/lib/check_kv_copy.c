/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

/* One cache: host images of what its two buffers hold, `pad` elements into each. */
struct cache {
    enum clgrpo_dtype dtype;
    size_t n_slots, n_keys, n_positions, dim, pad, elems, size;
    unsigned char *k_host, *v_host;
    struct clgrpo_tensor k_buf, v_buf, k, v;
};

/* Bits of every kind but those of infinities and NaN: the top of the exponent is 0. */
static unsigned char *
finite_bits(size_t elems, size_t size, uint64_t seed)
{
    unsigned char *bits = (unsigned char *)fx_random_i32(elems * size / 4 + 1, INT32_MAX, seed);

    for (size_t i = 0; i < elems; i++)
        bits[i * size + size - 1] = (unsigned char)((bits[i * size + size - 1] & 0x3f) | (i % 2 << 7));
    return bits;
}

static void
cache_create(struct clgrpo_context *ctx, struct cache *c, uint64_t seed)
{
    const size_t blocks = c->n_positions / CLGRPO_ATTENTION_BLOCK, wide = c->dim * CLGRPO_ATTENTION_BLOCK;

    c->size = clgrpo_dtype_bytes(c->dtype);
    c->elems = c->n_slots * c->n_keys * c->n_positions * c->dim;
    c->k_host = finite_bits(c->elems + c->pad, c->size, seed);
    c->v_host = finite_bits(c->elems + c->pad, c->size, seed + 1);
    c->k_buf = fx_upload(ctx, c->dtype, 1, FX_SHAPE(c->elems + c->pad), c->k_host);
    c->v_buf = fx_upload(ctx, c->dtype, 1, FX_SHAPE(c->elems + c->pad), c->v_host);
    c->k = clgrpo_tensor_view(c->k_buf.buf, c->k_buf.offset + c->pad, c->dtype, 4,
                              FX_SHAPE(c->n_slots, c->n_keys, blocks, wide));
    c->v = clgrpo_tensor_view(c->v_buf.buf, c->v_buf.offset + c->pad, c->dtype, 4,
                              FX_SHAPE(c->n_slots, c->n_keys, c->n_positions, c->dim));
}

static void
cache_release(struct cache *c)
{
    fx_release_all(&c->k_buf, &c->v_buf);
    free(c->k_host);
    free(c->v_host);
}

static void
copy(struct clgrpo_context *ctx, const struct cache *c, size_t n, const int32_t *source, const int32_t *target,
     const int32_t *length)
{
    struct clgrpo_kv_copy_args args = CLGRPO_KV_COPY_ARGS_INIT;

    args.k_cache = c->k;
    args.v_cache = c->v;
    args.source = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n), source);
    args.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n), target);
    args.length = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n), length);
    fx_ok(ctx, clgrpo_kv_copy(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    fx_release_all(&args.source, &args.target, &args.length);
}

/* Key blocks and blocks of values lie alike: a slot's head is L rows of D elements, of which whole blocks are
 * copied. */
static void
expect_copy(const struct cache *c, size_t source, size_t target, size_t length, const unsigned char *was,
            unsigned char *want)
{
    const size_t row = c->dim * c->size, head = c->n_positions * row, block = CLGRPO_ATTENTION_BLOCK;

    was += c->pad * c->size;
    want += c->pad * c->size;
    for (size_t g = 0; g < c->n_keys; g++)
        memcpy(want + (target * c->n_keys + g) * head, was + (source * c->n_keys + g) * head,
               (length + block - 1) / block * block * row);
}

/* The whole of both buffers after the entries that are valid; `valid` says which. */
static void
check_cache(struct clgrpo_context *ctx, const struct cache *c, size_t n, const int32_t *source, const int32_t *target,
            const int32_t *length, const bool *valid)
{
    const size_t bytes = (c->elems + c->pad) * c->size;

    for (int key = 0; key < 2; key++) {
        const unsigned char *was = key ? c->k_host : c->v_host;
        unsigned char *got = fx_download(ctx, key ? &c->k_buf : &c->v_buf), *want = malloc(bytes);

        ck_assert_ptr_nonnull(want);
        memcpy(want, was, bytes);
        for (size_t i = 0; i < n; i++)
            if (valid == NULL || valid[i])
                expect_copy(c, (size_t)source[i], (size_t)target[i], (size_t)length[i], was, want);
        fx_same_bits(key ? "k_cache" : "v_cache", got, want, bytes);
        free(got);
        free(want);
    }
}

/* Lengths at the edges of blocks, several targets to a source, any number of entries, and every word that the simt
 * family moves: views that begin 0, 1, 2 and 4 elements into a buffer. */
START_TEST(copies_the_positions_and_nothing_else)
{
    enum { S = 12, L = 192, N = 8 };
    static const int32_t source[N] = {3, 3, 0, 3, 7, 11, 3, 0}, target[N] = {1, 10, 4, 5, 8, 2, 9, 6};
    static const int32_t length[N] = {64, 1, 63, 0, 65, 128, L, L};
    static const size_t counts[] = {N, 1, 0, 3}, dims[] = {32, 64, 128}, pads[] = {0, 1, 2, 4};
    static const enum clgrpo_dtype dtypes[] = {CLGRPO_F32};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t t = 0; t < sizeof dtypes / sizeof *dtypes; t++)
        for (size_t i = 0; i < (fx_small() ? 2 : 12); i++) {
            struct cache c = {.dtype = dtypes[t], .n_slots = S, .n_keys = 1 + i / 3 % 3, .n_positions = L};

            c.dim = dims[i % 3];
            c.pad = pads[(i + i / 4) % 4];
            cache_create(ctx, &c, 10 * i);
            copy(ctx, &c, counts[i % 4], source, target, length);
            check_cache(ctx, &c, counts[i % 4], source, target, length, NULL);
            cache_release(&c);
        }
}
END_TEST

START_TEST(thousands_in_one_call)
{
    enum { S = 3001 };
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct cache c = {.dtype = CLGRPO_F32, .n_slots = S, .n_keys = 1, .n_positions = 64, .dim = 32};
    int32_t *source = calloc(3 * S, sizeof *source), *target = source + S, *length = target + S;

    ck_assert_ptr_nonnull(source);
    for (int32_t i = 0; i < S - 1; i++) {
        source[i] = 1700;
        target[i] = (i * 7 + 1) % S; /* no slot twice; the source's own entry is skipped */
        length[i] = 1 + i % 64;
    }
    cache_create(ctx, &c, 7);
    copy(ctx, &c, S - 1, source, target, length);
    check_cache(ctx, &c, S - 1, source, target, length, NULL);
    cache_release(&c);
    free(source);
}
END_TEST

START_TEST(skips_what_is_out_of_range)
{
    enum { S = 4, L = 64, N = 11 };
    static const int32_t source[N] = {-1, S, INT32_MIN, 0, 0, 0, 0, 0, 1, 0, 2};
    static const int32_t target[N] = {1, 1, 1, -1, S, 1, 1, 1, 1, INT32_MAX, 3};
    static const int32_t length[N] = {9, 9, 9, 9, 9, -1, L + 1, INT32_MAX, 9, 9, 9};
    static const bool valid[N] = {[N - 1] = true};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct cache c = {.dtype = CLGRPO_F32, .n_slots = S, .n_keys = 2, .n_positions = L, .dim = 32};

    cache_create(ctx, &c, 3);
    copy(ctx, &c, N, source, target, length);
    check_cache(ctx, &c, N, source, target, length, valid);
    cache_release(&c);
}
END_TEST

/* Keys and values of any kind, NaN of every payload too. */
START_TEST(moves_bits)
{
    static const int32_t source = 1, target = 0, length = 64;
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct cache c = {.dtype = CLGRPO_F32, .n_slots = 2, .n_keys = 1, .n_positions = 64, .dim = 32};
    uint32_t *bits;

    cache_create(ctx, &c, 5);
    bits = (uint32_t *)c.k_host;
    for (size_t i = 0; i < c.elems; i++)
        bits[i] |= i % 3 == 0 ? 0x7f800000u : 0;
    fx_release(&c.k_buf);
    c.k_buf = fx_upload(ctx, c.dtype, 1, FX_SHAPE(c.elems), c.k_host);
    c.k.buf = c.k_buf.buf;
    copy(ctx, &c, 1, &source, &target, &length);
    check_cache(ctx, &c, 1, &source, &target, &length, NULL);
    cache_release(&c);
}
END_TEST

enum { HEADS = 2, DIM = 32, MAX_TOKENS = 130 };

/* Tokens of a history: token i of `seed` has the same key and value wherever it goes. */
static void
append(struct clgrpo_context *ctx, const struct cache *c, int32_t slot, int32_t from, int32_t to, uint64_t seed)
{
    struct clgrpo_kv_append_args args = CLGRPO_KV_APPEND_ARGS_INIT;
    const size_t n = (size_t)(to - from), at = (size_t)from * DIM;
    float *k = fx_random((size_t)MAX_TOKENS * DIM, 1.0f, seed),
          *v = fx_random((size_t)MAX_TOKENS * DIM, 1.0f, seed + 1);
    int32_t slots[MAX_TOKENS], positions[MAX_TOKENS];

    for (int32_t i = 0; i < to - from; i++) {
        slots[i] = slot;
        positions[i] = from + i;
    }
    args.k = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(n, 1, DIM), k + at);
    args.v = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(n, 1, DIM), v + at);
    args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n), slots);
    args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(n), positions);
    args.k_cache = c->k;
    args.v_cache = c->v;
    fx_ok(ctx, clgrpo_kv_append(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    fx_release_all(&args.k, &args.v, &args.slot, &args.position);
    free(k);
    free(v);
}

/* The attention of one query, always the same, at `position` of `slot`. */
static void
decode(struct clgrpo_context *ctx, const struct cache *c, int32_t slot, int32_t position, float o[HEADS * DIM])
{
    struct clgrpo_attention_decode_args args = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    float *q = fx_random(HEADS * DIM, 1.0f, 99), *got;

    args.q = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(1, HEADS, DIM), q);
    args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(1), &slot);
    args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(1), &position);
    args.k_cache = c->k;
    args.v_cache = c->v;
    args.o = fx_output(ctx, CLGRPO_F32, 3, FX_SHAPE(1, HEADS, DIM));
    args.scale = 0.2f;
    fx_ok(ctx, clgrpo_attention_decode(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download(ctx, &args.o);
    memcpy(o, got, HEADS * DIM * sizeof *o);
    free(got);
    free(q);
    fx_release_all(&args.q, &args.slot, &args.position, &args.o);
}

/* Slots 1 and 2 fork what slot 0 holds of its first `n` tokens; 1 goes on as 0 does, 2 as 3, which was told it all. */
START_TEST(forks_decode_as_their_source)
{
    static const int32_t lengths[] = {65, 1, 63, 64, 128}, sources[] = {0, 0}, targets[] = {2, 1};
    static const char *const names[] = {"shared", "forked, same token", "forked, other token"};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));

    for (size_t i = 0; i < (fx_small() ? 1 : 5); i++) {
        struct cache c = {.dtype = CLGRPO_F32, .n_slots = 4, .n_keys = 1, .n_positions = 192, .dim = DIM};
        const int32_t n = lengths[i], both[] = {n, n};
        float o[4][HEADS * DIM];

        cache_create(ctx, &c, 20);        /* whatever a slot held before */
        append(ctx, &c, 0, 0, n + 1, 30); /* the source is one token further */
        append(ctx, &c, 3, 0, n, 30);
        append(ctx, &c, 3, n, n + 1, 40);
        copy(ctx, &c, 2, sources, targets, both);
        decode(ctx, &c, 0, n - 1, o[0]);
        decode(ctx, &c, 1, n - 1, o[1]);
        fx_same_bits(names[0], o[0], o[1], sizeof o[0]);
        append(ctx, &c, 1, n, n + 1, 30);
        append(ctx, &c, 2, n, n + 1, 40);
        for (int32_t slot = 0; slot < 4; slot++)
            decode(ctx, &c, slot, n, o[slot]);
        fx_same_bits(names[1], o[1], o[0], sizeof o[0]);
        fx_same_bits(names[2], o[2], o[3], sizeof o[0]);
        ck_assert_mem_ne(o[1], o[2], sizeof o[0]);
        cache_release(&c);
    }
}
END_TEST

START_TEST(bad_arguments)
{
    static const int32_t index[2] = {0, 1};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_kv_copy_args args = CLGRPO_KV_COPY_ARGS_INIT;
    struct cache c = {.dtype = CLGRPO_F32, .n_slots = 2, .n_keys = 2, .n_positions = 64, .dim = 64};

    cache_create(ctx, &c, 1);
    args.source = args.target = args.length = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(2), index);
    args.k_cache = c.k;
    args.v_cache = c.v;
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.struct_size = 1, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.source.buf = NULL, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.v_cache.buf = NULL, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.source.dtype = CLGRPO_F32, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.target.dtype = CLGRPO_U32, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.k_cache.dtype = CLGRPO_I32, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.v_cache.dtype = CLGRPO_U64, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.target.shape[0] = 1, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.length.shape[0] = 1, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.source.rank = 2, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.k_cache.shape[1] = 1, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.k_cache.shape[2] = 2, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.v_cache.shape[2] = 32, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.v_cache.stride[0] += 4, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.v_cache.shape[3] = 48, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.k_cache.offset += (size_t)1 << 40, CLGRPO_E_BOUNDS);
    fx_refuses(ctx, clgrpo_kv_copy, args, bad.length.offset += (size_t)1 << 40, CLGRPO_E_BOUNDS);
    check_cache(ctx, &c, 0, NULL, NULL, NULL, NULL);
    fx_release(&args.source);
    cache_release(&c);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("kv_copy");

    fx_family_tests(t, copies_the_positions_and_nothing_else, skips_what_is_out_of_range, moves_bits,
                    forks_decode_as_their_source, bad_arguments);
    if (!fx_small())
        fx_family_tests(t, thousands_in_one_call);
    return fx_main();
}
