/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Online softmax of one tile and block (Dao, arXiv 2307.08691), scores in base 2. Row i sees positions up to last[i];
 * `first` is the block's first position and n_vectors says how much of it was computed: all that any row of the tile
 * sees. s becomes p in place; m, l (by lane) and o are carried from block to block. A row that sees nothing of the
 * block keeps m, l and o to the bit: its maximum stays, and its p are selected to 0.
 */
inline void
clg_row_rescale(float a, vf *restrict l, float *restrict o)
{
    *l *= (vf)(a);
#pragma unroll
    for (int c = 0; c < C_HEAD_DIM / C_VW; c++)
        vf_store(vf_load(c, o) * (vf)(a), c, o);
}

inline void
clg_tile_softmax(float *restrict s, int n_vectors, int first, const int *restrict last, float *restrict m,
                 vf *restrict l, float *restrict o)
{
    for (int i = 0; i < P_ROWS; i++) {
        float *row = s + i * C_BLOCK;
        const int visible = last[i] - first;
        const bool masked = visible < n_vectors * C_VW - 1;
        vf top = (vf)(C_MASKED);
        if (masked)
            for (int j = 0; j < n_vectors; j++)
                vf_store(select(vf_load(j, row), (vf)(C_MASKED), clg_lanes() + (vi)(j * C_VW) > (vi)(visible)), j, row);
        for (int j = 0; j < n_vectors; j++)
            top = max(top, vf_load(j, row));
        const float m_new = max(m[i], clg_max_v(top));
        if (m_new > m[i]) {
            clg_row_rescale(clg_exp2(m[i] - m_new), l + i, o + i * C_HEAD_DIM);
            m[i] = m_new;
        }
        vf sum = l[i];
        for (int j = 0; j < n_vectors; j++) {
            vf p = clg_exp2_v(vf_load(j, row) - (vf)(m_new));
            if (masked)
                p = select(p, (vf)(0.0f), clg_lanes() + (vi)(j * C_VW) > (vi)(visible));
            sum += p;
            vf_store(p, j, row);
        }
        l[i] = sum;
    }
}
