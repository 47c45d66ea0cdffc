/* SPDX-License-Identifier: Apache-2.0 */
#include "linear_logprob.h"
#include "tune.h"

#define OP "linear_logprob"

/* Where the pieces of the workspace lie, in floats. */
struct plan {
    size_t n_segments, chunk;      /* segments of w that are packed together; cpu family */
    size_t part, panels, x, elems; /* x: as f32, where it is stored otherwise */
};

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_linear_logprob_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = a->x.shape[0];

    CLG_TRY(clg_logprob_check(ctx, OP, &a->x, &a->w, &a->target, &a->lse, a->inv_temperature));
    CLG_TRY(clg_tensor_check(ctx, OP, "logprob", &a->logprob, CLGRPO_F32, 1, CLG_SHAPE(n)));
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "entropy", &a->entropy, CLGRPO_F32, 1, CLG_SHAPE(n)));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_linear_logprob, OP, CLG_OUT(a, logprob), CLG_OUT(a, lse), CLG_OUT(a, entropy), CLG_IN(a, x),
          CLG_IN(a, w), CLG_IN(a, target))

static struct plan
make_plan(const struct clgrpo_context *ctx, const struct clgrpo_linear_logprob_args *a)
{
    const size_t n = a->x.shape[0], width = a->x.shape[1], vocab = a->w.shape[0];
    const size_t segment_bytes = CLG_LSE_SEGMENT * (width > 0 ? width : 1) * sizeof(float);
    struct plan p = {.n_segments = clg_divide_up(vocab, CLG_LSE_SEGMENT)};

    p.panels = clg_round_up((a->entropy.buf != NULL ? 3 : 2) * p.n_segments * n, 16);
    p.elems = p.panels;
    if (ctx->family == CLGRPO_FAMILY_CPU) {
        /* bytes of w packed at a time, about a second-level cache; at least one segment is */
        const size_t panel_bytes = (size_t)clg_tune_get(ctx, CLG_TUNE_LOGPROB_CPU_PANEL_KIB, 0) << 10;
        size_t cols;

        p.chunk = panel_bytes > segment_bytes ? panel_bytes / segment_bytes : 1;
        cols = p.chunk * CLG_LSE_SEGMENT;
        p.elems += clgrpo_gemm_pack_elems(ctx, width, cols < vocab ? cols : vocab);
    }
    p.x = clg_round_up(p.elems, 16);
    p.elems = p.x + clg_logprob_x_elems(&a->x);
    return p;
}

/* Of a launch over this share of the vocabulary; p->panels words hold the states. */
static void
say_work(struct clg_seq *seq, const struct clgrpo_linear_logprob_args *a, const struct plan *p, double share)
{
    CLG_WORK(seq, share * 2.0 * (double)clgrpo_tensor_elems(&a->x) * (double)a->w.shape[0],
             CLG_BYTES(&a->x) + share * (CLG_BYTES(&a->w) + (double)p->panels * sizeof(float)));
}

/* Computes the log-sum-exp states of segments first .. first + n - 1, for which w is packed in the workspace. */
static enum clgrpo_status
run_segments_cpu(struct clg_seq *seq, const struct clgrpo_linear_logprob_args *a, const struct plan *p, size_t first,
                 size_t n, const char *defines)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n_rows = a->x.shape[0], base = a->workspace.offset_bytes / sizeof(float);
    const struct clg_grid grid = {2, {clg_divide_up(n_rows, CLG_LOGPROB_CPU_ROWS), n, 1}, {1, 1, 1}};
    cl_mem buf = a->workspace.buf;

    say_work(seq, a, p, (double)n / (double)p->n_segments);
    CLG_TRY(CLG_RUN(seq, "linear_logprob_cpu", "k_logprob_fwd", defines, &grid, CLG_TENSOR_ROWS(&a->x), CLG_MEM(buf),
                    CLG_SIZE(base + p->panels), CLG_TENSOR(&a->target), CLG_TENSOR(&a->logprob), CLG_MEM(buf),
                    CLG_SIZE(base + p->part), CLG_UINT(n_rows), CLG_UINT(a->x.shape[1]), CLG_UINT(a->w.shape[0]),
                    CLG_UINT(p->n_segments), CLG_UINT(first), CLG_FLOAT(a->inv_temperature)));
out:
    return st;
}

static enum clgrpo_status
run_cpu(struct clg_seq *seq, const struct clgrpo_linear_logprob_args *a, const struct plan *p, const char *defines)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t base = a->workspace.offset_bytes / sizeof(float), vocab = a->w.shape[0];

    for (size_t first = 0; first < p->n_segments; first += p->chunk) {
        const size_t left = p->n_segments - first, n = left < p->chunk ? left : p->chunk;
        const size_t col = first * CLG_LSE_SEGMENT, cols = n * CLG_LSE_SEGMENT;
        const struct clgrpo_tensor w = clg_tensor_rows(&a->w, col, cols < vocab - col ? cols : vocab - col);

        const struct clgrpo_tensor panels =
            clgrpo_tensor_view(a->workspace.buf, base + p->panels, CLGRPO_F32, 1, CLG_SHAPE(p->x - p->panels));

        if (a->x.shape[1] > 0)
            CLG_TRY(clg_gemm_pack_run(seq, &w, true, &panels));
        CLG_TRY(run_segments_cpu(seq, a, p, first, n, defines));
    }
out:
    return st;
}

static enum clgrpo_status
run_simt(struct clg_seq *seq, const struct clgrpo_linear_logprob_args *a, const struct plan *p,
         const struct clg_simt_tile *tile, cl_kernel kernel)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n_rows = a->x.shape[0], base = a->workspace.offset_bytes / sizeof(float);
    const struct clg_grid grid = {
        2, {clg_divide_up(n_rows, clg_simt_tile_rows(tile)), p->n_segments, 1}, {tile->x, tile->y, 1}};

    say_work(seq, a, p, 1.0);
    CLG_TRY(CLG_LAUNCH(seq, kernel, &grid, CLG_TENSOR_ROWS(&a->x), CLG_TENSOR_ROWS(&a->w), CLG_TENSOR(&a->target),
                       CLG_TENSOR(&a->logprob), CLG_MEM(a->workspace.buf), CLG_SIZE(base + p->part), CLG_UINT(n_rows),
                       CLG_UINT(a->x.shape[1]), CLG_UINT(a->w.shape[0]), CLG_UINT(p->n_segments),
                       CLG_FLOAT(a->inv_temperature)));
out:
    return st;
}

static size_t
workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_linear_logprob_args *a)
{
    return make_plan(ctx, a).elems * sizeof(float);
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_linear_logprob_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    const bool cpu = seq->ctx->family == CLGRPO_FAMILY_CPU;
    const size_t n = args->x.shape[0], base = args->workspace.offset_bytes / sizeof(float);
    const struct plan p = make_plan(seq->ctx, args);
    const struct clg_grid grid = clg_grid1(clg_divide_up(n, 64), 64);
    struct clgrpo_linear_logprob_args a = *args;
    const struct clg_logprob_shape shape = {a.entropy.buf != NULL, n, p.n_segments, &a.x, &a.w};
    struct clg_simt_tile tile;
    char defines[CLG_LOGPROB_DEFINES];
    cl_kernel forward, merge;

    CLG_TRY(clg_logprob_x_run(seq, &a.x, &a.workspace, p.x));
    CLG_TRY(clg_logprob_choose(seq->ctx, &shape, "k_logprob_fwd", &tile, defines, &forward));
    CLG_TRY(clg_kernel_get(seq->ctx, cpu ? "linear_logprob_cpu" : "linear_logprob_simt", "k_logprob_merge", defines,
                           &merge));
    if (n == 0)
        goto out;
    CLG_TRY(cpu ? run_cpu(seq, &a, &p, defines) : run_simt(seq, &a, &p, &tile, forward));
    CLG_WORK(seq, 0.0, (double)p.panels * sizeof(float) + CLG_BYTES(&a.target, &a.logprob, &a.lse, &a.entropy));
    CLG_TRY(CLG_LAUNCH(seq, merge, &grid, CLG_MEM(a.workspace.buf), CLG_SIZE(base + p.part), CLG_TENSOR(&a.target),
                       CLG_TENSOR(&a.logprob), CLG_TENSOR(&a.lse),
                       CLG_TENSOR(a.entropy.buf != NULL ? &a.entropy : &a.lse), CLG_UINT(n), CLG_UINT(a.w.shape[0]),
                       CLG_UINT(p.n_segments)));
out:
    return st;
}

CLG_OPERATION_WITH_SPACE(clgrpo_linear_logprob, OP, check, views, workspace_bytes, run)
