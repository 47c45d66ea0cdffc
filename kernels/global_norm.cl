/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The norm of a flat gradient [P] and the factor that clips it.
 *
 * k_global_norm: group b of C_PARTIALS owns a fixed run of vectors. A lane takes vectors alternately into two
 * compensated sums, each of a high part and a low part that collects the rounding errors of the additions (Knuth's
 * two-sum) and of the squares. The two sums are added, then the lanes by a tree, then the items by a tree.
 * partial[b][2]: both parts.
 * k_global_norm_finish: one item adds the partial sums in order, compensated, and writes out[0] = norm and out[1] =
 * min(1, max_norm / norm), 1 if max_norm is 0, 0 if the norm is not finite.
 * Local memory: 4 * C_GROUP_SIZE bytes in simt. f32.
 */
#ifndef C_PARTIALS
#define C_PARTIALS 64
#endif

inline void add_square(__global const float *grad, size_t c, size_t n, bool whole, vf *high, vf *low)
{
    vf g = load(grad, c, n, whole), square = g * g, sum = *high + square, back = sum - *high;

    *low += ((*high - (sum - back)) + (square - back)) + fma(g, g, -square);
    *high = sum;
}

C_KERNEL void k_global_norm(__global const float *restrict grad, ulong grad_at, __global float *restrict partial, ulong partial_at,
                            ulong n)
{
#if !C_CPU
    __local float scratch[C_GROUP_SIZE];
#endif
    size_t vectors = n_vectors(n), b = get_group_id(0), last = vectors * (b + 1) / C_PARTIALS, whole = min(last, (size_t)(n / C_VW));
    size_t c = vectors * b / C_PARTIALS + C_ITEM;
    vf high = (vf)(0.0f), low = (vf)(0.0f), high2 = (vf)(0.0f), low2 = (vf)(0.0f);

    for (; c + C_GROUP_SIZE < whole; c += 2 * C_GROUP_SIZE) {
        C_AHEAD(grad + grad_at + (c + 32) * C_VW, n);
        add_square(grad + grad_at, c, n, true, &high, &low);
        add_square(grad + grad_at, c + C_GROUP_SIZE, n, true, &high2, &low2);
    }
    for (; c < last; c += C_GROUP_SIZE)
        add_square(grad + grad_at, c, n, c < whole, &high, &low);
    vf sum = high + high2, back = sum - high;
    low += low2 + ((high - (sum - back)) + (high2 - back));
    float h = group_sum(clg_sum_v(sum), scratch), l = group_sum(clg_sum_v(low), scratch);
    if (C_ITEM == 0) {
        partial[partial_at + 2 * b] = h;
        partial[partial_at + 2 * b + 1] = l;
    }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
k_global_norm_finish(__global const float *restrict partial, ulong partial_at, __global float *restrict out, ulong out_at,
                     float max_norm)
{
    float high = 0.0f, low = 0.0f;

    for (int b = 0; b < C_PARTIALS; b++) {
        float x = partial[partial_at + 2 * b], sum = high + x, back = sum - high;
        low += (high - (sum - back)) + (x - back) + partial[partial_at + 2 * b + 1];
        high = sum;
    }
    float norm = isfinite(high) ? sqrt(high + low) : high;
    out[out_at] = norm;
    out[out_at + 1] = !isfinite(norm) ? 0.0f : max_norm > 0.0f && norm > max_norm ? max_norm / norm : 1.0f;
}
