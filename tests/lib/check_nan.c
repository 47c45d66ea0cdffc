/* SPDX-License-Identifier: Apache-2.0 */
/* A NaN of an input is one in every output that depends on it, and in no row of another sequence, slot or token. */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { H = 4, K = 2, D = 32, V = 1100, E = 48 };

/* NaN as 0/0 gives it, and one of all bits, which NVIDIA's hardware makes. */
static const uint32_t nans[] = {0x7fc00000, 0xffc00000, 0x7fffffff, 0xffffffff};
enum { NANS = sizeof nans / sizeof nans[0] };

static float
nan_of(int kind)
{
    float x;

    memcpy(&x, &nans[kind], sizeof x);
    return x;
}

/* ---- Attention ---- */

/* Two sequences; the NaN is in the first. */
enum { LEN = 70, N = LEN + 5 };
struct inputs {
    float *q, *k, *v;
};

static struct inputs
make_inputs(void)
{
    return (struct inputs){fx_random(N * H * D, 1.0f, 1), fx_random(N * K * D, 1.0f, 2), fx_random(N * K * D, 1.0f, 3)};
}

static void
free_inputs(struct inputs *x)
{
    free(x->q);
    free(x->k);
    free(x->v);
}

/* o [N][H][D], and lse [N][H] where it is not NULL. */
static float *
attend(struct clgrpo_context *ctx, const struct inputs *x, float **lse)
{
    static const int32_t offsets[3] = {0, LEN, N};
    struct clgrpo_attention_args a = CLGRPO_ATTENTION_ARGS_INIT;
    float *o;

    a.q = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, H, D), x->q);
    a.k = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, K, D), x->k);
    a.v = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, K, D), x->v);
    a.offsets = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(3), offsets);
    a.o = fx_output(ctx, CLGRPO_F32, 3, FX_SHAPE(N, H, D));
    a.lse = fx_output(ctx, CLGRPO_F32, 2, FX_SHAPE(N, H));
    a.max_len = LEN;
    a.scale = 0.2f;
    fx_ok(ctx, clgrpo_attention(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    o = fx_download(ctx, &a.o);
    *lse = fx_download(ctx, &a.lse);
    fx_release_all(&a.q, &a.k, &a.v, &a.offsets, &a.o, &a.lse);
    return o;
}

/* The tokens of both sequences, each in a slot of its own, appended and then decoded. */
static float *
decode(struct clgrpo_context *ctx, const struct inputs *x)
{
    enum { L = 128 };
    struct clgrpo_kv_append_args append = CLGRPO_KV_APPEND_ARGS_INIT;
    struct clgrpo_attention_decode_args a = CLGRPO_ATTENTION_DECODE_ARGS_INIT;
    float *zeros = calloc(2 * K * L * D, sizeof *zeros), *o;
    int32_t slot[N], position[N];

    for (int n = 0; n < N; n++) {
        slot[n] = n >= LEN;
        position[n] = n % LEN;
    }
    append.k = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, K, D), x->k);
    append.v = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, K, D), x->v);
    append.slot = a.slot = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), slot);
    append.position = a.position = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(N), position);
    append.k_cache = a.k_cache = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(2, K, L / 64, 64 * D), zeros);
    append.v_cache = a.v_cache = fx_upload(ctx, CLGRPO_F32, 4, FX_SHAPE(2, K, L, D), zeros);
    a.q = fx_upload(ctx, CLGRPO_F32, 3, FX_SHAPE(N, H, D), x->q);
    a.o = fx_output(ctx, CLGRPO_F32, 3, FX_SHAPE(N, H, D));
    a.scale = 0.2f;
    fx_ok(ctx, clgrpo_kv_append(ctx, &append, clgrpo_context_queue(ctx), 0, NULL, NULL));
    fx_ok(ctx, clgrpo_attention_decode(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    o = fx_download(ctx, &a.o);
    fx_release_all(&append.k, &append.v, &append.slot, &append.position, &append.k_cache, &append.v_cache, &a.q, &a.o);
    free(zeros);
    return o;
}

/* Rows `from` to LEN - 1, heads h0 .. h0 + n_h - 1, columns d0 .. d0 + n_d - 1 of o are NaN; the second sequence has the
 * bits of `clean`; with `alone`, so has every other element of the first. */
static void
check_o(const char *what, const float *o, const float *clean, int from, int to, int h0, int n_h, int d0, int n_d,
        bool alone)
{
    for (int n = 0; n < N; n++)
        for (int h = 0; h < H; h++)
            for (int d = 0; d < D; d++) {
                const size_t i = ((size_t)n * H + (size_t)h) * D + (size_t)d;
                const bool hit = n >= from && n < to && h >= h0 && h < h0 + n_h && d >= d0 && d < d0 + n_d;

                if (hit)
                    ck_assert_msg(isnan(o[i]), "%s: row %d, head %d, column %d is %g", what, n, h, d, (double)o[i]);
                else if (alone || n >= LEN)
                    ck_assert_msg(o[i] == clean[i], "%s: row %d, head %d, column %d is %g, without NaN %g", what, n, h,
                                  d, (double)o[i], (double)clean[i]);
            }
}

static void
check_attention(struct clgrpo_context *ctx, bool by_decode, int kind)
{
    enum { AT = 66, Q = 1 * D + 3, KV = 1 * D + 5 }; /* head 1 of each, which query heads 2 and 3 read */
    struct inputs x = make_inputs();
    float *lse = NULL, *clean = by_decode ? decode(ctx, &x) : attend(ctx, &x, &lse), *o;
    float *const where[] = {x.q + AT * H * D + Q, x.k + AT * K * D + KV, x.v + AT * K * D + KV};
    const char *name[] = {"q", "k", "v"};

    free(lse);
    for (int i = 0; i < 3; i++) {
        const float kept = *where[i];

        *where[i] = nan_of(kind);
        lse = NULL;
        o = by_decode ? decode(ctx, &x) : attend(ctx, &x, &lse);
        check_o(name[i], o, clean, AT, i == 0 ? AT + 1 : LEN, i == 0 ? 1 : 2, i == 0 ? 1 : 2, i == 2 ? 5 : 0,
                i == 2 ? 1 : D, i == 0);
        if (lse != NULL)
            ck_assert_msg(isnan(lse[AT * H + (i == 0 ? 1 : 2)]) == (i < 2), "%s: lse is %g", name[i],
                          (double)lse[AT * H + (i == 0 ? 1 : 2)]);
        free(o);
        free(lse);
        *where[i] = kept;
    }
    free(clean);
    free_inputs(&x);
}

START_TEST(attention)
{
    for (int kind = 0; kind < (fx_small() ? 1 : NANS); kind++)
        check_attention(fx_context(fx_family(_i)), false, kind);
}
END_TEST

START_TEST(attention_decode)
{
    for (int kind = 0; kind < (fx_small() ? 1 : NANS); kind++)
        check_attention(fx_context(fx_family(_i)), true, kind);
}
END_TEST

/* ---- The head ---- */

enum { ROWS = 5, BAD = 3 };

/* logprob, lse and entropy [3][ROWS] of rows x over the tokens of w. */
static float *
head(struct clgrpo_context *ctx, const float *x, const float *w)
{
    static const int32_t target[ROWS] = {7, 0, 1099, 511, 1024};
    struct clgrpo_linear_logprob_args a = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    struct clgrpo_tensor *const out[3] = {&a.logprob, &a.lse, &a.entropy};
    float *all = malloc(3 * ROWS * sizeof *all);
    size_t bytes;

    a.x = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(ROWS, E), x);
    a.w = fx_upload(ctx, CLGRPO_F32, 2, FX_SHAPE(V, E), w);
    a.target = fx_upload(ctx, CLGRPO_I32, 1, FX_SHAPE(ROWS), target);
    for (int i = 0; i < 3; i++)
        *out[i] = fx_output(ctx, CLGRPO_F32, 1, FX_SHAPE(ROWS));
    fx_ok(ctx, clgrpo_linear_logprob_workspace(ctx, &a, &bytes));
    a.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_linear_logprob(ctx, &a, clgrpo_context_queue(ctx), 0, NULL, NULL));
    for (int i = 0; i < 3; i++) {
        float *one = fx_download(ctx, out[i]);

        memcpy(all + i * ROWS, one, ROWS * sizeof *one);
        free(one);
        fx_release(out[i]);
    }
    fx_release_all(&a.x, &a.w, &a.target);
    fx_workspace_release(&a.workspace);
    return all;
}

/* Row BAD of all three is NaN, and the others have the bits of `clean`; or all are NaN. */
static void
check_head(const char *what, float *got, const float *clean, bool all)
{
    for (int i = 0; i < 3 * ROWS; i++)
        if (all || i % ROWS == BAD)
            ck_assert_msg(isnan(got[i]), "%s: output %d of row %d is %g", what, i / ROWS, i % ROWS, (double)got[i]);
        else
            ck_assert_msg(got[i] == clean[i], "%s: output %d of row %d is %g, without it %g", what, i / ROWS, i % ROWS,
                          (double)got[i], (double)clean[i]);
    free(got);
}

START_TEST(linear_logprob)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    float *x = fx_random(ROWS * E, 0.5f, 4), *w = fx_random(V * E, 0.5f, 5), *clean = head(ctx, x, w);

    for (int kind = 0; kind < (fx_small() ? 1 : NANS); kind++) {
        float *const at_x = x + BAD * E + 9, *const at_w = w + 600 * E + 2, kept_x = *at_x, kept_w = *at_w;

        *at_x = nan_of(kind);
        check_head("NaN in x", head(ctx, x, w), clean, false);
        *at_x = kept_x;
        *at_w = nan_of(kind); /* in every row's sum */
        check_head("NaN in w", head(ctx, x, w), clean, true);
        *at_w = kept_w;
    }
    for (int e = 0; e < E; e++)
        x[BAD * E + e] = e == 0 ? 1e38f : 0.0f; /* some logits overflow to infinity */
    for (int v = 0; v < V; v++)
        w[v * E] = v % 2 == 0 ? 90.0f : 0.5f;
    free(clean);
    clean = head(ctx, x, w);
    ck_assert_float_nan(clean[BAD]);
    for (int v = 0; v < V; v++)
        w[v * E] = -90.0f; /* all to minus infinity */
    free(clean);
    clean = head(ctx, x, w);
    for (int i = 0; i < 3; i++)
        ck_assert_float_nan(clean[i * ROWS + BAD]);
    free(x);
    free(w);
    free(clean);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("nan");

    fx_family_tests(tc, attention, attention_decode, linear_logprob);
    return fx_main();
}
