/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rotary position embedding in place, half-split form: (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin); sign -1 turns
 * by the negative angle.
 *
 *   x [N][H][D] by strides   position [N]   table [T][D]: D/2 cosines, D/2 sines
 *
 * A row whose position is outside 0 .. T-1 is left as it is. A group owns whole tokens; an item owns both elements of
 * the pairs that it turns. D/2 is 16, 32 or 64, a multiple of the vector width. No local memory. x is
 * C_ACT, all else is f32.
 */
C_KERNEL void k_rope(__global c_act *restrict x, ulong x_at, ulong token_stride, ulong head_stride, __global const int *restrict position,
                     ulong position_at, __global const float *restrict table, ulong table_at, ulong table_stride, ulong n, ulong heads,
                     ulong dim, ulong positions, float sign)
{
    C_ROWS (row, n) {
        int p = position[position_at + row];
        if (p < 0 || (ulong)p >= positions)
            continue;
        __global const float *turn = table + table_at + (size_t)p * table_stride;
        for (size_t h = 0; h < heads; h++) {
            __global c_act *v = x + x_at + row * token_stride + h * head_stride;
            C_WHOLE (c, dim / 2) {
                vf a = C_OF(clg_load_, C_ACT)(c, v), b = C_OF(clg_load_, C_ACT)(c, v + dim / 2);
                vf cosine = vf_load(c, turn), sine = sign * vf_load(c, turn + dim / 2);
                C_OF(clg_store_, C_ACT)(fma(a, cosine, -(b * sine)), c, v);
                C_OF(clg_store_, C_ACT)(fma(b, cosine, a * sine), c, v + dim / 2);
            }
        }
    }
}
