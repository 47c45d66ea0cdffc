/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forward of the language-model head, simt family: the log-sum-exp state of each row and segment, and the target's
 * logit.
 *
 *   z[n][v] = inv_temperature * sum_e x[n][e] w[v][e]
 *
 *   x [N][E], w [V][E]       rows at distances of x_stride and w_stride; w is stored as C_B
 *   target [N]
 *   part [3][n_segments][N]  m, s, t of each segment; t only with C_ENTROPY
 *   target_z [N]             z[n][target[n]], written by the group whose segment holds the target
 *
 * Group (i, j) owns rows T_M i .. and segment j, and computes T_N columns at a time by tile_product, whose parameters
 * and cost are described there; here P_TX is C_LSE_LANES and P_NI 4 or 8. Of every 64 columns, item (lane, y) owns 4
 * lane .. 4 lane + 3: with P_VEC 4 by the layout of the tile, with P_VEC 1 by T_SPREAD. Rows and columns outside are
 * computed from zeros, and not stored, or masked. f32; a logit is one chain of fused multiply-adds, e ascending.
 *
 * Local memory: C_LOGPROB_LOCAL floats, for the tiles and then for the lanes' states: 12800 bytes with the defaults.
 * Barriers: those of the tiles, after the last of which the states may be written, and one before they are merged.
 * Registers: P_MI (P_NI + 3) values.
 */
#ifndef C_ENTROPY
#define C_ENTROPY 0
#endif
#define C_KIND_X   (P_VEC == 1 ? T_KEPT : T_ROWS)
#define C_KIND_W   (P_VEC == 1 ? T_SPREAD : T_ROWS)
#define C_STATES   (3 * T_M * C_LSE_LANES)
#define C_OPERANDS (T_LOCAL_A + T_LOCAL_B)
#define C_LOGPROB_LOCAL (C_OPERANDS > C_STATES ? C_OPERANDS : C_STATES)

/* Index of the state of a lane in slot i P_TY + y, which is row i of the items y. Lanes are rotated by half the
 * number of the slot, so that 32 items that store, or load, at a time do so on 32 banks. */
#define C_STATE_AT(slot, lane) ((slot)*C_LSE_LANES + ((lane) + (slot) / 2) % C_LSE_LANES)

/* acc: the item's dot products; x and w point to the tile's first row and column. Every item of the group must call
 * it. */
TILE_FN void
logits_tile(float *acc, __global const float *x, ulong x_stride, uint n_rows, __global const C_OF(clg_t_, C_B) *w,
            ulong w_stride, uint n_cols, uint width, __local float *local_memory)
{
#pragma unroll
    for (int e = 0; e < P_MI * P_NI; e++)
        acc[e] = 0.0f;
    tile_product(acc, (__global const tile_stored *)x, x_stride, C_KIND_X, (int)n_rows, (__global const tile_stored *)w,
                 w_stride, C_KIND_W, (int)n_cols, (int)width, local_memory, local_memory + T_LOCAL_A);
}

/* Adds a tile of columns, from c on, to the states of the item's rows, and stores the target's logit if the item
 * has it. */
TILE_FN void
logprob_take(lse_state *state, const float *acc, uint c, uint end, uint rows_here, float inv_temperature,
             __global const int *target, __global float *target_z)
{
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        const uint r = TILE_Y + TILE_AT(i, P_TY);
        const int wanted = r < rows_here ? target[r] : -1;
#pragma unroll
        for (int j = 0; j < P_NI; j += 4) {
            const uint v = c + j / 4 * C_LSE_STEP + 4 * get_local_id(0);
            float z[4];
#pragma unroll
            for (int e = 0; e < 4; e++) {
                z[e] = v + e < end ? acc[i * P_NI + j + e] * inv_temperature : C_MASKED;
                if (v + e < end && wanted == (int)(v + e))
                    target_z[r] = z[e];
            }
            if (c + j / 4 * C_LSE_STEP < end)
                state[i] = lse_step(state[i], (float4)(z[0], z[1], z[2], z[3]));
        }
    }
}

__attribute__((reqd_work_group_size(P_TX, P_TY, 1))) __kernel void
k_logprob_fwd(__global const float *restrict x, ulong x_offset, ulong x_stride,
              __global const C_OF(clg_t_, C_B) *restrict w, ulong w_offset, ulong w_stride,
              __global const int *restrict target, ulong target_offset,
              __global float *restrict target_z, ulong target_z_offset, __global float *restrict part,
              ulong part_offset, uint n_rows, uint width, uint vocab, uint n_segments, float inv_temperature)
{
    __local float shared[C_LOGPROB_LOCAL] __attribute__((aligned(16)));
    const uint lane = get_local_id(0), item = get_local_id(1) * P_TX + lane;
    const uint row0 = get_group_id(0) * T_M, segment = get_group_id(1), col0 = segment * C_LSE_SEGMENT;
    const uint rows_here = min((uint)T_M, n_rows - row0), end = min(vocab, col0 + C_LSE_SEGMENT);
    lse_state state[P_MI];

    x += x_offset + row0 * x_stride;
    w += w_offset;
#pragma unroll
    for (int i = 0; i < P_MI; i++)
        state[i] = lse_empty();
    for (uint c = col0; c < end; c += T_N) {
        float acc[P_MI * P_NI];

        logits_tile(acc, x, x_stride, rows_here, w + c * w_stride, w_stride, end - c, width, shared);
        logprob_take(state, acc, c, end, rows_here, inv_temperature, target + target_offset + row0,
                     target_z + target_z_offset + row0);
    }
#pragma unroll
    for (int i = 0; i < P_MI; i++) {
        const uint at = C_STATE_AT(i * P_TY + get_local_id(1), lane);
        shared[at] = state[i].m;
        shared[at + T_M * C_LSE_LANES] = state[i].s;
        shared[at + 2 * T_M * C_LSE_LANES] = state[i].t;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint slot = item; slot < T_M; slot += T_ITEMS) {
        const uint r = slot % P_TY * P_VEC + TILE_AT(slot / P_TY, P_TY);
        lse_state all = lse_empty();

        if (r >= rows_here)
            continue;
        for (uint l = 0; l < C_LSE_LANES; ++l) {
            const uint at = C_STATE_AT(slot, l);
            const lse_state next = {shared[at], shared[at + T_M * C_LSE_LANES], shared[at + 2 * T_M * C_LSE_LANES]};
            all = lse_merge(all, next);
        }
        const size_t plane = (size_t)n_segments * n_rows, at = part_offset + (size_t)segment * n_rows + row0 + r;
        part[at] = all.m;
        part[at + plane] = all.s;
        if (C_ENTROPY)
            part[at + 2 * plane] = all.t;
    }
}
