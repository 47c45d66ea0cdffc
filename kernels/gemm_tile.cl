/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register tile of every matrix product of the cpu family: acc[i][j] += a[i][k] b[k][j] for GEMM_MR rows and
 * GEMM_NV vectors of columns, one fused multiply-add for each element and k, k ascending. The bits of an element
 * therefore depend only on its row of A, its column of B, and the value that the chain starts from.
 *
 * B is packed in panels of GEMM_NR columns: element (k, n) of a [K][N] operand is at ((n / GEMM_NR) * K + k) *
 * GEMM_NR + n % GEMM_NR, and columns past N are 0. C_PANEL is the storage type of the panels: halves become f32 as
 * they are read. A is read in place, or from any place where the rows of a tile are at equal distances.
 *
 * Registers: 6 x 2 accumulators of 16 (vector widths 4 and 8), 6 x 4 of 32 (width 16); the others hold GEMM_NV
 * vectors of B and one broadcast element of A.
 */
#ifndef C_PANEL
#define C_PANEL f32
#endif
typedef C_OF(clg_t_, C_PANEL) panel_t;
#define GEMM_MR 6
#if P_VECTOR_WIDTH == 16
#define GEMM_NV 4
#else
#define GEMM_NV 2
#endif
#define GEMM_NR (GEMM_NV * P_VECTOR_WIDTH)
/* Rows that are packed in one sweep over the columns: the cache lines that this reads and writes fit a first-level
 * cache, whatever the strides. */
#define GEMM_PACK_ROWS 8

/* Pointers to the rows of a tile of which n_rows, 1 or more, are valid: the last valid row is repeated for the
 * others. */
static inline void
gemm_tile_rows(__global const float *rows[GEMM_MR], __global const float *a, size_t stride, uint n_rows)
{
#pragma unroll
    for (uint i = 0; i < GEMM_MR; ++i)
        rows[i] = a + min(i, n_rows - 1) * stride;
}

static inline void
gemm_tile_zero(vf acc[GEMM_MR][GEMM_NV])
{
#pragma unroll
    for (int i = 0; i < GEMM_MR; ++i)
#pragma unroll
        for (int j = 0; j < GEMM_NV; ++j)
            acc[i][j] = (vf)(0.0f);
}

/* acc += rows[i][p * step] * panel[p][..] for p = 0 .. n-1 in this order. */
static inline void
gemm_tile_fma(vf acc[GEMM_MR][GEMM_NV], __global const float *const rows[GEMM_MR], size_t step,
              __global const panel_t *panel, uint n)
{
    for (size_t p = 0; p < n; ++p) {
        vf b[GEMM_NV];
#pragma unroll
        for (int j = 0; j < GEMM_NV; ++j)
            b[j] = C_OF(clg_load_, C_PANEL)(p * GEMM_NV + j, panel);
#pragma unroll
        for (int i = 0; i < GEMM_MR; ++i) {
            vf x = (vf)(rows[i][p * step]);
#pragma unroll
            for (int j = 0; j < GEMM_NV; ++j)
                acc[i][j] = fma(x, b[j], acc[i][j]);
        }
    }
}
