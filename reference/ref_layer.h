/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_REF_LAYER_H
#define CLGRPO_TESTS_REF_LAYER_H

#include <stddef.h>
#include <stdint.h>

/* The truth of the small operations: plain loops in double over dense arrays, one definition line each in
 * lib/clgrpo_layer.h. */
void ref_rmsnorm(const double *x, const double *w, double eps, size_t n, size_t e, double *y, double *rstd);
/* dx is written, dw added. */
void ref_rmsnorm_backward(const double *x, const double *w, const double *dy, double eps, size_t n, size_t e,
                          double *dx, double *dw);
void ref_rope(double *x, const int32_t *position, size_t n, size_t heads, size_t dim, double theta, int inverse);
void ref_swiglu(const double *gate_up, size_t n, size_t f, double *y);
void ref_swiglu_backward(const double *gate_up, const double *dy, size_t n, size_t f, double *dgate_up);
/* One AdamW step on n values; decay for the first decay_n. */
struct ref_adamw_args {
    double lr, beta1, beta2, eps, weight_decay, scale;
    uint64_t step;
    size_t decay_n;
};
void ref_adamw(const struct ref_adamw_args *a, size_t n, double *param, const double *grad, double *m, double *v);
/* Values of f16 and bf16 bits; f32 to them, rounded to nearest even. */
float ref_f16_to_f32(uint16_t h);
float ref_bf16_to_f32(uint16_t h);
uint16_t ref_f32_to_f16(float x);
uint16_t ref_f32_to_bf16(float x);

#endif
