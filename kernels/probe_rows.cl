/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe of sub-group sums: group_sum with work around it as in the element-wise operations, since a tier may be
 * faster alone and slower there.
 *
 * In each round item i takes x[i], 2^-20 of the last round's sum, and 2^-10 of the squares of its group's inputs,
 * each C_VISITS times, read as vectors; group_sum adds this up over the group. Every item writes the last sum.
 * Barriers: those of group_sum; every item does every round.
 */
#define C_VISITS 2

C_KERNEL void
k_probe_rows(__global const float *restrict x, __global float *restrict y, uint rounds)
{
#if !C_CPU
    __local float scratch[C_GROUP_SIZE];
#endif
    size_t i = get_global_id(0), l = get_local_id(0), n = C_GROUP_SIZE / C_VW;
    __global const float *row = x + (i - l);
    float total = 0.0f;

    for (uint r = 0; r < rounds; r++) {
        vf squares = (vf)(0.0f);
        for (size_t k = 0; k < C_VISITS * n; k++) {
            vf v = vf_load((l + k + r) % n, row);
            squares = fma(v, v, squares);
        }
        total = group_sum(fma(clg_sum_v(squares), 0x1p-10f, fma(total, 0x1p-20f, x[i])), scratch);
    }
    y[i] = total;
}
