/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe of a tier: group_sum of rows.cl with the work around it that the small operations have, for a tier may gain alone and lose there.
 * In each round, item i adds x[i], 2^-20 of the last round's sum, and 2^-10 of the squares of its group's inputs, each taken C_VISITS times, as
 * vectors; then it gets the group's sum. Every item writes what it got. A round has the barriers of group_sum, and every item does every round.
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
