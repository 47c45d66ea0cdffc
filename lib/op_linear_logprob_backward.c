/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm.h"
#include "linear_logprob.h"

#define OP "linear_logprob_backward"

/*
 * The gradient of the logits is made tile by tile, tile_rows x tile_cols, and each tile is at once multiplied into dx
 * and dw. Every element of dx and dw is one chain of fused multiply-adds over all tokens or rows, in order, whatever
 * the tiles.
 */
enum {
    TILE_ROWS = 384, /* on 8 cores or fewer; more cores take more rows */
    PANEL_BYTES = 3 << 18,
    DZ_PAD = 16 /* floats, so that rows of dz do not fall on the same cache sets */
};

/* Sizes of a tile, and where the pieces of the workspace lie, in floats. */
struct plan {
    size_t rows, cols, dz_stride;
    size_t panels, packed, dz, gemm, x, elems;
};

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* dx of a tile's rows (+)= dz w, w packed if the family packs. */
static struct clgrpo_gemm_args
dx_gemm(const struct clgrpo_linear_logprob_backward_args *a, const struct clgrpo_tensor *dz, size_t row, size_t col)
{
    struct clgrpo_gemm_args g = CLGRPO_GEMM_ARGS_INIT;

    g.a = *dz;
    g.b = clg_tensor_rows(&a->w, col, dz->shape[1]);
    g.c = clg_tensor_rows(&a->dx, row, dz->shape[0]);
    g.accumulate = col > 0;
    return g;
}

/* dw of a tile's columns += dz^T x. */
static struct clgrpo_gemm_args
dw_gemm(const struct clgrpo_linear_logprob_backward_args *a, const struct clgrpo_tensor *dz, size_t row, size_t col)
{
    struct clgrpo_gemm_args g = CLGRPO_GEMM_ARGS_INIT;

    g.a = *dz;
    g.trans_a = true;
    g.b = clg_tensor_rows(&a->x, row, dz->shape[0]);
    g.c = clg_tensor_rows(&a->dw, col, dz->shape[1]);
    g.accumulate = true;
    return g;
}

/* n floats of the workspace from float `at` on. */
static struct clgrpo_tensor
part(const struct clgrpo_linear_logprob_backward_args *a, size_t at, size_t n)
{
    return clgrpo_tensor_view(a->workspace.buf, a->workspace.offset_bytes / sizeof(float) + at, CLGRPO_F32, 1, &n);
}

static struct clgrpo_tensor
dz_tile(const struct clgrpo_linear_logprob_backward_args *a, const struct plan *p, size_t rows, size_t cols)
{
    struct clgrpo_tensor t = clgrpo_tensor_view(a->workspace.buf, a->workspace.offset_bytes / sizeof(float) + p->dz,
                                                CLGRPO_F32, 2, CLG_SHAPE(rows, cols));

    t.stride[0] = p->dz_stride;
    return t;
}

/* The most that the products of any tile need: tiles at the edges are smaller, but their plans may differ. */
static size_t
gemm_bytes(const struct clgrpo_context *ctx, const struct clgrpo_linear_logprob_backward_args *a, const struct plan *p)
{
    const size_t n = a->x.shape[0], vocab = a->w.shape[0];
    const size_t rows[2] = {p->rows, n % p->rows}, cols[2] = {p->cols, vocab % p->cols};
    size_t most = 0;

    for (int i = 0; i < 4; i++) {
        const struct clgrpo_tensor dz = dz_tile(a, p, rows[i / 2], cols[i % 2]);
        struct clgrpo_gemm_args dx = dx_gemm(a, &dz, 0, 0), dw = dw_gemm(a, &dz, 0, 0);
        size_t bytes;

        if (dz.shape[0] == 0 || dz.shape[1] == 0)
            continue;
        dx.b_packed = a->x; /* only whether there is one matters */
        bytes = clg_gemm_workspace_bytes(ctx, &dx);
        most = bytes > most ? bytes : most;
        bytes = clg_gemm_workspace_bytes(ctx, &dw);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static struct plan
make_plan(const struct clgrpo_context *ctx, const struct clgrpo_linear_logprob_backward_args *a)
{
    const size_t n = a->x.shape[0], width = a->x.shape[1], vocab = a->w.shape[0];
    const size_t by_bytes = PANEL_BYTES / sizeof(float) / (width > 0 ? width : 1) / CLG_LSE_BLOCK * CLG_LSE_BLOCK;
    const size_t cores = ctx->info.compute_units > 8 ? ctx->info.compute_units : 8;
    struct plan p = {.rows = least(n > 0 ? n : 1, TILE_ROWS * cores / 8)};

    p.cols = least(vocab, least(CLG_LSE_SEGMENT, by_bytes > CLG_LSE_BLOCK ? by_bytes : CLG_LSE_BLOCK));
    p.dz_stride = clg_round_up(p.cols, CLG_LSE_BLOCK) + DZ_PAD;
    if (ctx->family == CLGRPO_FAMILY_CPU) {
        p.packed = clg_round_up(clgrpo_gemm_pack_elems(ctx, width, p.cols), 16);
        p.dz = p.packed + clg_round_up(clgrpo_gemm_pack_elems(ctx, p.cols, width), 16);
    }
    p.gemm = p.dz + p.rows * p.dz_stride;
    p.x = clg_round_up(p.gemm + gemm_bytes(ctx, a, &p) / sizeof(float), 16);
    p.elems = p.x + clg_logprob_x_elems(&a->x);
    return p;
}

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_linear_logprob_backward_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->x.shape[0], e = a->x.shape[1], v = a->w.shape[0];

    CLG_TRY(clg_logprob_check(ctx, OP, &a->x, &a->w, &a->target, &a->lse, a->inv_temperature));
    CLG_TRY(clg_tensor_check(ctx, OP, "dlogprob", &a->dlogprob, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check(ctx, OP, "dx", &a->dx, CLGRPO_F32, 2, CLG_SHAPE(n, e)));
    CLG_TRY(clg_tensor_check(ctx, OP, "dw", &a->dw, CLGRPO_F32, 2, CLG_SHAPE(v, e)));
    if (a->dentropy.buf != NULL) {
        CLG_TRY(clg_tensor_check(ctx, OP, "dentropy", &a->dentropy, CLGRPO_F32, 1, CLG_SHAPE(n)));
        CLG_TRY(clg_tensor_check(ctx, OP, "entropy", &a->entropy, CLGRPO_F32, 1, CLG_SHAPE(n)));
    }
out:
    return st;
}

CLG_VIEWS(views, clgrpo_linear_logprob_backward, OP, CLG_OUT(a, dx), CLG_OUT(a, dw), CLG_IN(a, x), CLG_IN(a, w),
          CLG_IN(a, target), CLG_IN(a, lse), CLG_IN(a, dlogprob), CLG_IN(a, dentropy),
          a->dentropy.buf != NULL ? CLG_IN(a, entropy) : CLG_IN(a, dentropy))

static enum clgrpo_status
run_dz(struct clg_seq *seq, const struct clgrpo_linear_logprob_backward_args *a, const struct plan *p,
       const struct clgrpo_tensor *dz, size_t row, size_t col)
{
    enum clgrpo_status st = CLGRPO_OK;
    const bool cpu = seq->ctx->family == CLGRPO_FAMILY_CPU, with_entropy = a->dentropy.buf != NULL;
    const size_t rows = dz->shape[0], cols = dz->shape[1];
    const struct clgrpo_tensor x = clg_tensor_rows(&a->x, row, rows), w = clg_tensor_rows(&a->w, col, cols);
    const struct clgrpo_tensor target = clg_tensor_rows(&a->target, row, rows),
                               lse = clg_tensor_rows(&a->lse, row, rows);
    const struct clgrpo_tensor g = clg_tensor_rows(&a->dlogprob, row, rows);
    const struct clgrpo_tensor entropy = with_entropy ? clg_tensor_rows(&a->entropy, row, rows) : lse;
    const struct clgrpo_tensor h = with_entropy ? clg_tensor_rows(&a->dentropy, row, rows) : lse;
    const struct clg_grid cpu_grid = clg_grid1(clg_divide_up(rows, CLG_GEMM_MR), 1);
    const struct clg_logprob_shape shape = {with_entropy, rows, clg_divide_up(cols, 128), &x, &w};
    char defines[CLG_LOGPROB_DEFINES];
    struct clg_simt_tile tile;
    struct clg_grid simt_grid;
    cl_kernel kernel;

    CLG_TRY(clg_logprob_choose(seq->ctx, &shape, "k_logprob_dz", &tile, defines, &kernel));
    simt_grid = (struct clg_grid){
        2,
        {clg_divide_up(rows, clg_simt_tile_rows(&tile)), clg_divide_up(cols, clg_simt_tile_cols(&tile)), 1},
        {tile.x, tile.y, 1}};
    CLG_WORK(seq, 2.0 * (double)rows * (double)cols * (double)x.shape[1], CLG_BYTES(&x, &w, dz, &target, &lse, &g));
    if (cpu) {
        const size_t panels = a->workspace.offset_bytes / sizeof(float) + p->panels;

        CLG_TRY(CLG_RUN(seq, "linear_logprob_cpu", "k_logprob_dz", defines, &cpu_grid, CLG_TENSOR_ROWS(&x),
                        CLG_MEM(a->workspace.buf), CLG_SIZE(panels), CLG_TENSOR(&target), CLG_TENSOR(&lse),
                        CLG_TENSOR(&entropy), CLG_TENSOR(&g), CLG_TENSOR(&h), CLG_TENSOR(dz), CLG_UINT(p->dz_stride),
                        CLG_UINT(rows), CLG_UINT(x.shape[1]), CLG_UINT(col), CLG_UINT(cols),
                        CLG_FLOAT(a->inv_temperature)));
    } else {
        CLG_TRY(CLG_LAUNCH(seq, kernel, &simt_grid, CLG_TENSOR_ROWS(&x), CLG_TENSOR_ROWS(&w), CLG_TENSOR(&target),
                           CLG_TENSOR(&lse), CLG_TENSOR(&entropy), CLG_TENSOR(&g), CLG_TENSOR(&h), CLG_TENSOR(dz),
                           CLG_UINT(p->dz_stride), CLG_UINT(rows), CLG_UINT(x.shape[1]), CLG_UINT(col), CLG_UINT(cols),
                           CLG_FLOAT(a->inv_temperature)));
    }
out:
    return st;
}

/* The tiles whose first column is col, of all rows. */
static enum clgrpo_status
run_columns(struct clg_seq *seq, const struct clgrpo_linear_logprob_backward_args *a, const struct plan *p, size_t col)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->x.shape[0], cols = least(p->cols, a->w.shape[0] - col);
    const struct clgrpo_tensor w = clg_tensor_rows(&a->w, col, cols);
    const bool cpu = seq->ctx->family == CLGRPO_FAMILY_CPU;
    const size_t e = a->x.shape[1];
    const struct clgrpo_tensor panels = part(a, p->panels, clgrpo_gemm_pack_elems(seq->ctx, e, cols));
    const struct clgrpo_tensor packed = part(a, p->packed, clgrpo_gemm_pack_elems(seq->ctx, cols, e));
    struct clgrpo_workspace rest = a->workspace;

    rest.offset_bytes += p->gemm * sizeof(float);
    rest.bytes -= p->gemm * sizeof(float);
    if (cpu) {
        CLG_TRY(clg_gemm_pack_run(seq, &w, true, &panels));
        CLG_TRY(clg_gemm_pack_run(seq, &w, false, &packed));
    }
    for (size_t row = 0; row < n; row += p->rows) {
        const struct clgrpo_tensor dz = dz_tile(a, p, least(p->rows, n - row), cols);
        struct clgrpo_gemm_args dx = dx_gemm(a, &dz, row, col), dw = dw_gemm(a, &dz, row, col);

        CLG_TRY(run_dz(seq, a, p, &dz, row, col));
        if (cpu)
            dx.b_packed = packed;
        dx.workspace = dw.workspace = rest;
        CLG_TRY(clg_gemm_run(seq, &dx));
        CLG_TRY(clg_gemm_run(seq, &dw));
    }
out:
    return st;
}

static size_t
workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_linear_logprob_backward_args *a)
{
    return make_plan(ctx, a).elems * sizeof(float);
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_linear_logprob_backward_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_linear_logprob_backward_args a = *args;
    const struct plan p = make_plan(seq->ctx, args);

    CLG_TRY(clg_logprob_x_run(seq, &a.x, &a.workspace, p.x));
    for (size_t col = 0; col < a.w.shape[0] && a.x.shape[0] > 0 && a.x.shape[1] > 0; col += p.cols)
        CLG_TRY(run_columns(seq, &a, &p, col));
out:
    return st;
}

CLG_OPERATION_WITH_SPACE(clgrpo_linear_logprob_backward, OP, check, views, workspace_bytes, run)
