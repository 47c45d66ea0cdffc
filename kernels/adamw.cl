/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdamW in one pass: m, v and param [P] in place, dense; scale[0] multiplies the gradient, and 0 leaves everything as
 * it is.
 *
 * The rows of the loops are here groups of C_GROUP_SIZE vectors of [P]; an item owns whole vectors. bias1 and bias2
 * are 1 / (1 - beta^step), computed in double by the host. Elements below decay_elems get weight decay. No local
 * memory. f32, but the gradient is stored as C_GRAD, and with C_COPY the new parameter is stored a second time, as
 * that type.
 */
#ifndef C_GRAD
#define C_GRAD f32
#endif

C_KERNEL void k_adamw(__global float *restrict param, ulong param_at, __global const C_OF(clg_t_, C_GRAD) *restrict grad, ulong grad_at,
                      __global float *restrict m, ulong m_at, __global float *restrict v, ulong v_at,
                      __global const float *restrict scale, ulong scale_at, int has_scale, ulong n, ulong decay_elems, float lr,
                      float beta1, float beta2, float eps, float weight_decay, float bias1, float bias2
#ifdef C_COPY
                      ,
                      __global C_OF(clg_t_, C_COPY) *restrict copy, ulong copy_at
#endif
)
{
    float factor = has_scale ? scale[scale_at] : 1.0f;
    size_t blocks = (n_vectors(n) + C_GROUP_SIZE - 1) / C_GROUP_SIZE;

    if (factor == 0.0f)
        return;
    C_ROWS (block, blocks) {
        size_t c = block * C_GROUP_SIZE + get_local_id(0);
        if (c >= n_vectors(n))
            continue;
        bool whole = (c + 1) * C_VW <= n;
        vf g = C_OF(load_, C_GRAD)(grad + grad_at, c, n, whole) * factor;
        vf mean = fma((vf)(beta1), load(m + m_at, c, n, whole), (1.0f - beta1) * g);
        vf square = fma((vf)(beta2), load(v + v_at, c, n, whole), (1.0f - beta2) * g * g);
        vf p = load(param + param_at, c, n, whole), step = mean * bias1 / (sqrt(square * bias2) + eps);
        float decay[C_VW];
        for (int i = 0; i < C_VW; i++)
            decay[i] = c * C_VW + i < decay_elems ? weight_decay : 0.0f;
        store(mean, m + m_at, c, n, whole);
        store(square, v + v_at, c, n, whole);
        p = fma((vf)(-lr), fma(vf_load(0, decay), p, step), p);
        store(p, param + param_at, c, n, whole);
#ifdef C_COPY
        C_OF(store_, C_COPY)(p, copy + copy_at, c, n, whole);
#endif
    }
}
