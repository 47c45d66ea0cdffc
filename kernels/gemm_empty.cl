/* SPDX-License-Identifier: Apache-2.0 */
/* C = 0, for a product over no terms. Group (n, m), of one item, owns element [m][n]. */
__kernel void
k_gemm_empty(__global float *c, ulong c_at, ulong ldc)
{
    c[c_at + get_group_id(1) * ldc + get_group_id(0)] = 0.0f;
}
