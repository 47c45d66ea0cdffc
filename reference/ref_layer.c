/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_layer.h"

#include <math.h>
#include <string.h>

void
ref_rmsnorm(const double *x, const double *w, double eps, size_t n, size_t e, double *y, double *rstd)
{
    for (size_t i = 0; i < n; i++) {
        double squares = 0.0;

        for (size_t j = 0; j < e; j++)
            squares += x[i * e + j] * x[i * e + j];
        rstd[i] = 1.0 / sqrt(squares / (double)e + eps);
        for (size_t j = 0; j < e; j++)
            y[i * e + j] = x[i * e + j] * rstd[i] * w[j];
    }
}

void
ref_rmsnorm_backward(const double *x, const double *w, const double *dy, double eps, size_t n, size_t e, double *dx,
                     double *dw)
{
    for (size_t i = 0; i < n; i++) {
        double squares = 0.0, dots = 0.0, r;

        for (size_t j = 0; j < e; j++) {
            squares += x[i * e + j] * x[i * e + j];
            dots += w[j] * dy[i * e + j] * x[i * e + j];
        }
        r = 1.0 / sqrt(squares / (double)e + eps);
        for (size_t j = 0; j < e; j++) {
            dx[i * e + j] = r * (w[j] * dy[i * e + j] - x[i * e + j] * r * r * dots / (double)e);
            dw[j] += dy[i * e + j] * x[i * e + j] * r;
        }
    }
}

void
ref_rope(double *x, const int32_t *position, size_t n, size_t heads, size_t dim, double theta, int inverse)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t h = 0; h < heads; h++) {
            double *v = x + (i * heads + h) * dim;

            for (size_t j = 0; j < dim / 2; j++) {
                double angle = position[i] * pow(theta, -2.0 * (double)j / (double)dim);
                double c = cos(angle), s = inverse ? -sin(angle) : sin(angle), a = v[j], b = v[dim / 2 + j];

                v[j] = a * c - b * s;
                v[dim / 2 + j] = b * c + a * s;
            }
        }
    }
}

void
ref_swiglu(const double *gate_up, size_t n, size_t f, double *y)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < f; j++) {
            double t = gate_up[i * 2 * f + j];

            y[i * f + j] = t / (1.0 + exp(-t)) * gate_up[i * 2 * f + f + j];
        }
}

void
ref_swiglu_backward(const double *gate_up, const double *dy, size_t n, size_t f, double *dgate_up)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < f; j++) {
            double t = gate_up[i * 2 * f + j], up = gate_up[i * 2 * f + f + j], s = 1.0 / (1.0 + exp(-t));

            dgate_up[i * 2 * f + j] = dy[i * f + j] * up * s * (1.0 + t * (1.0 - s));
            dgate_up[i * 2 * f + f + j] = dy[i * f + j] * t * s;
        }
}

void
ref_adamw(const struct ref_adamw_args *a, size_t n, double *param, const double *grad, double *m, double *v)
{
    for (size_t i = 0; i < n; i++) {
        double g = grad[i] * a->scale, mhat, vhat;

        m[i] = a->beta1 * m[i] + (1.0 - a->beta1) * g;
        v[i] = a->beta2 * v[i] + (1.0 - a->beta2) * g * g;
        mhat = m[i] / (1.0 - pow(a->beta1, (double)a->step));
        vhat = v[i] / (1.0 - pow(a->beta2, (double)a->step));
        param[i] -= a->lr * (mhat / (sqrt(vhat) + a->eps) + (i < a->decay_n ? a->weight_decay : 0.0) * param[i]);
    }
}

/* The nearest representable value by search over neighbours: slow and obvious. */
static double
f16_value(uint16_t h)
{
    int e = (h >> 10) & 31, m = h & 1023;
    double v = e == 31 ? INFINITY : e > 0 ? ldexp(1.0 + m / 1024.0, e - 15) : ldexp(m / 1024.0, -14);

    return h & 0x8000 ? -v : v;
}

float
ref_f16_to_f32(uint16_t h)
{
    return (h & 0x7fff) > 0x7c00 ? NAN : (float)f16_value(h);
}

uint16_t
ref_f32_to_f16(float x)
{
    uint16_t sign = signbit(x) ? 0x8000 : 0, low = 0, high = 0x7c00;
    double a = fabs((double)x);

    if (isnan(x))
        return 0x7e00;
    while (low + 1 < high) {
        uint16_t mid = (uint16_t)((low + high) / 2);

        if (f16_value(mid) <= a)
            low = mid;
        else
            high = mid;
    }
    /* infinity stands where 65536 would */
    double top = high == 0x7c00 ? 65536.0 : f16_value(high), down = a - f16_value(low), up = top - a;

    return (uint16_t)(sign | (down < up || (down == up && (low & 1) == 0) ? low : high));
}

float
ref_bf16_to_f32(uint16_t h)
{
    const uint32_t u = (uint32_t)h << 16;
    float x;

    memcpy(&x, &u, sizeof x);
    return x;
}

uint16_t
ref_f32_to_bf16(float x)
{
    uint32_t u;
    float low, high;

    memcpy(&u, &x, sizeof u);
    if (isnan(x))
        return (uint16_t)(u >> 16 | 0x40);
    if (isinf(x) || (u & 0xffff) == 0)
        return (uint16_t)(u >> 16);
    uint32_t lo = u & 0xffff0000u, hi = lo + 0x10000u;

    memcpy(&low, &lo, sizeof low);
    memcpy(&high, &hi, sizeof high);
    double down = fabs((double)x - (double)low),
           up = isinf(high) ? fabs(3.4028236692093846e38 - fabs((double)x)) : fabs((double)high - (double)x);

    return (uint16_t)((down < up || (down == up && (lo >> 16 & 1) == 0) ? lo : hi) >> 16);
}
