/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm_pack.h"

unsigned
clg_gemm_nr(const struct clgrpo_context *ctx)
{
    unsigned width = clg_vector_width(ctx);

    return width == 16 ? 4 * width : 2 * width;
}

size_t
clgrpo_gemm_pack_elems(const struct clgrpo_context *ctx, size_t k, size_t n)
{
    return ctx->family == CLGRPO_FAMILY_CPU ? k * clg_round_up(n, clg_gemm_nr(ctx)) : k * n;
}

enum { PACK_DEFINES = 64 };

static void
pack_defines(const struct clgrpo_tensor *b, bool trans_b, const struct clgrpo_tensor *packed, char text[PACK_DEFINES])
{
    snprintf(text, PACK_DEFINES, "-DC_TRANS_B=%d -DC_B=%s -DC_PANEL=%s", trans_b, clg_storage_name(b->dtype),
             clg_storage_name(packed->dtype));
}

static enum clgrpo_status
run_cpu(struct clg_seq *seq, const struct clgrpo_tensor *b, bool trans_b, const struct clgrpo_tensor *packed)
{
    enum clgrpo_status st = CLGRPO_OK;
    /* what a group packs, some microseconds of work: part of one panel with trans_b, else a few rows of many panels;
     * both read b along its rows */
    const size_t rows = trans_b ? 512 : 32, panels = trans_b ? 1 : 32;
    size_t k = b->shape[trans_b ? 1 : 0], n = b->shape[trans_b ? 0 : 1], columns = panels * clg_gemm_nr(seq->ctx);
    struct clg_grid grid = {2, {clg_divide_up(n, columns), clg_divide_up(k, rows), 1}, {1, 1, 1}};
    char defines[PACK_DEFINES];

    pack_defines(b, trans_b, packed, defines);
    CLG_TRY(CLG_RUN(seq, "gemm_pack_cpu", "k_gemm_pack", defines, &grid, CLG_TENSOR(b), CLG_TENSOR(packed),
                    CLG_SIZE(b->stride[0]), CLG_UINT(n), CLG_UINT(k), CLG_UINT(columns), CLG_UINT(rows)));
out:
    return st;
}

static enum clgrpo_status
run_simt(struct clg_seq *seq, const struct clgrpo_tensor *b, bool trans_b, const struct clgrpo_tensor *packed)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t k = b->shape[trans_b ? 1 : 0], n = b->shape[trans_b ? 0 : 1];
    struct clg_grid grid = {2, {(n + 15) / 16, (k + 3) / 4, 1}, {16, 4, 1}};
    char defines[PACK_DEFINES];

    pack_defines(b, trans_b, packed, defines);
    CLG_TRY(CLG_RUN(seq, "gemm_simt", "k_gemm_pack", defines, &grid, CLG_TENSOR(b), CLG_TENSOR(packed),
                    CLG_SIZE(b->stride[0]), CLG_UINT(n), CLG_UINT(k)));
out:
    return st;
}

enum clgrpo_status
clg_gemm_pack_run(struct clg_seq *seq, const struct clgrpo_tensor *b, bool trans_b, const struct clgrpo_tensor *packed)
{
    CLG_WORK(seq, 0.0, CLG_BYTES(b) + (double)clgrpo_tensor_elems(b) * (double)clgrpo_dtype_bytes(packed->dtype));
    return seq->ctx->family == CLGRPO_FAMILY_CPU ? run_cpu(seq, b, trans_b, packed) : run_simt(seq, b, trans_b, packed);
}
