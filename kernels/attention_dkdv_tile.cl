/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of attention backward, cpu family, whose rows are keys and whose lanes are queries. p is recomputed from the
 * forward's lse; the sums are those of clg_tile_accumulate.
 *
 *   clg_dkdv_batch  of up to P_BATCH tiles of P_ROWS keys, with one block of 64 queries of one head:
 *                   p = 2^(s - lse)   ds = p (dout v^T - delta)   dv += p^T dout   dk += ds^T q
 *
 * p and ds are 0 for a query that does not see the key or is past the end.
 */
#define P_BATCH 4

/* A block of 64 queries, from number `first` of `len` on: q and dout, transposed and as columns; lse in base 2. */
struct clg_queries {
    float q_keys[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float q_cols[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float dout_keys[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float dout_cols[C_BLOCK * C_HEAD_DIM] __attribute__((aligned(64)));
    float lse[C_BLOCK] __attribute__((aligned(64))), delta[C_BLOCK] __attribute__((aligned(64)));
    int first, len, causal;
};

/* The index in the block of the first query that sees key `key`. */
static inline int
clg_tile_from(int key, const struct clg_queries *b)
{
    return b->causal ? max(key - b->first, 0) : 0;
}

/*
 * Replaces the scores s by p, and dp by ds; row i is key `key` + i. ds is also set to 0 in the panel before those
 * that were computed and in all after them, as the tiles of queries that compute dq may read them.
 */
static inline void
clg_tile_probabilities(float *s, float *dp, int key, const struct clg_queries *b)
{
    const int from = min(clg_tile_from(key, b), C_BLOCK) / C_PANEL * C_NS, high = b->len - b->first;
    const int to = (min(high, C_BLOCK) + C_PANEL - 1) / C_PANEL * C_NS;
    for (int i = 0; i < P_ROWS; i++) {
        const int low = b->causal ? key + i - b->first : 0;
        if (from > 0)
#pragma unroll
            for (int e = 1; e <= C_NS; e++)
                vf_store((vf)(0.0f), i * (C_BLOCK / C_VW) + from - e, dp);
        for (int j = to; j < C_BLOCK / C_VW; j++)
            vf_store((vf)(0.0f), i * (C_BLOCK / C_VW) + j, dp);
        for (int j = from; j < to; j += C_NS) {
            const int k = i * (C_BLOCK / C_VW) + j;
            vf p[C_NS];
#pragma unroll
            for (int e = 0; e < C_NS; e++)
                p[e] = clg_exp2_v(vf_load(k + e, s) - vf_load(j + e, b->lse));
            if (low > j * C_VW || high < (j + C_NS) * C_VW)
#pragma unroll
                for (int e = 0; e < C_NS; e++) {
                    const vi lane = clg_lanes() + (vi)((j + e) * C_VW);
                    p[e] = select((vf)(0.0f), p[e], (lane >= (vi)(low)) & (lane < (vi)(high)));
                }
#pragma unroll
            for (int e = 0; e < C_NS; e++) {
                vf_store(p[e], k + e, s);
                vf_store(p[e] * (vf_load(k + e, dp) - vf_load(j + e, b->delta)), k + e, dp);
            }
        }
    }
}

/* k, v, dk, dv [n_tiles][P_ROWS][D] from `key` on; ds [n_tiles][P_ROWS][C_BLOCK] is a result, too. */
static inline void
clg_dkdv_batch(int n_tiles, int key, const struct clg_queries *b, const float *k, const float *v, float *ds, float *dk,
               float *dv)
{
    float s[P_BATCH * P_ROWS * C_BLOCK] __attribute__((aligned(64)));
    const int n = min(b->len - b->first, C_BLOCK);
    float one[P_ROWS];
    for (int i = 0; i < P_ROWS; i++)
        one[i] = 1.0f;
    for (int j = 0; j < n; j += C_PANEL)
        for (int t = 0; t < n_tiles; t++)
            if (j + C_PANEL > clg_tile_from(key + t * P_ROWS, b)) {
                const int at = t * (P_ROWS * C_BLOCK) + j;
                clg_tile_scores(k + t * (C_HEAD_DIM * P_ROWS), b->q_keys + j * C_HEAD_DIM, C_PANEL, s + at);
                clg_tile_scores(v + t * (C_HEAD_DIM * P_ROWS), b->dout_keys + j * C_HEAD_DIM, C_PANEL, ds + at);
            }
    for (int t = 0; t < n_tiles; t++)
        clg_tile_probabilities(s + t * (P_ROWS * C_BLOCK), ds + t * (P_ROWS * C_BLOCK), key + t * P_ROWS, b);
    for (int c = 0; c < C_HEAD_DIM; c += C_COLS)
        for (int t = 0; t < n_tiles; t++) {
            const int from = clg_tile_from(key + t * P_ROWS, b);
            clg_tile_accumulate(s + t * (P_ROWS * C_BLOCK), b->dout_cols + c * C_BLOCK, C_COLS, from, n, one,
                                dv + t * (P_ROWS * C_HEAD_DIM) + c);
            clg_tile_accumulate(ds + t * (P_ROWS * C_BLOCK), b->q_cols + c * C_BLOCK, C_COLS, from, n, one,
                                dk + t * (P_ROWS * C_HEAD_DIM) + c);
        }
}

/* Packs k and v of n_tiles tiles as rows, and sets dk and dv to 0. */
static inline void
clg_dkdv_begin(__global const float *k_buf, size_t k_row, __global const float *v_buf, size_t v_row, int n_tiles,
               int n_keys, float *k, float *v, float *dk, float *dv)
{
    for (int t = 0; t < n_tiles; t++) {
        const int at = t * P_ROWS;
        clg_pack_rows(k_buf + at * k_row, k_row, n_keys - at, 1.0f, k + at * C_HEAD_DIM);
        clg_pack_rows(v_buf + at * v_row, v_row, n_keys - at, 1.0f, v + at * C_HEAD_DIM);
    }
    for (int i = 0; i < n_tiles * P_ROWS * (C_HEAD_DIM / C_VW); i++) {
        vf_store((vf)(0.0f), i, dk);
        vf_store((vf)(0.0f), i, dv);
    }
}

/* Packs a block of queries from number `first` on, where q and dout point. The caller fills lse and delta. */
static inline void
clg_pack_queries(__global const float *q, size_t q_row, __global const float *dout, size_t dout_row, int first,
                 int len, int causal, float scale2, struct clg_queries *b)
{
    b->first = first;
    b->len = len;
    b->causal = causal;
    clg_pack_keys(clg_rows_at(q, q_row, len - first), scale2, b->q_keys);
    clg_pack_keys(clg_rows_at(dout, dout_row, len - first), 1.0f, b->dout_keys);
    clg_pack_cols(clg_rows_at(q, q_row, len - first), b->q_cols);
    clg_pack_cols(clg_rows_at(dout, dout_row, len - first), b->dout_cols);
}
