/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of the simt kernels of attention, on top of tile_product. A group has a tile of 64 x 64 scores: 64 rows and a
 * block of 64 positions, counted from the start of the history. P_TX is 8, P_TY P_MI is 64, P_NI is 8. Item (x, y)
 * owns rows TILE_Y + TILE_AT(i, P_TY); of scores positions x, x + 8, ..., x + 56, whatever P_VEC is; of outputs
 * columns ITEM_X + TILE_AT(c, 8).
 *
 *   clg_scores      s[i][j]  = f sum_d a[i][d] b[j][d]      one fma chain for each element, d ascending from 0
 *   clg_accumulate  o[i][c] += sum_j p[i][j] x[j][c]        one fma chain for each element, j ascending
 *
 * Local memory: `shared` has C_SHARED floats for p, `stage` C_STAGE floats for the tiles of b and x. The tile of a
 * lies in `shared` before p does (forward), or beside that of b where p is still needed after a product of scores
 * (backward: C_STAGE_BOTH). p is [position][row] with P_VEC 4, so that four rows are one load, else [row][position];
 * with rows of 68 words neither its writes nor its reads meet on a bank. Rows from n on are read as zeros: nothing
 * past a sequence's end is read.
 *
 * Cost, of a block and group: global memory 256 D bytes for each of a, b and x, for 2 x 2 x 4096 D operations: 21
 * operations a byte (a comes from a cache after the first block). Local memory, of an item and k: (P_MI + 8) / P_VEC
 * loads for scores, (P_MI + D / 8) / P_VEC for sums.
 *
 *   parameter   default (lanes)  constraint
 *   P_TY P_MI   16 4             P_TY P_MI = 64; 8 P_TY items, at most the device's work-group. 8 8 has fewer loads of
 *                                local memory for a product, but needs some 240 registers at D = 64
 *   P_K         8 (16)           8 or 16; C_SHARED + C_STAGE words of local memory, see the kernels
 *
 * P_VEC, P_SUB_M, P_SUB_N, P_UNROLL and P_BUFFERS: see tile_product. In parentheses what suits a runtime that makes
 * lanes of items.
 */
#define C_X     8
#define C_BLOCK 64
#define C_COLS  (C_HEAD_DIM / C_X)
#define C_PITCH (C_BLOCK + 4)

#define C_KIND_A (P_VEC == 1 ? T_KEPT : T_ROWS)
#define C_KIND_B (P_VEC == 1 ? T_ROWS : T_WOVEN)

#define C_SHARED (C_BLOCK * C_PITCH > T_LOCAL_A ? C_BLOCK * C_PITCH : T_LOCAL_A)
#define C_STAGE  (P_BUFFERS * (C_HEAD_DIM > C_BLOCK ? T_SIZE(C_HEAD_DIM) : T_SIZE(C_BLOCK)))
#define C_STAGE_BOTH (C_STAGE > T_LOCAL_A + T_LOCAL_B ? C_STAGE : T_LOCAL_A + T_LOCAL_B)

/* Words between rows, and between positions, of p. */
#define C_P_ROW (P_VEC == 1 ? C_PITCH : 1)
#define C_P_POS (P_VEC == 1 ? 1 : C_PITCH)

/* The work-group. A runtime that makes lanes of items is told to make P_TX of them: items of one row have consecutive
 * addresses, those of different rows do not. */
#if P_VEC == 1 && defined(cl_intel_required_subgroup_size)
#define C_GROUP __attribute__((reqd_work_group_size(P_TX, P_TY, 1), intel_reqd_sub_group_size(P_TX)))
#else
#define C_GROUP __attribute__((reqd_work_group_size(P_TX, P_TY, 1)))
#endif

#define CLG_ROW(i) (TILE_Y + TILE_AT(i, P_TY))
#define CLG_COL(c) (ITEM_X + TILE_AT(c, C_X))

/* Indices of the first of the 8 partial values of the item's row i, and of the item's own. The rows of neighbouring
 * items lie side by side, thus on different banks. */
#define CLG_PARTIALS(i) (((i)*P_TY + get_local_id(1)) * C_X)
#define CLG_PARTIAL(i)  (CLG_PARTIALS(i) + get_local_id(0))

/* n rows of a block: row i is at `at` + i * row, and from i = split on, where a prefix ends, `jump` elements
 * further. */
struct clg_rows {
    __global const float *at;
    ulong row, jump;
    int split, n;
};

TILE_FN struct clg_rows
clg_rows_at(__global const float *x, ulong row, int n)
{
    struct clg_rows r = {x, row, 0, 0, n};
    return r;
}

/* The block of keys, or values, that begins at position `first`; x is row 0 of the batch. */
TILE_FN struct clg_rows
clg_history_rows(__global const float *x, ulong row, const struct clg_history *h, int first)
{
    struct clg_rows r = {x + (h->prefix + first) * row, row, (h->own - h->prefix) * row, h->past - first, h->len - first};
    return r;
}

TILE_FN void
clg_scores(float *s, __global const float *a, ulong a_row, int n_a, struct clg_rows b, float f, __local float *la, __local float *lb)
{
#pragma unroll
    for (int e = 0; e < P_MI * P_NI; e++)
        s[e] = 0.0f;
    tile_product_split(s, a, a_row, C_KIND_A, n_a, b.at, b.row, b.split, b.jump, C_KIND_B, b.n, C_HEAD_DIM, la, lb);
#pragma unroll
    for (int e = 0; e < P_MI * P_NI; e++)
        s[e] *= f;
}

/* Stores the item's part of p or ds to local memory. */
TILE_FN void
clg_share(const float *s, __local float *p)
{
    p += ITEM_Y * C_P_ROW + get_local_id(0) * C_P_POS;
#pragma unroll
    for (int j = 0; j < P_NI; j++)
#pragma unroll
        for (int i = 0; i < P_MI; i += P_VEC) {
            __local float *at = p + TILE_AT(i, P_TY) * C_P_ROW + j * C_X * C_P_POS;
#if P_VEC == 4
            vstore4((float4)(s[i * P_NI + j], s[(i + 1) * P_NI + j], s[(i + 2) * P_NI + j], s[(i + 3) * P_NI + j]), 0,
                    at);
#else
            *at = s[i * P_NI + j];
#endif
        }
}

/* Loads what the item stored there for its position j: P_MI rows. */
TILE_FN void
clg_recall(float *to, __local const float *p, const int j)
{
    p += ITEM_Y * C_P_ROW + (get_local_id(0) + j * C_X) * C_P_POS;
#pragma unroll
    for (int i = 0; i < P_MI; i += P_VEC)
        tile_read(to + i, p + TILE_AT(i, P_TY) * C_P_ROW);
}

/* The writes of p come before the first barrier here; at the return no item reads p or stage any more. */
TILE_FN void
clg_accumulate(float *o, __local const float *p, struct clg_rows x, __local float *stage)
{
    __local const float *a = p + ITEM_Y * C_P_ROW, *b = stage + ITEM_X;
    const int end = min(x.n, C_BLOCK);
    tile_stage next[T_FETCH(C_HEAD_DIM)];

#if P_BUFFERS == 2
    int at = 0;
    tile_fetch_split(next, x.at, x.row, x.split, x.jump, T_DEPTH, C_HEAD_DIM, C_HEAD_DIM, 0, x.n);
    tile_keep(stage, next, T_DEPTH, C_HEAD_DIM);
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
    for (int k0 = 0; k0 < end; k0 += P_K) {
        const bool more = end - k0 > P_K;
        if (more)
            tile_fetch_split(next, x.at, x.row, x.split, x.jump, T_DEPTH, C_HEAD_DIM, C_HEAD_DIM, k0 + P_K, x.n);
        tile_step(o, C_COLS, a + k0 * C_P_POS, C_P_POS, C_P_ROW, b + at * T_SIZE(C_HEAD_DIM),
                  C_HEAD_DIM + 4);
        at ^= 1;
        if (more)
            tile_keep(stage + at * T_SIZE(C_HEAD_DIM), next, T_DEPTH, C_HEAD_DIM);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#else
#pragma unroll 1
    for (int k0 = 0; k0 < end; k0 += P_K) {
        tile_fetch_split(next, x.at, x.row, x.split, x.jump, T_DEPTH, C_HEAD_DIM, C_HEAD_DIM, k0, x.n);
        tile_keep(stage, next, T_DEPTH, C_HEAD_DIM);
        barrier(CLK_LOCAL_MEM_FENCE);
        tile_step(o, C_COLS, a + k0 * C_P_POS, C_P_POS, C_P_ROW, b, C_HEAD_DIM + 4);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#endif
}

/* Stores the item's part of a finished tile, times f, rows below n; adding +0 clears the sign of a zero. */
TILE_FN void
clg_store(const float *o, const float *f, int n, __global float *out, ulong out_row)
{
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        if (CLG_ROW(i) >= n)
            continue;
        __global float *row = out + CLG_ROW(i) * out_row;
#pragma unroll
        for (int c = 0; c < C_COLS; c += P_VEC) {
#if P_VEC == 4
            const float4 r = (float4)(o[i * C_COLS + c], o[i * C_COLS + c + 1], o[i * C_COLS + c + 2], o[i * C_COLS + c + 3]);
            const float4 w = fma(r, (float4)(f[i]), (float4)(0.0f));
            if (C_ALIGNED)
                *(__global float4 *)(row + CLG_COL(c)) = w;
            else
                vstore4(w, 0, row + CLG_COL(c));
#else
            row[CLG_COL(c)] = fma(o[i * C_COLS + c], f[i], 0.0f);
#endif
        }
    }
}
