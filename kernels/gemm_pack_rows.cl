/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs rows of B [k][n], stored as C_B, into panels of GEMM_NR columns, few rows at a time: B is then read along its
 * rows, and the cache lines that are written meanwhile fit a first-level cache.
 */
#ifndef C_B
#define C_B f32
#endif
typedef C_OF(clg_t_, C_B) b_t;

/* One row of a panel, from n_cols elements at a distance of `step`. */
static inline void
gemm_pack_row(__global const b_t *from, size_t step, uint n_cols, __global panel_t *to)
{
    for (uint j = 0; j < GEMM_NR; ++j)
        C_OF(clg_put_, C_PANEL)(j < n_cols ? C_OF(clg_get_, C_B)(j * step, from) : 0.0f, j, to);
}

static inline void
gemm_pack_rows(__global const b_t *from, size_t ldb, uint n_cols, uint n_k, __global panel_t *to)
{
    for (uint p = 0; p < n_k; ++p, from += ldb, to += GEMM_NR) {
        if (n_cols < GEMM_NR) {
            gemm_pack_row(from, 1, n_cols, to);
            continue;
        }
#pragma unroll
        for (int j = 0; j < GEMM_NV; ++j)
            C_OF(clg_store_, C_PANEL)(C_OF(clg_load_, C_B)(j, from), j, to);
    }
}

/* n_k rows of n_cols columns; panels are kc * GEMM_NR elements apart. */
static inline void
gemm_pack_b(__global const b_t *b, size_t ldb, uint n_cols, uint n_k, size_t kc, __global panel_t *to)
{
    for (uint p = 0; p < n_k; p += GEMM_PACK_ROWS)
        for (uint j = 0; j < n_cols; j += GEMM_NR)
            gemm_pack_rows(b + p * ldb + j, ldb, min((uint)GEMM_NR, n_cols - j), min((uint)GEMM_PACK_ROWS, n_k - p),
                           to + j * kc + p * GEMM_NR);
}
