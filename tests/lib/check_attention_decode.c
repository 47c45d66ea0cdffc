/* SPDX-License-Identifier: Apache-2.0 */
#include "attention_case.h"

#include <stdlib.h>
#include <string.h>

#include "stored.h"

/* A cache of `slots` slots, and the slot that each sequence of a case lives in. */
struct cache {
    size_t n_slots, n_positions;
    struct clgrpo_tensor k, v;
    int32_t slot_of[CASE_MAX_SEQUENCES];
};

static struct cache
cache_create(struct clgrpo_context *ctx, const struct attention_case *c)
{
    const struct attention_shape *s = &c->shape;
    struct cache cache = {.n_slots = s->n_sequences + 2, .n_positions = (c->max_len + 64) / 64 * 64};
    size_t n = cache.n_slots * s->K * cache.n_positions * s->D, blocks = cache.n_positions / 64;
    float *zeros = calloc(n, sizeof *zeros);

    ck_assert_ptr_nonnull(zeros);
    cache.k = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(cache.n_slots, s->K, blocks, s->D * 64), zeros);
    cache.v = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(cache.n_slots, s->K, cache.n_positions, s->D), zeros);
    for (size_t b = 0; b < s->n_sequences; b++)
        cache.slot_of[b] = (int32_t)((b * 7 + 1) % cache.n_slots); /* two slots stay unused, order is not the batch's */
    free(zeros);
    return cache;
}

static void
cache_release(struct cache *cache)
{
    fx_release_all(&cache->k, &cache->v);
}

/* Which tokens go into one call: rows of the case, with their sequences. */
struct step {
    size_t n;
    int32_t *row, *slot, *position;
};

static struct step
step_create(size_t capacity)
{
    struct step s = {0, malloc((capacity + 1) * sizeof(int32_t)), malloc((capacity + 1) * sizeof(int32_t)),
                     malloc((capacity + 1) * sizeof(int32_t))};

    return s;
}

static void
step_add(struct step *s, const struct attention_case *c, const struct cache *cache, size_t b, size_t position)
{
    s->row[s->n] = c->offsets_host[b] + (int32_t)position;
    s->slot[s->n] = cache->slot_of[b];
    s->position[s->n++] = (int32_t)position;
}

static void
step_free(struct step *s)
{
    free(s->row);
    free(s->slot);
    free(s->position);
}

/* Rows `row` of x [..][width], uploaded as [n][heads][D] with a gap between rows. */
static struct clgrpo_tensor
gather(struct clgrpo_context *ctx, const struct attention_case *c, const struct step *s, const float *x, size_t heads)
{
    const size_t head_dim = c->shape.D, width = heads * head_dim;
    float *rows = malloc((s->n * width + 1) * sizeof *rows);
    struct clgrpo_tensor t;

    ck_assert_ptr_nonnull(rows);
    for (size_t i = 0; i < s->n; i++)
        memcpy(rows + i * width, x + (size_t)s->row[i] * width, width * sizeof *rows);
    t = fx_upload_strided_in(ctx, c->shape.type, s->n, width, width + 7, rows);
    t.rank = 3;
    t.shape[1] = heads;
    t.shape[2] = head_dim;
    t.stride[1] = head_dim;
    t.stride[2] = 1;
    free(rows);
    return t;
}

/* Appends the step's keys and values, then attends; rows of o of the case are filled in. */
static void
run_step(struct clgrpo_context *ctx, const struct attention_case *c, const struct cache *cache, const struct step *s,
         float *o)
{
    const struct attention_shape *shape = &c->shape;
    struct clgrpo_kv_append_args append = CLGRPO_KV_APPEND_ARGS_INIT;
    struct clgrpo_attention_decode_args args = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    size_t width = shape->H * shape->D;
    float *got;

    append.k = gather(ctx, c, s, c->k_host, shape->K);
    append.v = gather(ctx, c, s, c->v_host, shape->K);
    append.slot = args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(s->n), s->slot);
    append.position = args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(s->n), s->position);
    append.k_cache = args.k_cache = cache->k;
    append.v_cache = args.v_cache = cache->v;
    args.q = gather(ctx, c, s, c->q_host, shape->H);
    args.o = fx_output(ctx, shape->type, 3, FX_SHAPE(s->n, shape->H, shape->D));
    args.scale = c->scale;
    fx_ok(ctx, clgrpo_kv_append(ctx, &append, clgrpo_context_queue(ctx), 0, NULL, NULL));
    fx_ok(ctx, clgrpo_attention_decode(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download_in(ctx, &args.o);
    for (size_t i = 0; i < s->n; i++)
        memcpy(o + (size_t)s->row[i] * width, got + i * width, width * sizeof *o);
    free(got);
    fx_release_all(&append.k, &append.v, &append.slot, &append.position, &args.q, &args.o);
}

/* Every sequence in chunks of `chunk` tokens, one chunk of each sequence to a call; chunk 0: lengths that vary. */
static float *
decode_all(struct clgrpo_context *ctx, const struct attention_case *c, size_t chunk)
{
    struct cache cache = cache_create(ctx, c);
    float *o = malloc((c->n_rows * c->shape.H * c->shape.D + 1) * sizeof *o);
    size_t done[CASE_MAX_SEQUENCES] = {0};

    ck_assert_ptr_nonnull(o);
    for (size_t turn = 0;; turn++) {
        struct step s = step_create(c->n);

        for (size_t b = 0; b < c->shape.n_sequences; b++) {
            size_t want = chunk > 0 ? chunk : 1 + (turn * 7 + b * 3) % 19;

            for (size_t i = 0; i < want && done[b] < c->shape.lens[b]; i++)
                step_add(&s, c, &cache, b, done[b]++);
        }
        if (s.n > 0)
            run_step(ctx, c, &cache, &s, o);
        step_free(&s);
        if (s.n == 0)
            break;
    }
    cache_release(&cache);
    return o;
}

static void
check_case(struct clgrpo_context *ctx, const struct attention_shape *shape, size_t chunk, uint64_t seed)
{
    struct attention_case *c = attention_case_create(ctx, shape, seed);
    size_t rows = c->n * shape->H;
    double *want = calloc(rows * shape->D, sizeof *want), *size = calloc(rows * shape->D, sizeof *want);
    double *lse = calloc(2 * rows, sizeof *lse);
    float *got = decode_all(ctx, c, chunk);

    ref_attention_forward(&c->ref, c->q64, c->k64, c->v64, want, lse, size, lse + rows);
    fx_close_in(shape->type, "o", got, want, size, rows * shape->D, 1.0, shape->D + c->max_len);
    free(got);
    free(want);
    free(size);
    free(lse);
    attention_case_destroy(c);
}

START_TEST(matches_the_reference)
{
    static const size_t dims[] = {32, 64, 128};
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_FEW_STORAGES));

    for (size_t d = 0; d < 3; d++)
        for (size_t group = 1; group <= 4; group *= 2) {
            struct attention_shape s = {
                .H = group, .K = 1, .D = dims[d], .causal = true, .size = 1.0f, .type = fx_few_storage(_i)};

            attention_mixed_lens(&s);
            check_case(ctx, &s, 11, 10 * d + group);
        }
}
END_TEST

START_TEST(odd_head_counts)
{
    static const size_t heads[][2] = {{3, 1}, {7, 1}, {10, 2}};

    for (size_t i = 0; i < 3; i++)
        for (size_t chunk = 1; chunk < 4; chunk += 2) {
            struct attention_shape s = {.H = heads[i][0], .K = heads[i][1], .D = 32, .causal = true, .size = 1.0f};

            s.n_sequences = 2;
            s.lens[0] = 7;
            s.lens[1] = 3;
            check_case(fx_context(fx_family(_i)), &s, chunk, 40 + i);
        }
}
END_TEST

/* The bits of every row: training forward, token by token, chunks of several lengths, all sequences' chunks in one
 * call. 9 heads of a key head are more than one group takes, and not evenly. Zeros are compared with their sign. */
START_TEST(batch_invariance_with_the_forward)
{
    static const struct {
        size_t H, K, D;
        float size;
    } cases[] = {{9, 1, 32, 1.0f}, {4, 1, 32, 1.0f}, {2, 2, 64, 8.0f}, {2, 1, 128, 1.0f}, {10, 2, 128, 1.0f}};
    static const size_t chunks[] = {1, 0, 6, 64, 200};
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_FEW_STORAGES));

    for (size_t i = 0; i < (fx_small() ? 1 : sizeof cases / sizeof *cases);
         i += fx_few_storage(_i) == CLGRPO_F32 ? 1 : 2) {
        struct attention_shape s = {.H = cases[i].H,
                                    .K = cases[i].K,
                                    .D = cases[i].D,
                                    .causal = true,
                                    .size = cases[i].size,
                                    .type = fx_few_storage(_i)};
        struct attention_case *c;
        float *trained;

        attention_mixed_lens(&s);
        c = attention_case_create(ctx, &s, 100 + i);
        trained = attention_case_forward(ctx, c, NULL);
        for (size_t j = fx_small() ? 3 : 0; j < sizeof chunks / sizeof *chunks; j++) {
            float *decoded = decode_all(ctx, c, chunks[j]);

            fx_same_bits("decoded and trained", decoded, trained, c->n * s.H * s.D * sizeof *decoded);
            free(decoded);
        }
        free(trained);
        attention_case_destroy(c);
    }
}
END_TEST

/* Likewise where sums underflow to -0, which one more masked key would turn into +0. */
START_TEST(batch_invariance_of_zeros)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct attention_shape s = {.H = 2, .K = 1, .D = 32, .causal = true, .size = 4.0f};
    struct attention_case *c;
    float *trained;

    attention_mixed_lens(&s);
    c = attention_case_create(ctx, &s, 120);
    for (size_t i = 0; i < c->n_rows * s.D; i++)
        c->v_host[i] = (i / s.D + i) % 4 == 0 ? 0.0f : (i / s.D) % 3 == 0 ? -0.0f : -1.4e-45f;
    attention_case_refresh(ctx, c);
    trained = attention_case_forward(ctx, c, NULL);
    for (size_t chunk = 1; chunk < 9; chunk += 7) {
        float *decoded = decode_all(ctx, c, chunk);

        fx_same_bits("decoded and trained zeros", decoded, trained, c->n * s.H * s.D * sizeof *decoded);
        free(decoded);
    }
    free(trained);
    attention_case_destroy(c);
}
END_TEST

/* kv_append puts each element where the layout says and nothing else; a pair out of range is skipped. */
START_TEST(append_follows_the_layout)
{
    enum { SLOTS = 3, K = 2, D = 32, L = 128, N = 5 };
    static const int32_t slot[N] = {2, 0, -1, 3, 1}, position[N] = {65, 127, 4, 5, 128};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_kv_append_args args = CLGRPO_KV_APPEND_ARGS_INIT;
    float *k = fx_random(N * K * D, 1.0f, 1), *v = fx_random(N * K * D, 1.0f, 2);
    float *zeros = calloc(SLOTS * K * L * D, sizeof *zeros), *k_want = calloc(SLOTS * K * L * D, sizeof *zeros);
    float *v_want = calloc(SLOTS * K * L * D, sizeof *zeros), *got;

    for (size_t n = 0; n < 2; n++)
        for (size_t g = 0; g < K; g++)
            for (size_t d = 0; d < D; d++) {
                size_t at = ((size_t)slot[n] * K + g) * L, p = (size_t)position[n], from = (n * K + g) * D + d;

                k_want[(at + p / 64 * 64) * D + d * 64 + p % 64] = k[from];
                v_want[(at + p) * D + d] = v[from];
            }
    args.k = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, K, D), k);
    args.v = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, K, D), v);
    args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), slot);
    args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), position);
    args.k_cache = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(SLOTS, K, L / 64, D * 64), zeros);
    args.v_cache = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(SLOTS, K, L, D), zeros);
    fx_ok(ctx, clgrpo_kv_append(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download(ctx, &args.k_cache);
    fx_same_bits("k_cache", got, k_want, SLOTS * K * L * D * sizeof *got);
    free(got);
    got = fx_download(ctx, &args.v_cache);
    fx_same_bits("v_cache", got, v_want, SLOTS * K * L * D * sizeof *got);
    free(got);
    args.k_cache.shape[2] = 1;
    fx_fails(ctx, clgrpo_kv_append(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_SHAPE);
    args.k_cache.shape[2] = 2;
    args.slot.dtype = CLGRPO_F32;
    fx_fails(ctx, clgrpo_kv_append(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL), CLGRPO_E_DTYPE);
    fx_release_all(&args.k, &args.v, &args.slot, &args.position, &args.k_cache, &args.v_cache);
    free(k);
    free(v);
    free(zeros);
    free(k_want);
    free(v_want);
}
END_TEST

/* Tokens out of range give zeros, also between valid ones of one slot; wrong shapes are refused. */
START_TEST(out_of_range_and_bad_arguments)
{
    enum { SLOTS = 2, K = 1, H = 2, D = 32, L = 64, N = 7 };
    static const int32_t slot[N] = {1, 1, 1, 2, -1, 0, 0}, position[N] = {0, -1, 0, 0, 0, 64, 0};
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    struct clgrpo_attention_decode_args args = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    float *q = fx_random(N * H * D, 1.0f, 1), *cache = fx_random(SLOTS * K * L * D, 1.0f, 2), *got;

    args.q = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, H, D), q);
    args.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), slot);
    args.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), position);
    args.k_cache = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(SLOTS, K, L / 64, D * 64), cache);
    args.v_cache = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(SLOTS, K, L, D), cache);
    args.o = fx_output(ctx, CLGRPO_F32, 3, FX_SHAPE(N, H, D));
    args.scale = 0.25f;
    fx_ok(ctx, clgrpo_attention_decode(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    got = fx_download(ctx, &args.o);
    for (size_t n = 0; n < N; n++)
        for (size_t i = 0; i < H * D; i++) {
            bool valid = n == 0 || n == 2 || n == 6;
            float want = valid ? cache[(size_t)slot[n] * L * D + i % D] : 0.0f; /* one key: o is its value */

            ck_assert_msg(got[n * H * D + i] == want, "token %zu, element %zu is %g, want %g", n, i,
                          (double)got[n * H * D + i], (double)want);
        }
    free(got);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.struct_size = 1, CLGRPO_E_ARGUMENT);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.o.shape[1] = 1, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.slot.shape[0] = 3, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.v_cache.shape[2] = 32, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.v_cache.stride[0] += 4, CLGRPO_E_SHAPE);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.k_cache.offset += (size_t)1 << 40, CLGRPO_E_BOUNDS);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.position.dtype = CLGRPO_U32, CLGRPO_E_DTYPE);
    fx_refuses(ctx, clgrpo_attention_decode, args, bad.scale = 0.0f, CLGRPO_E_VALUE);
    fx_release_all(&args.q, &args.slot, &args.position, &args.k_cache, &args.v_cache, &args.o);
    free(q);
    free(cache);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("attention_decode");

    fx_family_tests(t, append_follows_the_layout, out_of_range_and_bad_arguments);
    fx_few_storage_tests(t, batch_invariance_with_the_forward);
    if (!fx_small()) { /* the rest walks the same kernels */
        fx_family_tests(t, odd_head_counts, batch_invariance_of_zeros);
        fx_few_storage_tests(t, matches_the_reference);
    }
    return fx_main();
}
