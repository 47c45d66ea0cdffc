/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Online softmax of one tile and block (Dao, arXiv 2307.08691), scores in base 2. Row i sees positions up to last[i];
 * `first` is the first position of the block; the first n_panels panels of the block were computed, which is all that
 * any row of the tile sees. s becomes p in place; m and l (by lane) are updated from block to block, and f is the
 * factor that o has to be multiplied by. A row that sees nothing of the block keeps its m and l to the bit, and its f
 * is 2^0 = 1: its maximum does not change, and its p are selected to 0.
 *
 * n_rows is a constant, at most P_ROWS. m and f have C_ROWS_PADDED elements, whole vectors; elements past the rows
 * are kept in m and become 1 in f.
 */
#define C_ROWS_PADDED ((P_ROWS + C_VW - 1) / C_VW * C_VW)

/* Masks the scores of a row behind position `visible` of the block; returns the largest. */
static inline float
clg_row_top(float *row, int n_panels, int visible)
{
    vf top = (vf)(C_MASKED);
    for (int j = 0; j < n_panels * C_NS; j += C_NS)
#pragma unroll
        for (int e = 0; e < C_NS; e++) {
            vf x = vf_load(j + e, row);
            if (visible < (j + C_NS) * C_VW - 1) {
                x = select(x, (vf)(C_MASKED), clg_lanes() + (vi)((j + e) * C_VW) > (vi)(visible));
                vf_store(x, j + e, row);
            }
            top = max(top, x);
        }
    return clg_max_v(top);
}

/* Replaces the scores of a row by p; returns l, to which they are added lane by lane, in order. */
static inline vf
clg_row_exp(float *row, int n_panels, int visible, float m, vf l)
{
    for (int j = 0; j < n_panels * C_NS; j += C_NS) {
        vf p[C_NS];
#pragma unroll
        for (int e = 0; e < C_NS; e++)
            p[e] = clg_exp2_v(vf_load(j + e, row) - (vf)(m));
        if (visible < (j + C_NS) * C_VW - 1)
#pragma unroll
            for (int e = 0; e < C_NS; e++)
                p[e] = select(p[e], (vf)(0.0f), clg_lanes() + (vi)((j + e) * C_VW) > (vi)(visible));
#pragma unroll
        for (int e = 0; e < C_NS; e++) {
            l += p[e];
            vf_store(p[e], j + e, row);
        }
    }
    return l;
}

static inline void
clg_tile_softmax(const int n_rows, float *s, int n_panels, int first, const int *last, float *m, vf *l, float *f)
{
    float m_new[C_ROWS_PADDED] __attribute__((aligned(64)));
#pragma unroll
    for (int i = 0; i < C_ROWS_PADDED; i++)
        m_new[i] = i < n_rows ? max(m[i], clg_row_top(s + i * C_BLOCK, n_panels, last[i] - first)) : m[i];
#pragma unroll
    for (int i = 0; i < C_ROWS_PADDED / C_VW; i++) {
        vf_store(clg_exp2_v(vf_load(i, m) - vf_load(i, m_new)), i, f);
        vf_store(vf_load(i, m_new), i, m);
    }
#pragma unroll
    for (int i = 0; i < n_rows; i++)
        l[i] = clg_row_exp(s + i * C_BLOCK, n_panels, last[i] - first, m[i], l[i] * (vf)(f[i]));
}
