/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SwiGLU: y = silu(gate) up, silu(t) = t s(t), s(t) = 1 / (1 + exp(-t)). Backward: dgate = dy up s (1 + t (1 - s)),
 * dup = dy t s.
 *
 *   gate_up, dgate_up [N][2F], gate first   y, dy [N][F]
 *
 * dgate_up may be gate_up: an item reads gate and up of a column before it writes either gradient.
 *
 * A group owns whole rows, an item whole vectors of them. 2^x for exp(-t) is cut at x = 115, where s is 2.4e-35. The
 * loop of a row prefetches the next row: gate and up are two short streams, which a hardware prefetcher loses at the
 * end of every row. No local memory.
 * Elements are C_ACT, arithmetic is f32.
 */
/* 1 / s(t). */
inline vf inverse_sigmoid(vf t)
{
    return (vf)(1.0f) + clg_exp2_v(C_MIN(t * -C_LOG2E, (vf)(115.0f)));
}

inline void forward(__global const c_act *gate, __global c_act *y, size_t c, size_t f, bool whole)
{
    vf t = load(gate, c, f, whole);

    store(t / inverse_sigmoid(t) * load(gate + f, c, f, whole), y, c, f, whole);
}

C_KERNEL void k_swiglu(__global const c_act *restrict gate_up, ulong gate_up_at, ulong gate_up_stride, __global c_act *restrict y,
                       ulong y_at, ulong y_stride, ulong n, ulong f)
{
    C_ROWS (row, n) {
        __global const c_act *gate = gate_up + gate_up_at + row * gate_up_stride;
        __global c_act *out = y + y_at + row * y_stride;
        C_WHOLE (c, f) {
            C_AHEAD(gate + gate_up_stride + c * C_VW, 2 * f);
            C_AHEAD(gate + gate_up_stride + f + c * C_VW, 2 * f);
            C_AHEAD(out + y_stride + c * C_VW, 2 * f);
            forward(gate, out, c, f, true);
        }
        C_PART (c, f)
            forward(gate, out, c, f, false);
    }
}

inline void backward(__global const c_act *gate, __global const c_act *dy, __global c_act *dgate, size_t c, size_t f, bool whole)
{
    vf t = load(gate, c, f, whole), up = load(gate + f, c, f, whole), d = load(dy, c, f, whole), s = (vf)(1.0f) / inverse_sigmoid(t);

    store(d * up * s * fma(t, (vf)(1.0f) - s, (vf)(1.0f)), dgate, c, f, whole);
    store(d * t * s, dgate + f, c, f, whole);
}

C_KERNEL void k_swiglu_backward(__global const c_act *gate_up, ulong gate_up_at, ulong gate_up_stride, __global const c_act *restrict dy,
                                ulong dy_at, ulong dy_stride, __global c_act *dgate_up, ulong dgate_up_at, ulong dgate_up_stride,
                                ulong n, ulong f)
{
    C_ROWS (row, n) {
        __global const c_act *gate = gate_up + gate_up_at + row * gate_up_stride, *d = dy + dy_at + row * dy_stride;
        __global c_act *dgate = dgate_up + dgate_up_at + row * dgate_up_stride;
        C_WHOLE (c, f) {
            C_AHEAD(gate + gate_up_stride + c * C_VW, 2 * f);
            C_AHEAD(gate + gate_up_stride + f + c * C_VW, 2 * f);
            C_AHEAD(d + dy_stride + c * C_VW, 2 * f);
            C_AHEAD(dgate + dgate_up_stride + c * C_VW, 2 * f);
            C_AHEAD(dgate + dgate_up_stride + f + c * C_VW, 2 * f);
            backward(gate, d, dgate, c, f, true);
        }
        C_PART (c, f)
            backward(gate, d, dgate, c, f, false);
    }
}
