/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C = alpha op(A) B + beta C, cpu family; B in panels of GEMM_NR columns, C [m][n] with row stride ldc.
 *
 * One group is one work-item and owns mc x nc elements of C, as their only writer: no barriers, no local memory. k is
 * cut into slices of kc. Within a slice, a panel of B (kc x GEMM_NR) stays in the first-level cache while it is
 * multiplied with all tiles of the group's rows, and the group's rows of A (mc x kc) stay in the second-level cache.
 * Between slices the accumulators are stored in C, which loses nothing: an element is the same chain of fused
 * multiply-adds as in one pass over k, starting from C for GEMM_ADD, else from 0. alpha, unless 1, multiplies the
 * finished sum; GEMM_SCALE_AND_ADD then adds C in one more fma, so C must be intact until then: kc is k in this case.
 *
 * C_A and C_B are the storage types of a and b. C_TRANS_A: a is [k][m], else [m][k]. It is read in place, which needs
 * f32, or with C_PACK_A copied, slice by slice, to the group's scratch memory: as [mc / GEMM_MR][kc][GEMM_MR] from
 * [k][m], as [mc][kc] from [m][k]. With C_PACK_B (and C_PACK_A) b is [k][n], and its slices are packed there too;
 * else b is packed already. A launch computes the groups from first_group on, each with scratch memory of its own.
 *
 * c is stored as C_ACT. Of halves the group computes its block of C in scratch memory, behind the slices, as the kernel
 * of f32 computes it in C, and rounds it at the end: no sum is stored in halves on its way.
 *
 * Each whole tile prefetches its share of the next panel, and the next tile of C. Products of one to three rows
 * multiply several panels at once.
 *
 * Tails: rows past m repeat the last valid row where A is read in place, and are 0 in scratch memory; columns past n
 * are 0 in the panels. Neither is stored, and nothing past a matrix is read.
 */
#ifndef C_TRANS_A
#define C_TRANS_A 0
#endif
#ifndef C_PACK_A
#define C_PACK_A 0
#endif
#ifndef C_PACK_B
#define C_PACK_B 0
#endif
#ifndef C_A
#define C_A f32
#endif
typedef C_OF(clg_t_, C_A) a_t;

/* What becomes of a finished sum s: C = s (from 0), s (from C), alpha s, alpha s + C. The host has the same numbers. */
#define GEMM_STORE         0
#define GEMM_ADD           1
#define GEMM_SCALE         2
#define GEMM_SCALE_AND_ADD 3

/* acc = a tile of C, of which n_rows x n_cols elements are valid. */
static inline void
gemm_c_load(vf acc[GEMM_MR][GEMM_NV], __global const float *c, size_t ldc, uint n_rows, uint n_cols)
{
#pragma unroll
    for (uint i = 0; i < GEMM_MR; ++i) {
        __global const float *row = c + min(i, n_rows - 1) * ldc;
        if (n_cols >= GEMM_NR) {
#pragma unroll
            for (int j = 0; j < GEMM_NV; ++j)
                acc[i][j] = vf_load(j, row);
        } else {
            float edge[GEMM_NR];
            for (uint j = 0; j < GEMM_NR; ++j)
                edge[j] = j < n_cols ? row[j] : 0.0f;
#pragma unroll
            for (int j = 0; j < GEMM_NV; ++j)
                acc[i][j] = vf_load(j, edge);
        }
    }
}

static inline void
gemm_c_store(vf acc[GEMM_MR][GEMM_NV], __global float *c, size_t ldc, uint n_rows, uint n_cols)
{
#pragma unroll
    for (uint i = 0; i < GEMM_MR; ++i) {
        if (i >= n_rows)
            continue;
        __global float *row = c + i * ldc;
        if (n_cols >= GEMM_NR) {
#pragma unroll
            for (int j = 0; j < GEMM_NV; ++j)
                vf_store(acc[i][j], j, row);
        } else {
            float edge[GEMM_NR];
#pragma unroll
            for (int j = 0; j < GEMM_NV; ++j)
                vf_store(acc[i][j], j, edge);
            for (uint j = 0; j < n_cols; ++j)
                row[j] = edge[j];
        }
    }
}

/* acc = alpha acc, or alpha acc + C. */
static inline void
gemm_scale(vf acc[GEMM_MR][GEMM_NV], float alpha, bool add, __global const float *c, size_t ldc, uint n_rows,
           uint n_cols)
{
    vf old[GEMM_MR][GEMM_NV];
    gemm_tile_zero(old);
    if (add)
        gemm_c_load(old, c, ldc, n_rows, n_cols);
#pragma unroll
    for (int i = 0; i < GEMM_MR; ++i)
#pragma unroll
        for (int j = 0; j < GEMM_NV; ++j)
            acc[i][j] = add ? fma((vf)(alpha), acc[i][j], old[i][j]) : alpha * acc[i][j];
}

/* A slice of A [k][m] into panels of GEMM_MR = 6 rows of op(A), which are kc * 6 elements apart. */
static inline void
gemm_pack_a(__global const a_t *a, size_t lda, uint n_cols, uint n_k, uint kc, __global float *to)
{
    for (uint p0 = 0; p0 < n_k; p0 += GEMM_PACK_ROWS) {
        for (uint i0 = 0; i0 < n_cols; i0 += GEMM_MR) {
            for (uint p = p0; p < min(n_k, p0 + GEMM_PACK_ROWS); ++p) {
                __global const a_t *from = a + p * lda + i0;
                __global float *at = to + (size_t)i0 * kc + p * GEMM_MR;
                if (n_cols - i0 >= GEMM_MR) {
                    vstore4(C_OF(clg_load4_, C_A)(0, from), 0, at);
                    vstore2(C_OF(clg_load2_, C_A)(2, from), 2, at);
                } else {
                    for (uint i = 0; i < GEMM_MR; ++i)
                        at[i] = i < n_cols - i0 ? C_OF(clg_get_, C_A)(i, from) : 0.0f;
                }
            }
        }
    }
}

/* Rows in storage S as f32, which are `stride` and `to_stride` elements apart: a slice of A, a block of C. */
#define GEMM_DEFINE_WIDEN(name, S)                                                                                     \
    static inline void name(__global const C_OF(clg_t_, S) * from, size_t stride, uint n_rows, uint n, uint to_stride, \
                            __global float *to)                                                                        \
    {                                                                                                                  \
        for (uint i = 0; i < n_rows; ++i, from += stride, to += to_stride) {                                           \
            uint j = 0;                                                                                                \
            for (; j + C_VW <= n; j += C_VW)                                                                           \
                vf_store(C_OF(clg_load_, S)(0, from + j), 0, to + j);                                                  \
            for (; j < n; ++j)                                                                                         \
                to[j] = C_OF(clg_get_, S)(j, from);                                                                    \
        }                                                                                                              \
    }
GEMM_DEFINE_WIDEN(gemm_widen_a, C_A)

#if !C_ACT_F32
GEMM_DEFINE_WIDEN(gemm_widen_c, C_ACT)

/* A block of C back from f32, whose rows are nc elements apart. */
static inline void
gemm_narrow_c(__global const float *from, uint nc, uint n_rows, uint n_cols, __global c_act *c, size_t ldc)
{
    for (uint i = 0; i < n_rows; ++i, c += ldc, from += nc) {
        uint j = 0;
        for (; j + C_VW <= n_cols; j += C_VW)
            C_OF(clg_store_, C_ACT)(vf_load(0, from + j), 0, c + j);
        for (; j < n_cols; ++j)
            C_OF(clg_put_, C_ACT)(from[j], j, c);
    }
}
#endif

#define GEMM_LINE        64 /* bytes */
#define GEMM_AHEAD_TILES 4

static inline void
gemm_ahead_panel(__global const panel_t *panel, uint from, uint to)
{
    for (uint i = from; i < to; ++i)
        CLG_AHEAD(3, (__global const char *)panel + (size_t)i * GEMM_LINE);
}

static inline void
gemm_ahead_c(__global const float *c, size_t ldc)
{
#pragma unroll
    for (uint i = 0; i < GEMM_MR; ++i)
#pragma unroll
        for (uint j = 0; j < GEMM_NR; j += GEMM_LINE / sizeof(float))
            CLG_AHEAD(3, c + i * ldc + j);
}

/*
 * One tile of C over the n_k terms of a slice. n_a equals n_rows but is not a constant: where the compiler knows that
 * the rows are at equal distances, it derives each address from the one before, and the loop waits for that chain.
 */
static inline void
gemm_tile_slice(__global float *c, size_t ldc, uint n_rows, uint n_cols, __global const float *a, uint n_a,
                size_t row_stride, size_t step, __global const panel_t *panel, uint n_k, bool from_c, uint finish,
                float alpha)
{
    __global const float *rows[GEMM_MR];
    vf acc[GEMM_MR][GEMM_NV];

    if (from_c)
        gemm_c_load(acc, c, ldc, n_rows, n_cols);
    else
        gemm_tile_zero(acc);
    gemm_tile_rows(rows, a, row_stride, C_PACK_A && C_TRANS_A ? GEMM_MR : n_a);
    gemm_tile_fma(acc, rows, step, panel, n_k);
    if (finish >= GEMM_SCALE)
        gemm_scale(acc, alpha, finish == GEMM_SCALE_AND_ADD, c, ldc, n_rows, n_cols);
    gemm_c_store(acc, c, ldc, n_rows, n_cols);
}

/* A panel times m rows of A, whose tiles are GEMM_MR * tile_stride elements apart; prefetches panel `next`. */
static inline void
gemm_panel(__global float *c, size_t ldc, uint m, uint n_cols, __global const float *a, size_t tile_stride,
           size_t row_stride, size_t step, __global const panel_t *panel, __global const panel_t *next, uint n_k,
           bool from_c, uint finish, float alpha)
{
    const uint lines = n_k * GEMM_NR * (uint)sizeof(panel_t) / GEMM_LINE, tiles = (m + GEMM_MR - 1) / GEMM_MR;
    const uint share = tiles >= GEMM_AHEAD_TILES ? (lines + tiles - 1) / tiles : 0;
    uint i = 0, line = 0;

    if (n_cols >= GEMM_NR) {
        for (; i + GEMM_MR <= m; i += GEMM_MR, line += share) {
            gemm_ahead_panel(next, line, line + share);
            if (i + 2 * GEMM_MR <= m)
                gemm_ahead_c(c + (i + GEMM_MR) * ldc, ldc);
            gemm_tile_slice(c + i * ldc, ldc, GEMM_MR, GEMM_NR, a + i * tile_stride, min((uint)GEMM_MR, m - i),
                            row_stride, step, panel, n_k, from_c, finish, alpha);
        }
    }
    for (; i < m; i += GEMM_MR)
        gemm_tile_slice(c + i * ldc, ldc, min((uint)GEMM_MR, m - i), n_cols, a + i * tile_stride,
                        min((uint)GEMM_MR, m - i), row_stride, step, panel, n_k, from_c, finish, alpha);
}

/*
 * R rows of A times whole panels, P at a time; returns the number of columns that are done. With so few rows a tile
 * would mostly repeat a row, which costs time that the loads could use, and the chains of one panel are too few to
 * keep the multiply-add units busy.
 */
#define GEMM_DEFINE_ROWS(R, P)                                                                                         \
    static inline uint gemm_rows_##R(__global float *c, size_t ldc, uint n_cols, __global const float *a,              \
                                     size_t row_stride, size_t step, __global const panel_t *panels,                   \
                                     size_t panel_stride, uint n_k, bool from_c, uint finish, float alpha)             \
    {                                                                                                                  \
        uint j = 0;                                                                                                    \
        for (; j + P * GEMM_NR <= n_cols; j += P * GEMM_NR, panels += P * GEMM_NR * panel_stride) {                    \
            vf acc[R][P * GEMM_NV];                                                                                    \
            _Pragma("unroll") for (int r = 0; r < R; ++r) _Pragma("unroll") for (int v = 0; v < P * GEMM_NV; ++v)      \
                acc[r][v] = from_c ? vf_load(v, c + r * ldc + j) : (vf)(0.0f);                                         \
            for (size_t p = 0; p < n_k; ++p) {                                                                         \
                _Pragma("unroll") for (int v = 0; v < P * GEMM_NV; ++v)                                                \
                {                                                                                                      \
                    const vf y = C_OF(clg_load_, C_PANEL)(p * GEMM_NV + v % GEMM_NV,                                   \
                                                          panels + v / GEMM_NV * GEMM_NR * panel_stride);              \
                    _Pragma("unroll") for (int r = 0; r < R; ++r) acc[r][v] =                                          \
                        fma((vf)(a[r * row_stride + p * step]), y, acc[r][v]);                                         \
                }                                                                                                      \
            }                                                                                                          \
            _Pragma("unroll") for (int r = 0; r < R; ++r) _Pragma("unroll") for (int v = 0; v < P * GEMM_NV; ++v)      \
            {                                                                                                          \
                vf x = acc[r][v];                                                                                      \
                if (finish == GEMM_SCALE)                                                                              \
                    x *= alpha;                                                                                        \
                else if (finish == GEMM_SCALE_AND_ADD)                                                                 \
                    x = fma((vf)(alpha), x, vf_load(v, c + r * ldc + j));                                              \
                vf_store(x, v, c + r * ldc + j);                                                                       \
            }                                                                                                          \
        }                                                                                                              \
        return j;                                                                                                      \
    }
GEMM_DEFINE_ROWS(1, 4)
GEMM_DEFINE_ROWS(2, 2)
GEMM_DEFINE_ROWS(3, 2)

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_gemm(__global const a_t *restrict a, ulong a_at, __global const b_t *restrict b, ulong b_at,
       __global c_act *restrict c, ulong c_at, __global float *restrict scratch, ulong scratch_at, ulong lda, ulong ldb,
       ulong ldc, uint m, uint n, uint k, uint mc, uint nc, uint kc, uint m_blocks, uint n_blocks, uint m_inner,
       uint first_group, uint finish, float alpha)
{
    uint g = first_group + get_group_id(0);
    uint inner = m_inner ? m_blocks : n_blocks, outer_i = g / inner, inner_i = g - outer_i * inner;
    uint m0 = (m_inner ? inner_i : outer_i) * mc, n0 = (m_inner ? outer_i : inner_i) * nc;
    uint m1 = min(m, m0 + mc), n1 = min(n, n0 + nc);
#if !C_ACT_F32
    const size_t slices = (size_t)kc * (C_PACK_A * mc + C_PACK_B * nc), block_row = nc;
    __global float *own_a = scratch + scratch_at + get_group_id(0) * (slices + mc * nc);
    __global float *block = own_a + slices;
    if (finish == GEMM_ADD || finish == GEMM_SCALE_AND_ADD)
        gemm_widen_c(c + c_at + m0 * ldc + n0, ldc, m1 - m0, n1 - n0, nc, block);
#else
    const size_t block_row = ldc;
#if C_PACK_A
    __global float *own_a = scratch + scratch_at + get_group_id(0) * kc * (mc + C_PACK_B * nc);
#endif
#endif
    uint k0 = 0;
    do {
        uint n_k = min(kc, k - k0);
#if C_PACK_A && C_TRANS_A
        gemm_pack_a(a + a_at + k0 * lda + m0, lda, m1 - m0, n_k, kc, own_a);
        __global const float *rows = own_a;
        const size_t tile_stride = kc, row_stride = 1, step = GEMM_MR;
#elif C_PACK_A
        gemm_widen_a(a + a_at + m0 * lda + k0, lda, m1 - m0, n_k, kc, own_a);
        __global const float *rows = own_a;
        const size_t tile_stride = kc, row_stride = kc, step = 1;
#elif C_TRANS_A
        __global const float *rows = a + a_at + k0 * lda + m0;
        const size_t tile_stride = 1, row_stride = 1, step = lda;
#else
        __global const float *rows = a + a_at + m0 * lda + k0;
        const size_t tile_stride = lda, row_stride = lda, step = 1;
#endif
#if C_PACK_B
        __global float *own_b = own_a + (size_t)kc * mc;
        gemm_pack_b(b + b_at + k0 * ldb + n0, ldb, n1 - n0, n_k, kc, own_b);
        __global const panel_t *panels = own_b;
        const size_t panel_stride = kc;
#else
        __global const panel_t *panels = b + b_at + (size_t)n0 * k + (size_t)k0 * GEMM_NR;
        const size_t panel_stride = k;
#endif
        const bool from_c = k0 > 0 || finish == GEMM_ADD;
        const uint finish_now = k0 + n_k == k ? finish : GEMM_STORE;
#if C_ACT_F32
        __global float *tiles = c + c_at + m0 * ldc;
#define TILES_AT(j) (tiles + (j))
#else
#define TILES_AT(j) (block + ((j)-n0))
#endif
        uint j = n0;
#define ROWS_ARGS                                                                                                      \
    TILES_AT(n0), block_row, n1 - n0, rows, row_stride, step, panels, panel_stride, n_k, from_c, finish_now, alpha
        if (m1 - m0 == 1)
            j += gemm_rows_1(ROWS_ARGS);
        else if (m1 - m0 == 2)
            j += gemm_rows_2(ROWS_ARGS);
        else if (m1 - m0 == 3)
            j += gemm_rows_3(ROWS_ARGS);
        for (; j < n1; j += GEMM_NR) {
            __global const panel_t *panel = panels + (j - n0) * panel_stride;
            __global const panel_t *next = n1 - j > GEMM_NR ? panel + GEMM_NR * panel_stride : panel;
            gemm_panel(TILES_AT(j), block_row, m1 - m0, min((uint)GEMM_NR, n1 - j), rows, tile_stride, row_stride, step,
                       panel, next, n_k, from_c, finish_now, alpha);
        }
        k0 += n_k;
    } while (k0 < k);
#if !C_ACT_F32
    gemm_narrow_c(block, nc, m1 - m0, n1 - n0, c + c_at + m0 * ldc + n0, ldc);
#endif
}
