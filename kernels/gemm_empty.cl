/* SPDX-License-Identifier: Apache-2.0 */
/* C = 0 for a product over no terms: one group of one item for each element, columns along dimension 0. */
__kernel void
k_gemm_empty(__global float *c, ulong c_at, ulong ldc)
{
    c[c_at + get_group_id(1) * ldc + get_group_id(0)] = 0.0f;
}
