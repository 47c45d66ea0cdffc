/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm_kernel.h"
#include "gemm_pack.h"
#include "tune.h"

/*
 * The tuned parameters: KC, the terms of a slice of k, lets a panel of B of this length fit a first-level cache; MC and
 * NC are the most rows and columns of a group, and the larger they are, the less is copied where groups copy slices of
 * A or B for themselves; GROUPS is how many groups are wanted for each core.
 */
enum {
    GROUP_FLOP = 1000000,      /* least work of a group: about 25 us of a core, where a launch costs a few */
    FEW_PER_CORE = 4,          /* up to so many groups for each core, it costs time if one core has a group more */
    LAUNCH_GROUPS_PER_CORE = 8 /* most groups of a launch where they need scratch, which the next launch uses again */
};

struct plan {
    size_t m, n, k;
    enum clg_gemm_class shape_class;
    bool pack_a, pack_b;      /* groups copy slices of A, of B */
    bool narrow;              /* C is of halves: groups compute their block of it in f32 in scratch memory */
    bool pack_first;          /* all of B is packed by a launch before */
    enum clgrpo_dtype panels; /* the type of its elements then */
    size_t mc, nc, kc, m_blocks, n_blocks, groups_per_launch;
    size_t packed_elems, scratch_elems;
};

static size_t
at_least_1(size_t n)
{
    return n > 0 ? n : 1;
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

/* Where groups are few, takes so many blocks of rows that each core gets the same number of groups. */
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

/* Halves blocks until there are enough groups for the cores, or a block is one register tile. */
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

    if (p.m == 0 || p.n == 0 || p.k == 0)
        return p;
    /* a sum that is scaled before it is added to C cannot be stored there between slices of k: it has one slice, too
     * long for a transposed copy of A */
    one_slice = clg_gemm_finish_of(args) == CLG_GEMM_SCALE_AND_ADD;
    turn_a = args->trans_a && !one_slice;
    p.shape_class = clg_gemm_class_of(p.m, turn_a);
    p.kc = one_slice ? p.k : block(p.k, tuned(ctx, &p, CLG_TUNE_GEMM_CPU_KC), 1);
    p.pack_a = turn_a || args->a.dtype != CLGRPO_F32;
    p.pack_b = turn_a && !args->trans_b && !packed;
    p.narrow = args->c.dtype != CLGRPO_F32;
    p.pack_first = !packed && !p.pack_b;
    p.panels = p.m <= CLG_GEMM_MR ? args->b.dtype : CLGRPO_F32; /* few rows read a panel once, as it is */
    plan_blocks(ctx, &p);
    if (p.pack_first)
        p.packed_elems = clg_round_up(clgrpo_gemm_pack_elems(ctx, p.k, p.n), 16);
    p.groups_per_launch = p.m_blocks * p.n_blocks;
    if ((p.pack_a || p.narrow) && p.groups_per_launch > most)
        p.groups_per_launch = most;
    p.scratch_elems =
        p.groups_per_launch * (p.kc * ((p.pack_a ? p.mc : 0) + (p.pack_b ? p.nc : 0)) + (p.narrow ? p.mc * p.nc : 0));
    return p;
}

/* Launches groups first .. first + n - 1 of the plan. */
static enum clgrpo_status
launch_cpu(struct clg_seq *seq, const struct clgrpo_gemm_args *args, const struct plan *p,
           const struct clgrpo_tensor *b, size_t first, size_t n)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_mem scratch = p->scratch_elems > 0 ? args->workspace.buf : args->c.buf;
    size_t scratch_at = args->workspace.offset_bytes / sizeof(float) + p->packed_elems;
    struct clg_grid grid = clg_grid1(n, 1);
    bool m_inner = p->m <= p->n; /* neighbouring groups use the same block of the larger operand */
    const char *b_type = clg_storage_name(b->dtype);
    char defines[160];

    clg_gemm_work(seq, args, (double)n / (double)(p->m_blocks * p->n_blocks));
    snprintf(defines, sizeof defines, "-DC_TRANS_A=%d -DC_PACK_A=%d -DC_PACK_B=%d -DC_A=%s -DC_B=%s -DC_PANEL=%s%s",
             args->trans_a, p->pack_a, p->pack_b, clg_storage_name(args->a.dtype), b_type, p->pack_b ? "f32" : b_type,
             clg_act_define(args->c.dtype));
    CLG_TRY(CLG_RUN(seq, "gemm_cpu", "k_gemm", defines, &grid, CLG_TENSOR(&args->a), CLG_TENSOR(b),
                    CLG_TENSOR(&args->c), CLG_MEM(scratch), CLG_SIZE(scratch_at), CLG_SIZE(args->a.stride[0]),
                    CLG_SIZE(args->b.stride[0]), CLG_SIZE(args->c.stride[0]), CLG_UINT(p->m), CLG_UINT(p->n),
                    CLG_UINT(p->k), CLG_UINT(p->mc), CLG_UINT(p->nc), CLG_UINT(p->kc), CLG_UINT(p->m_blocks),
                    CLG_UINT(p->n_blocks), CLG_UINT(m_inner), CLG_UINT(first),
                    CLG_UINT((cl_uint)clg_gemm_finish_of(args)), CLG_FLOAT(args->alpha)));
out:
    return st;
}

size_t
clg_gemm_cpu_workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args)
{
    struct plan p = make_plan(ctx, args);

    return (p.packed_elems + p.scratch_elems) * sizeof(float);
}

enum clgrpo_status
clg_gemm_cpu_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
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
