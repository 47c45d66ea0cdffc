/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "peers/peers.h"
#include "rows/row_groups.h"

/* A product, and copies of its matrices on the host, for OpenBLAS. */
struct gemm {
    struct clgrpo_gemm_args args;
    struct clgrpo_tensor packed;
    float *a, *b, *c;
    int m, n, k;
};

struct shape {
    const char *label; /* the name without "gemm.f32." */
    size_t m, n, k;
    bool trans_a, trans_b, accumulate, packed;
    bool halves; /* in storage of f16 and bf16 too */
    bool large;
};

/* Squares; the shapes of the reference trainer (width 128, feed-forward 352, vocabulary 1024); one and few rows, as in
 * decoding; heads of real models. */
static const struct shape shapes[] = {
    {"nn.256", 256, 256, 256, false, false, false, false, false, false},
    {"nn.512", 512, 512, 512, false, false, false, false, false, false},
    {"nn.1024", 1024, 1024, 1024, false, false, false, false, true, false},
    {"nn.2048", 2048, 2048, 2048, false, false, false, false, false, false},
    {"nt.1024", 1024, 1024, 1024, false, true, false, false, true, false},
    {"tn.1024", 1024, 1024, 1024, true, false, false, false, true, false},
    {"nt.4096x384x128", 4096, 384, 128, false, true, false, false, true, false},
    {"nt.4096x704x128", 4096, 704, 128, false, true, false, false, false, false},
    {"nt.4096x128x352", 4096, 128, 352, false, true, false, false, false, false},
    {"nn.4096x128x704", 4096, 128, 704, false, false, false, false, false, false},
    {"tn.704x128x4096", 704, 128, 4096, true, false, true, false, true, false},
    {"tn.128x352x4096", 128, 352, 4096, true, false, true, false, false, false},
    {"packed.1x384x128", 1, 384, 128, false, true, false, true, false, false},
    {"packed.64x704x128", 64, 704, 128, false, true, false, true, false, false},
    {"packed.256x704x128", 256, 704, 128, false, true, false, true, false, false},
    {"packed.8x2048x2048", 8, 2048, 2048, false, true, false, true, false, false},
    {"packed.1x2048x2048", 1, 2048, 2048, false, true, false, true, true, false},
    {"packed.64x2048x2048", 64, 2048, 2048, false, true, false, true, true, false},
    {"nt.512x49152x576", 512, 49152, 576, false, true, false, false, false, false},
    {"nn.4096", 4096, 4096, 4096, false, false, false, false, false, true},
    {"nn.8192", 8192, 8192, 8192, false, false, false, false, false, true},
    {"nt.4096x151936x2048", 4096, 151936, 2048, false, true, false, false, false, true},
    {"nt.4096x128256x4096", 4096, 128256, 4096, false, true, false, false, false, true},
};

static enum clgrpo_status
run_gemm(struct bench *b, void *arg)
{
    const struct gemm *g = arg;

    return clgrpo_gemm(b->ctx, &g->args, b->queue, 0, NULL, NULL);
}

static void
run_openblas(void *arg)
{
    enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };
    const struct gemm *g = arg;
    bool ta = g->args.trans_a, tb = g->args.trans_b;

    peer_openblas_load()->sgemm(ROW_MAJOR, ta ? TRANS : NO_TRANS, tb ? TRANS : NO_TRANS, g->m, g->n, g->k, 1.0f, g->a,
                                ta ? g->m : g->k, g->b, tb ? g->k : g->n, g->args.accumulate ? 1.0f : 0.0f, g->c, g->n);
}

static float *
host_copy(struct bench *b, const struct clgrpo_tensor *t)
{
    size_t n = clgrpo_tensor_elems(t);
    float *host = malloc((n + 1) * sizeof *host);

    if (host != NULL)
        bench_ok(b, clgrpo_tensor_read(b->ctx, b->queue, t, host, n * sizeof *host), "read");
    return host;
}

static void
prepare(struct bench *b, const struct shape *s, enum clgrpo_dtype dtype, enum clgrpo_dtype of_c, struct gemm *g)
{
    struct clgrpo_gemm_args init = CLGRPO_GEMM_ARGS_INIT;
    struct clgrpo_gemm_pack_args pack = CLGRPO_GEMM_PACK_ARGS_INIT;
    size_t bytes = 0;

    *g = (struct gemm){.args = init, .m = (int)s->m, .n = (int)s->n, .k = (int)s->k};
    g->args.a = bench_random_as(b, dtype, 2, s->trans_a ? BENCH_SHAPE(s->k, s->m) : BENCH_SHAPE(s->m, s->k));
    g->args.b = bench_random_as(b, dtype, 2, s->trans_b ? BENCH_SHAPE(s->n, s->k) : BENCH_SHAPE(s->k, s->n));
    g->args.c = bench_random_as(b, of_c, 2, BENCH_SHAPE(s->m, s->n));
    g->args.trans_a = s->trans_a;
    g->args.trans_b = s->trans_b;
    g->args.accumulate = s->accumulate;
    if (s->packed) {
        g->packed = bench_random_as(b, dtype, 1, BENCH_SHAPE(clgrpo_gemm_pack_elems(b->ctx, s->k, s->n)));
        pack.b = g->args.b;
        pack.packed = g->packed;
        pack.trans_b = s->trans_b;
        bench_ok(b, clgrpo_gemm_pack(b->ctx, &pack, b->queue, 0, NULL, NULL), s->label);
        g->args.b_packed = g->packed;
    }
    bench_ok(b, clgrpo_gemm_workspace(b->ctx, &g->args, &bytes), s->label);
    g->args.workspace = bench_workspace(b, bytes);
    if (dtype == CLGRPO_F32 && peer_openblas_load() != NULL) {
        g->a = host_copy(b, &g->args.a);
        g->b = host_copy(b, &g->args.b);
        g->c = host_copy(b, &g->args.c);
    }
}

static void
release(struct gemm *g)
{
    bench_release(&g->args.a);
    bench_release(&g->args.b);
    bench_release(&g->args.c);
    bench_release(&g->packed);
    bench_release_workspace(&g->args.workspace);
    free(g->a);
    free(g->b);
    free(g->c);
}

/* With a single row every weight is read once: memory is the limit, and the sets of buffers are used in turn. */
static bool
reads_once(const struct shape *s)
{
    return s->packed && s->m == 1;
}

static void
describe(const struct shape *s, enum clgrpo_dtype dtype, enum clgrpo_dtype of_c, struct bench_case *c)
{
    double size = (double)clgrpo_dtype_bytes(dtype), m = (double)s->m, n = (double)s->n, k = (double)s->k;

    c->kind = reads_once(s) ? BENCH_READ : BENCH_FLOP;
    c->flop = 2.0 * m * n * k;
    c->bytes = size * (m * k + k * n) + (double)clgrpo_dtype_bytes(of_c) * (s->accumulate ? 2.0 : 1.0) * m * n;
    c->work = reads_once(s) ? size * n * k : c->flop;
    c->run = run_gemm;
}

/* `copies` products of equal shape; NULL if memory is short. */
static struct gemm *
prepare_all(struct bench *b, const struct shape *s, enum clgrpo_dtype dtype, enum clgrpo_dtype of_c, unsigned copies)
{
    struct gemm *g = bench_alloc(b, copies, sizeof *g);

    for (unsigned i = 0; g != NULL && i < copies; i++)
        prepare(b, s, dtype, of_c, &g[i]);
    return g;
}

static void
release_all(struct gemm *g, unsigned copies)
{
    for (unsigned i = 0; g != NULL && i < copies; i++)
        release(&g[i]);
    free(g);
}

static void
add_openblas(struct bench_case *c, struct gemm *g)
{
    for (unsigned i = 0; i < c->copies; i++)
        if (g[i].a == NULL || g[i].b == NULL || g[i].c == NULL)
            return;
    snprintf(c->peers[0].name, sizeof c->peers[0].name, "%s", peer_openblas_load()->name);
    c->peers[0].run = run_openblas;
    c->peers[0].arg = g;
    c->peers[0].arg_bytes = sizeof *g;
    c->n_peers = 1;
}

/* The memory is for the matrices on the device and for their copies on the host, which may be the same memory. */
static bool
wanted(struct bench *b, const struct shape *s, const struct bench_case *c)
{
    const double m = (double)s->m, n = (double)s->n, k = (double)s->k, c_bytes = 4.0 * m * n, b_bytes = 4.0 * k * n;
    const struct bench_need need = {2.0 * c->bytes, c_bytes > b_bytes ? c_bytes : b_bytes, c->flop};

    return s->large ? bench_wanted_large(b, c->row, &need) : bench_wanted(b, c->row);
}

/* a and b are stored in `dtype`, c as `of_c`. If dtype is f16 or bf16, the peer is the same product in f32. */
static void
gemm_row(struct bench *b, const struct shape *s, enum clgrpo_dtype dtype, enum clgrpo_dtype of_c)
{
    struct bench_case c = {.copies = 1};
    struct gemm *g, *g32 = NULL;
    struct peer_naive *naive = NULL;

    snprintf(c.row, sizeof c.row, "gemm.%s.%s%s", bench_dtype_name(dtype), of_c != CLGRPO_F32 ? "c." : "", s->label);
    describe(s, dtype, of_c, &c);
    if (!wanted(b, s, &c))
        return;
    if (reads_once(s))
        c.copies = bench_copies(b, c.work);
    g = prepare_all(b, s, dtype, of_c, c.copies);
    if (dtype != CLGRPO_F32)
        g32 = prepare_all(b, s, CLGRPO_F32, CLGRPO_F32, c.copies);
    if (g == NULL || (dtype != CLGRPO_F32 && g32 == NULL))
        goto out;
    c.arg = g;
    c.arg_bytes = sizeof *g;
    if (dtype != CLGRPO_F32) {
        bench_add_own(&c, "f32", run_gemm, g32, sizeof *g32);
    } else {
        add_openblas(&c, g);
        if (!s->large || b->info.family != CLGRPO_FAMILY_CPU) /* not tuned for processors, it would take minutes */
            peer_add_clblast(b, &c, &g->args, sizeof *g);
        naive = peer_add_naive_gemm(b, &c, &g->args);
    }
    bench_run(b, &c);
out:
    peer_naive_destroy(naive);
    release_all(g, c.copies);
    release_all(g32, c.copies);
}

void
rows_gemm(struct bench *b)
{
    static const enum clgrpo_dtype stored[] = {CLGRPO_F32, CLGRPO_F16, CLGRPO_BF16};

    for (int t = 0; t < 3; t++)
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            if (t == 0 || shapes[i].halves)
                gemm_row(b, &shapes[i], stored[t], CLGRPO_F32);
    for (int t = 1; t < 3; t++)
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            if (shapes[i].halves && !shapes[i].accumulate)
                gemm_row(b, &shapes[i], stored[t], stored[t]);
}
