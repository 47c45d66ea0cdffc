/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm.h"
#include "simt_tile.h"
#include "tier.h"
#include "tune.h"

#include <stdlib.h>
#include <string.h>

/*
 * Blocks of the cpu family are tuned: a slice of k, so that a panel of B of this length fits a first-level cache; the
 * most rows and columns of a group, the larger the fewer copies where groups copy slices for themselves; the groups
 * wanted for each core. GROUP_FLOP: about 25 us of a core, where a launch costs a few.
 */
enum {
    GROUP_FLOP = 1000000,
    FEW_PER_CORE = 4,          /* up to so many groups, unequal shares of the cores would cost */
    LAUNCH_GROUPS_PER_CORE = 8 /* most in one launch where they have scratch, which the next launch uses again */
};

struct plan {
    size_t m, n, k;
    enum clg_gemm_class shape_class;
    bool pack_a, pack_b;      /* groups copy slices of A, of B */
    bool pack_first;          /* all of B is packed by a launch before */
    enum clgrpo_dtype panels; /* its type then */
    size_t mc, nc, kc, m_blocks, n_blocks, groups_per_launch;
    size_t packed_elems, scratch_elems;
};

unsigned
clg_gemm_nr(const struct clgrpo_context *ctx)
{
    unsigned width = clg_vector_width(ctx);

    return width == 16 ? 4 * width : 2 * width;
}

static size_t
at_least_1(size_t n)
{
    return n > 0 ? n : 1;
}

enum clg_gemm_finish
clg_gemm_finish_of(const struct clgrpo_gemm_args *args)
{
    if (args->alpha == 1.0f)
        return args->accumulate ? CLG_GEMM_ADD : CLG_GEMM_STORE;
    return args->accumulate ? CLG_GEMM_SCALE_AND_ADD : CLG_GEMM_SCALE;
}

static size_t
tuned(const struct clgrpo_context *ctx, const struct plan *p, enum clg_tune_param_id param)
{
    return (size_t)clg_tune_get(ctx, param, p->shape_class);
}

/* Cuts `extent` into the fewest equal blocks of at most `most`, each but the last a multiple of `unit`. */
static size_t
block(size_t extent, size_t most, size_t unit)
{
    size_t n = at_least_1(clg_divide_up(extent, most));

    return at_least_1(clg_divide_up(clg_divide_up(extent, n), unit)) * unit;
}

/* Few groups of equal work: so many blocks of rows that each core gets the same number of groups. */
static void
balance(const struct clgrpo_context *ctx, struct plan *p)
{
    size_t cores = at_least_1(ctx->info.compute_units), n_groups = p->m_blocks * p->n_blocks, n;

    if (n_groups % cores == 0 || n_groups < cores || n_groups > FEW_PER_CORE * cores)
        return;
    for (n = p->m_blocks + 1; n * p->n_blocks % cores != 0;)
        n++;
    p->mc = block(p->m, clg_divide_up(p->m, n), CLG_GEMM_MR);
    p->m_blocks = clg_divide_up(p->m, p->mc);
}

/* Halves blocks until there are enough groups for the cores, or they get too small to be worth a launch's share. */
static void
plan_blocks(const struct clgrpo_context *ctx, struct plan *p)
{
    size_t nr = clg_gemm_nr(ctx), most_m = tuned(ctx, p, CLG_TUNE_GEMM_CPU_MC),
           most_n = tuned(ctx, p, CLG_TUNE_GEMM_CPU_NC);
    double flop = 2.0 * (double)p->m * (double)p->n * (double)at_least_1(p->k);
    double want = (double)at_least_1(ctx->info.compute_units) * (double)tuned(ctx, p, CLG_TUNE_GEMM_CPU_GROUPS);

    if (want > flop / GROUP_FLOP)
        want = flop / GROUP_FLOP;
    for (;;) {
        p->mc = block(p->m, most_m, CLG_GEMM_MR);
        p->nc = block(p->n, most_n, nr);
        p->m_blocks = clg_divide_up(p->m, p->mc);
        p->n_blocks = clg_divide_up(p->n, p->nc);
        if ((double)p->m_blocks * (double)p->n_blocks >= want)
            break;
        if (p->mc > CLG_GEMM_MR && (p->mc >= p->nc || p->nc <= nr))
            most_m = p->mc / 2;
        else if (p->nc > nr)
            most_n = p->nc / 2;
        else
            break;
    }
    balance(ctx, p);
}

static struct plan
make_plan(const struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args)
{
    struct plan p = {.m = args->c.shape[0], .n = args->c.shape[1], .k = args->a.shape[args->trans_a ? 0 : 1]};
    bool packed = args->b_packed.buf != NULL, one_slice, turn_a;
    size_t most = LAUNCH_GROUPS_PER_CORE * at_least_1(ctx->info.compute_units);

    if (p.m == 0 || p.n == 0 || p.k == 0 || ctx->family != CLGRPO_FAMILY_CPU)
        return p;
    /* C cannot hold a part of a sum that is to be scaled and added to it: one slice then, too long to turn */
    one_slice = clg_gemm_finish_of(args) == CLG_GEMM_SCALE_AND_ADD;
    turn_a = args->trans_a && !one_slice;
    p.shape_class = clg_gemm_class_of(p.m, turn_a);
    p.kc = one_slice ? p.k : block(p.k, tuned(ctx, &p, CLG_TUNE_GEMM_CPU_KC), 1);
    p.pack_a = turn_a || args->a.dtype != CLGRPO_F32;
    p.pack_b = turn_a && !args->trans_b && !packed;
    p.pack_first = !packed && !p.pack_b;
    p.panels = p.m <= CLG_GEMM_MR ? args->b.dtype : CLGRPO_F32; /* each panel is read once, or many times */
    plan_blocks(ctx, &p);
    if (p.pack_first)
        p.packed_elems = clg_round_up(clgrpo_gemm_pack_elems(ctx, p.k, p.n), 16);
    p.groups_per_launch = p.m_blocks * p.n_blocks;
    if (p.pack_a && p.groups_per_launch > most)
        p.groups_per_launch = most;
    p.scratch_elems = p.groups_per_launch * p.kc * ((p.pack_a ? p.mc : 0) + (p.pack_b ? p.nc : 0));
    return p;
}

size_t
clg_gemm_workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args)
{
    struct plan p = make_plan(ctx, args);

    return (p.packed_elems + p.scratch_elems) * sizeof(float);
}

/* Groups [first, first + n) of the plan. */
static enum clgrpo_status
launch_cpu(struct clg_seq *seq, const struct clgrpo_gemm_args *args, const struct plan *p,
           const struct clgrpo_tensor *b, size_t first, size_t n)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_mem scratch = p->scratch_elems > 0 ? args->workspace.buf : args->c.buf;
    size_t scratch_at = args->workspace.offset_bytes / sizeof(float) + p->packed_elems;
    struct clg_grid grid = clg_grid1(n, 1);
    bool m_inner = p->m <= p->n; /* neighbours share a block of the larger operand */
    const char *b_type = clg_storage_name(b->dtype);
    char defines[128];
    cl_kernel kernel;

    snprintf(defines, sizeof defines, "-DC_TRANS_A=%d -DC_PACK_A=%d -DC_PACK_B=%d -DC_A=%s -DC_B=%s -DC_PANEL=%s",
             args->trans_a, p->pack_a, p->pack_b, clg_storage_name(args->a.dtype), b_type, p->pack_b ? "f32" : b_type);
    CLG_TRY(clg_kernel_get(seq->ctx, "gemm_cpu", "k_gemm", defines, &kernel));
    CLG_TRY(CLG_LAUNCH(seq, kernel, &grid, CLG_TENSOR(&args->a), CLG_TENSOR(b), CLG_TENSOR(&args->c), CLG_MEM(scratch),
                       CLG_SIZE(scratch_at), CLG_SIZE(args->a.stride[0]), CLG_SIZE(args->b.stride[0]),
                       CLG_SIZE(args->c.stride[0]), CLG_UINT(p->m), CLG_UINT(p->n), CLG_UINT(p->k), CLG_UINT(p->mc),
                       CLG_UINT(p->nc), CLG_UINT(p->kc), CLG_UINT(p->m_blocks), CLG_UINT(p->n_blocks),
                       CLG_UINT(m_inner), CLG_UINT(first), CLG_UINT((cl_uint)clg_gemm_finish_of(args)),
                       CLG_FLOAT(args->alpha)));
out:
    return st;
}

static enum clgrpo_status
run_cpu(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct plan p = make_plan(seq->ctx, args);
    struct clgrpo_tensor b = args->b_packed.buf != NULL ? args->b_packed : args->b;
    size_t n_groups = p.m_blocks * p.n_blocks, most = p.groups_per_launch;

    if (p.pack_first) {
        b = clgrpo_tensor_view(args->workspace.buf, args->workspace.offset_bytes / clgrpo_dtype_bytes(p.panels),
                               p.panels, 1, &p.packed_elems);
        CLG_TRY(clg_gemm_pack_run(seq, &args->b, args->trans_b, &b));
    }
    for (size_t g = 0; g < n_groups; g += most)
        CLG_TRY(launch_cpu(seq, args, &p, &b, g, n_groups - g < most ? n_groups - g : most));
out:
    return st;
}

static bool
is_aligned(const struct clgrpo_tensor *t)
{
    return t->stride[0] % 4 == 0 && t->offset % 4 == 0;
}

/* The define of the tier of half arithmetic, where both operands are f16 and it is in use. */
static const char *
half_tier(struct clgrpo_context *ctx, const struct clgrpo_tensor *a, const struct clgrpo_tensor *b)
{
    const bool halves = a->dtype == CLGRPO_F16 && b->dtype == CLGRPO_F16;

    return halves ? clg_tier_defines(ctx, CLG_TIER_HALF_PRODUCT) : "";
}

static enum clgrpo_status
run_simt(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t m = args->c.shape[0], n = args->c.shape[1], k = args->a.shape[args->trans_a ? 0 : 1];
    const int tuned_tile = clg_tune_get(seq->ctx, CLG_TUNE_GEMM_SIMT_TILE, clg_gemm_class_of(m, args->trans_a));
    const struct clg_simt_tile tile =
        tuned_tile > 0 ? *clg_simt_tile_at(seq->ctx, (size_t)tuned_tile - 1) : clg_simt_tile_choose(seq->ctx, m, n);
    const struct clg_grid grid = {
        2,
        {clg_divide_up(n, clg_simt_tile_cols(&tile)), clg_divide_up(m, clg_simt_tile_rows(&tile)), 1},
        {tile.x, tile.y, 1}};
    struct clgrpo_tensor b = args->b;
    bool trans_b = args->trans_b;
    char of_tile[CLG_SIMT_TILE_DEFINES], defines[CLG_SIMT_TILE_DEFINES + 112];
    cl_kernel kernel;

    if (args->b_packed.buf != NULL) {
        b = args->b_packed;
        b.stride[0] = n;
        trans_b = false;
    }
    clg_simt_tile_defines(&tile, of_tile);
    snprintf(defines, sizeof defines, "-DC_TRANS_A=%d -DC_TRANS_B=%d -DC_ALIGNED=%d -DC_A=%s -DC_B=%s%s %s",
             args->trans_a, trans_b, is_aligned(&args->a) && is_aligned(&b), clg_storage_name(args->a.dtype),
             clg_storage_name(b.dtype), of_tile, half_tier(seq->ctx, &args->a, &b));
    CLG_TRY(clg_kernel_get(seq->ctx, "gemm_simt", "k_gemm", defines, &kernel));
    CLG_TRY(CLG_LAUNCH(seq, kernel, &grid, CLG_TENSOR(&args->a), CLG_TENSOR(&b), CLG_TENSOR(&args->c),
                       CLG_SIZE(args->a.stride[0]), CLG_SIZE(b.stride[0]), CLG_SIZE(args->c.stride[0]), CLG_INT(m),
                       CLG_INT(n), CLG_INT(k), CLG_INT((cl_int)clg_gemm_finish_of(args)), CLG_FLOAT(args->alpha)));
out:
    return st;
}

enum clg_gemm_provider
clg_gemm_provider_choose(const struct clgrpo_context *ctx, size_t m, bool trans_a)
{
#ifdef HAVE_CLBLAST
    const char *wanted = getenv("CLGRPO_GEMM");

    if (wanted != NULL && strcmp(wanted, "clblast") == 0)
        return CLG_GEMM_CLBLAST;
    if (clg_tune_get(ctx, CLG_TUNE_GEMM_SIMT_PROVIDER, clg_gemm_class_of(m, trans_a)) != 0)
        return CLG_GEMM_CLBLAST;
#else
    (void)ctx, (void)m, (void)trans_a;
#endif
    return CLG_GEMM_OWN;
}

/* A product over no k: C = beta C. */
static enum clgrpo_status
run_empty(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_grid grid = {2, {args->c.shape[1], args->c.shape[0], 1}, {1, 1, 1}};
    cl_kernel kernel;

    if (args->accumulate)
        return CLGRPO_OK;
    CLG_TRY(clg_kernel_get(seq->ctx, "gemm_empty", "k_gemm_empty", NULL, &kernel));
    CLG_TRY(CLG_LAUNCH(seq, kernel, &grid, CLG_TENSOR_ROWS(&args->c)));
out:
    return st;
}

enum clgrpo_status
clg_gemm_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
{
    if (args->c.shape[0] == 0 || args->c.shape[1] == 0)
        return CLGRPO_OK;
    if (args->a.shape[args->trans_a ? 0 : 1] == 0)
        return run_empty(seq, args);
#ifdef HAVE_CLBLAST
    if (clg_gemm_provider_choose(seq->ctx, args->c.shape[0], args->trans_a) == CLG_GEMM_CLBLAST &&
        args->b_packed.buf == NULL && args->a.dtype == CLGRPO_F32 && args->b.dtype == CLGRPO_F32)
        return clg_gemm_clblast_run(seq, args);
#endif
    return seq->ctx->family == CLGRPO_FAMILY_CPU ? run_cpu(seq, args) : run_simt(seq, args);
}

/* Extents agree and fit the kernels' 32-bit counts. */
static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t most = 0x7fffffff;
    size_t m, n, k;

    CLG_REQUIRE(ctx, args->a.rank == 2 && args->c.rank == 2, CLGRPO_E_SHAPE, "gemm: a has rank %u and c %u, not 2",
                args->a.rank, args->c.rank);
    m = args->c.shape[0];
    n = args->c.shape[1];
    k = args->a.shape[args->trans_a ? 0 : 1];
    CLG_REQUIRE(ctx, m <= most && n <= most && k <= most, CLGRPO_E_SHAPE,
                "gemm: %zu x %zu x %zu: an extent is over %zu", m, n, k, most);
    CLG_TRY(clg_tensor_check_storage(ctx, "gemm", "a", &args->a, 2, args->trans_a ? CLG_SHAPE(k, m) : CLG_SHAPE(m, k)));
    CLG_TRY(clg_tensor_check(ctx, "gemm", "c", &args->c, CLGRPO_F32, 2, CLG_SHAPE(m, n)));
    if (args->b_packed.buf == NULL) {
        CLG_TRY(
            clg_tensor_check_storage(ctx, "gemm", "b", &args->b, 2, args->trans_b ? CLG_SHAPE(n, k) : CLG_SHAPE(k, n)));
        goto out;
    }
    CLG_REQUIRE(ctx,
                args->b.rank == 2 && args->b.shape[args->trans_b ? 0 : 1] == n &&
                    args->b.shape[args->trans_b ? 1 : 0] == k,
                CLGRPO_E_SHAPE, "gemm: b is %zu x %zu, c has %zu columns and a %zu terms", args->b.shape[0],
                args->b.shape[1], n, k);
    CLG_TRY(clg_tensor_check_storage(ctx, "gemm", "b_packed", &args->b_packed, 1,
                                     CLG_SHAPE(clgrpo_gemm_pack_elems(ctx, k, n))));
out:
    return st;
}

enum clgrpo_status
clgrpo_gemm_workspace(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args, size_t *bytes)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_CHECK_ARGS(ctx, args, "gemm");
    CLG_TRY(check(ctx, args));
    *bytes = clg_gemm_workspace_bytes(ctx, args);
out:
    return st;
}

enum clgrpo_status
clgrpo_gemm(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args, cl_command_queue queue, cl_uint n_wait,
            const cl_event *wait_list, cl_event *event)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_seq seq = {0};

    CLG_CHECK_ARGS(ctx, args, "gemm");
    CLG_TRY(check(ctx, args));
    CLG_TRY(clg_workspace_check(ctx, "gemm", &args->workspace, clg_gemm_workspace_bytes(ctx, args)));
    CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));
    CLG_TRY(clg_gemm_run(&seq, args));
out:
    return clg_seq_end(&seq, st);
}
