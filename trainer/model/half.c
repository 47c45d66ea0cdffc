/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/safetensors.h"

static uint32_t
bits_of(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    return u;
}

static float
float_of(uint32_t u)
{
    float x;

    memcpy(&x, &u, sizeof x);
    return x;
}

/* Shifts right and rounds to nearest, ties to even. */
static uint32_t
shift_round(uint32_t x, unsigned shift)
{
    uint32_t half = 1u << (shift - 1), rest = x & ((1u << shift) - 1), q = x >> shift;

    return q + (rest > half || (rest == half && (q & 1) != 0));
}

uint16_t
mg_f32_to_bf16(float x)
{
    uint32_t u = bits_of(x);

    if ((u & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)((u >> 16) | 0x40u); /* quiet, so that the payload cannot round to infinity */
    return (uint16_t)shift_round(u, 16);
}

float
mg_bf16_to_f32(uint16_t h)
{
    return float_of((uint32_t)h << 16);
}

uint16_t
mg_f32_to_f16(float x)
{
    uint32_t u = bits_of(x), sign = (u >> 16) & 0x8000u, a = u & 0x7fffffffu;

    if (a > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);
    if (a >= 0x47800000u) /* 65536 and above */
        return (uint16_t)(sign | 0x7c00u);
    if (a < 0x33000000u) /* below half of the smallest subnormal */
        return (uint16_t)sign;
    if (a < 0x38800000u) { /* subnormal: the leading one becomes explicit */
        unsigned shift = 126u - (a >> 23);

        return (uint16_t)(sign | shift_round((a & 0x7fffffu) | 0x800000u, shift));
    }
    return (uint16_t)(sign | (shift_round(a, 13) - (112u << 10)));
}

float
mg_f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, e = (h >> 10) & 31u, m = h & 0x3ffu;

    if (e == 31)
        return float_of(sign | 0x7f800000u | (m << 13));
    if (e != 0)
        return float_of(sign | ((e + 112u) << 23) | (m << 13));
    float x = (float)m * (1.0f / 16777216.0f); /* m 2^-24, exact */

    return sign != 0 ? -x : x;
}
