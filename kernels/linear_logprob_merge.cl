/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Last pass of the language-model head, both families: merges the states of a row's segments, ascending.
 *
 *   part [3][n_segments][N]  m, s, t of each segment; t only with C_ENTROPY
 *   logprob [N]              in: z of the target; out: z - lse, or -inf if the target is outside 0 .. V-1
 *   lse, entropy [N]         written; entropy only with C_ENTROPY
 *
 * Item n owns row n. No local memory, no barriers; items past N do nothing.
 */
#ifndef C_ENTROPY
#define C_ENTROPY 0
#endif

__kernel void k_logprob_merge(__global const float *restrict part, ulong part_offset,
                              __global const int *restrict target, ulong target_offset, __global float *restrict logprob,
                              ulong logprob_offset, __global float *restrict lse, ulong lse_offset,
                              __global float *restrict entropy, ulong entropy_offset, uint n_rows, uint vocab,
                              uint n_segments)
{
    const size_t n = get_global_id(0), plane = (size_t)n_segments * n_rows;

    if (n >= n_rows)
        return;
    part += part_offset + n;
    lse_state all = {part[0], part[plane], C_ENTROPY ? part[2 * plane] : 0.0f};
    for (uint i = 1; i < n_segments; ++i) {
        part += n_rows;
        lse_state next = {part[0], part[plane], C_ENTROPY ? part[2 * plane] : 0.0f};
        all = lse_merge(all, next);
    }
    const float value = lse_value(all);
    const bool inside = (uint)target[target_offset + n] < vocab;

    lse[lse_offset + n] = value;
    logprob[logprob_offset + n] = inside ? logprob[logprob_offset + n] - value : -INFINITY;
    if (C_ENTROPY)
        entropy[entropy_offset + n] = lse_entropy(all);
}
