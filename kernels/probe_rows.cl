/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe of a tier: group_sum of rows.cl alone. Item i adds, in each round, the sum of its group over (its x + 2^-20
 * of the last round's sum); every item writes what it got. A round has the barriers of group_sum, and every item does
 * every round.
 */
C_KERNEL void
k_probe_rows(__global const float *restrict x, __global float *restrict y, uint rounds)
{
#if !C_CPU
    __local float scratch[C_GROUP_SIZE];
#endif
    size_t i = get_global_id(0);
    float total = 0.0f;

    for (uint r = 0; r < rounds; r++)
        total = group_sum(fma(total, 0x1p-20f, x[i]), scratch);
    y[i] = total;
}
