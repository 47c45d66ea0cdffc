/* SPDX-License-Identifier: Apache-2.0 */
/* C = 0, for a product over no terms; C is stored as C_ACT. Group (n, m), of one item, owns element [m][n]. */
__kernel void
k_gemm_empty(__global c_act *c, ulong c_at, ulong ldc)
{
    C_OF(clg_put_, C_ACT)(0.0f, c_at + get_group_id(1) * ldc + get_group_id(0), c);
}
