/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe of half arithmetic: runs tile_step as tile_product does, with operands in local memory. A group of 8 x 8
 * items takes 64 inputs, rounds them to multiples of 2^-8 (which f16 and the reference hold exactly), and makes two
 * slices of them:
 *
 *   A[k][row] = v[(row + 5 k) mod 64]    B[k][col] = v[(27 k - col) mod 64]    k = 0 .. 2 P_K - 1
 *
 * A round adds the products of both slices, with a barrier for each as in the product. Item e writes element e of its
 * 64 sums, so that no sum can be left out by the compiler.
 */
__attribute__((reqd_work_group_size(P_TX * P_TY, 1, 1))) __kernel void
k_probe_gemm(__global const float *restrict x, __global float *restrict y, uint rounds)
{
    __local tile_x la[T_LOCAL_A] __attribute__((aligned(16))), lb[T_LOCAL_B] __attribute__((aligned(16)));
    const int item = get_local_id(0), y0 = item / P_TX * P_VEC, x0 = item % P_TX * P_VEC;
    __global const float *v = x + get_group_id(0) * T_ITEMS;
    float acc[P_MI * P_NI], mine = 0.0f;

    for (int i = item; i < 2 * P_K * T_M; i += T_ITEMS) {
        const int k = i / T_M, at = i % T_M, to = k / P_K * T_SIZE(T_M) + k % P_K * (T_M + 4) + at;
        la[to] = (tile_x)(rint(v[(at + 5 * k) % T_ITEMS] * 256.0f) * 0x1p-8f);
        lb[to] = (tile_x)(rint(v[(27 * k + T_ITEMS - at) % T_ITEMS] * 256.0f) * 0x1p-8f);
    }
#pragma unroll
    for (int e = 0; e < P_MI * P_NI; e++)
        acc[e] = 0.0f;
    for (uint s = 0; s < 2 * rounds; s++) {
        const int at = s % 2;
        barrier(CLK_LOCAL_MEM_FENCE);
        tile_step(acc, P_NI, la + at * T_SIZE(T_M) + y0, T_M + 4, 1, lb + at * T_SIZE(T_N) + x0, T_N + 4);
    }
#pragma unroll
    for (int e = 0; e < P_MI * P_NI; e++)
        mine = e == item ? acc[e] : mine;
    y[get_global_id(0)] = mine;
}
