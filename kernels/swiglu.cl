/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SwiGLU: y = silu(gate) up, silu(t) = t s(t), s(t) = 1 / (1 + exp(-t)); backward: dgate = dy up s (1 + t (1 - s)), dup = dy t s.
 *
 *   gate_up, dgate_up [N][2F] (gate first)   y, dy [N][F]   dgate_up may be gate_up: an item reads both halves before it writes them
 *
 * A group owns whole rows, an item whole vectors of them. The exponent is clamped at 80, where s is 0 or 1 in f32. No local memory.
 */
inline vf sigmoid(vf t)
{
    return (vf)(1.0f) / ((vf)(1.0f) + clg_exp_v(clamp(-t, (vf)(-80.0f), (vf)(80.0f))));
}

C_KERNEL void k_swiglu(__global const float *restrict gate_up, ulong gate_up_at, ulong gate_up_stride, __global float *restrict y,
                       ulong y_at, ulong y_stride, ulong n, ulong f)
{
    size_t vectors = n_vectors(f);

    C_ROWS (row, n) {
        __global const float *gate = gate_up + gate_up_at + row * gate_up_stride;
        C_VECTORS (c, vectors) {
            vf t = load_part(gate, c, f);
            store_part(t * sigmoid(t) * load_part(gate + f, c, f), y + y_at + row * y_stride, c, f);
        }
    }
}

C_KERNEL void k_swiglu_backward(__global const float *gate_up, ulong gate_up_at, ulong gate_up_stride, __global const float *restrict dy,
                                ulong dy_at, ulong dy_stride, __global float *dgate_up, ulong dgate_up_at, ulong dgate_up_stride,
                                ulong n, ulong f)
{
    size_t vectors = n_vectors(f);

    C_ROWS (row, n) {
        __global const float *gate = gate_up + gate_up_at + row * gate_up_stride;
        __global float *dgate = dgate_up + dgate_up_at + row * dgate_up_stride;
        C_VECTORS (c, vectors) {
            vf t = load_part(gate, c, f), up = load_part(gate + f, c, f), d = load_part(dy + dy_at + row * dy_stride, c, f);
            vf s = sigmoid(t);
            store_part(d * up * s * fma(t, (vf)(1.0f) - s, (vf)(1.0f)), dgate, c, f);
            store_part(d * t * s, dgate + f, c, f);
        }
    }
}
