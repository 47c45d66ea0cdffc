/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <math.h>

#define OP "sample"

enum {
    LSE_SEGMENT = 1024, /* columns of a segment and a block of the log-sum-exp */
    LSE_BLOCK = 128,
    PART = 16 * LSE_SEGMENT, /* columns of a part of a row, cpu family */
    MOST_ROOM = 2048,        /* most tokens in the list of a part */
    GROUPS_PER_CORE = 8,
    SHARED_ROWS_PER_CORE = 2, /* with fewer rows, several groups share one */
    SIMT_ITEMS = 64,
    SIMT_LOCAL_BYTES = 3 * SIMT_ITEMS * 4
};

/* Groups, each with scratch for one row at a time. */
static size_t
n_groups(const struct clgrpo_context *ctx, size_t n_rows)
{
    const size_t most = GROUPS_PER_CORE * (ctx->info.compute_units > 0 ? ctx->info.compute_units : 1);

    return n_rows < most ? n_rows : most;
}

/* Words of 4 bytes of a row's scratch. cpu: 16, then 4 for each segment, then 2 counts and 2 lists for each part, as
 * the kernel lays them out. */
static size_t
row_words(const struct clgrpo_context *ctx, size_t vocab)
{
    const size_t padded = clg_round_up(vocab, LSE_BLOCK), room = padded < MOST_ROOM ? padded : MOST_ROOM;

    if (ctx->family != CLGRPO_FAMILY_CPU)
        return 2 * padded;
    return clg_round_up(16 + 4 * clg_divide_up(vocab, LSE_SEGMENT) + clg_divide_up(vocab, PART) * (2 + 2 * room), 16);
}

static size_t
workspace_bytes(const struct clgrpo_context *ctx, const struct clgrpo_sample_args *a)
{
    if (a->temperature == 0.0f)
        return 0;
    return n_groups(ctx, a->logits.shape[0]) * row_words(ctx, a->logits.shape[1]) * sizeof(float);
}

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_sample_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t most = 0x7fffffff - 1024 * 4;
    const size_t b = a->logits.shape[0], v = a->logits.shape[1];

    CLG_TRY(clg_tensor_check_storage(ctx, OP, "logits", &a->logits, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_REQUIRE(ctx, v >= 1 && v <= most && b <= most, CLGRPO_E_SHAPE,
                OP ": %zu rows of %zu logits; need 1 or more logits and neither over %zu", b, v, most);
    CLG_TRY(clg_tensor_check(ctx, OP, "token", &a->token, CLGRPO_I32, 1, CLG_SHAPE(b)));
    CLG_TRY(clg_tensor_check_optional(ctx, OP, "logprob", &a->logprob, CLGRPO_F32, 1, CLG_SHAPE(b)));
    CLG_REQUIRE(ctx,
                a->temperature == 0.0f ||
                    (a->temperature > 0.0f && isfinite(a->temperature) && isfinite(1.0f / a->temperature)),
                CLGRPO_E_VALUE, OP ": temperature is %g, need 0 or a finite number above 0", (double)a->temperature);
    CLG_REQUIRE(ctx, a->top_p > 0.0f && a->top_p <= 1.0f, CLGRPO_E_VALUE, OP ": top_p is %g, need more than 0, up to 1",
                (double)a->top_p);
    if (a->temperature > 0.0f)
        CLG_TRY(clg_tensor_check(ctx, OP, "key", &a->key, CLGRPO_U64, 2, CLG_SHAPE(b, 2)));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_sample, OP, CLG_OUT(a, token), CLG_OUT(a, logprob), CLG_IN(a, logits),
          a->temperature > 0.0f ? CLG_IN(a, key) : CLG_IN(a, logits))

/* Whether several groups share a row, each with a part of it: where rows are too few to keep the cores busy. The bits
 * are the same. */
static bool
is_shared(const struct clgrpo_context *ctx, const struct clgrpo_sample_args *a)
{
    return ctx->family == CLGRPO_FAMILY_CPU && a->temperature > 0.0f && a->logits.shape[1] > PART &&
           a->logits.shape[0] < (size_t)SHARED_ROWS_PER_CORE * ctx->info.compute_units;
}

static enum clgrpo_status
launch(struct clg_seq *seq, const struct clgrpo_sample_args *a, const char *entry, const char *defines,
       const struct clg_grid *grid)
{
    struct clgrpo_context *ctx = seq->ctx;
    const bool greedy = a->temperature == 0.0f, cpu = ctx->family == CLGRPO_FAMILY_CPU;
    const size_t b = a->logits.shape[0], v = a->logits.shape[1];
    const struct clg_arg args[] = {
        CLG_TENSOR_ROWS(&a->logits),
        CLG_MEM(greedy ? a->logits.buf : a->key.buf),
        CLG_SIZE(greedy ? (size_t)0 : a->key.offset),
        CLG_SIZE(greedy ? (size_t)0 : a->key.stride[0]),
        CLG_TENSOR(&a->token),
        CLG_MEM(a->logprob.buf != NULL ? a->logprob.buf : a->logits.buf),
        CLG_SIZE(a->logprob.offset),
        CLG_UINT((bool)(a->logprob.buf != NULL)),
        CLG_MEM(greedy ? a->logits.buf : a->workspace.buf),
        CLG_SIZE(a->workspace.offset_bytes / sizeof(float)),
        CLG_UINT(b),
        CLG_UINT(v),
        CLG_UINT(row_words(ctx, v)),
        CLG_FLOAT(greedy ? 1.0f : 1.0f / a->temperature),
        CLG_UINT(a->top_k > 0 ? a->top_k : (cl_uint)0x7fffffff),
        CLG_FLOAT(a->top_p),
        CLG_LOCAL((size_t)SIMT_LOCAL_BYTES), /* the simt kernels alone have this one */
    };

    CLG_WORK(seq, 0.0, CLG_BYTES(&a->logits, &a->token, &a->logprob));
    return clg_run(seq, cpu ? "sample_cpu" : "sample_simt", entry, defines, grid, args, CLG_COUNT(args) - cpu);
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_sample_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;
    const struct clgrpo_context *ctx = seq->ctx;
    const size_t b = a->logits.shape[0], v = a->logits.shape[1];
    const bool greedy = a->temperature == 0.0f;
    const bool is_cut = !greedy && ((a->top_k > 0 && a->top_k < v) || a->top_p < 1.0f);
    const struct clg_grid grid = clg_grid1(n_groups(ctx, b), ctx->family == CLGRPO_FAMILY_CPU ? 1 : SIMT_ITEMS);
    const struct clg_grid parts = {2, {clg_divide_up(v, PART), b, 1}, {1, 1, 1}};
    char defines[64];

    snprintf(defines, sizeof defines, "-DC_GREEDY=%d -DC_CUT=%d%s", greedy, is_cut, clg_act_define(a->logits.dtype));
    if (!is_shared(ctx, a))
        return launch(seq, a, "k_sample", defines, &grid);
    if (is_cut)
        CLG_TRY(launch(seq, a, "k_guess", defines, &grid));
    CLG_TRY(launch(seq, a, "k_pass", defines, &parts));
    CLG_TRY(launch(seq, a, "k_finish", defines, &grid));
out:
    return st;
}

CLG_OPERATION_WITH_SPACE(clgrpo_sample, OP, check, views, workspace_bytes, run)
