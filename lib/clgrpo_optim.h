/* SPDX-License-Identifier: Apache-2.0 */
/* The optimiser step. Include clgrpo.h. */
#ifndef CLGRPO_OPTIM_H
#define CLGRPO_OPTIM_H

/*
 * Euclidean norm of a gradient, and the factor that clips it.
 *
 *   out[0] = sqrt(sum_p grad[p]^2)
 *   out[1] = 0 if out[0] is not finite, 1 if max_norm is 0, else min(1, max_norm / out[0])
 *
 * grad      [P] f32, dense
 * out       [2] f32, dense, written
 * max_norm  finite, >= 0
 *
 * A factor of 0 makes clgrpo_adamw leave everything as it is. The sum is cut into 64 partial sums, whatever the device;
 * sums are compensated: kept as pairs of f32, the second of which takes in the rounding errors of the first.
 *
 * E_VALUE: max_norm.
 */
struct clgrpo_global_norm_args {
    size_t struct_size;
    struct clgrpo_tensor grad, out;
    float max_norm;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_global_norm_args, /* zeros */)
#define CLGRPO_GLOBAL_NORM_ARGS_INIT clgrpo_global_norm_args_init()
enum clgrpo_status clgrpo_global_norm_workspace(struct clgrpo_context *ctx, const struct clgrpo_global_norm_args *args,
                                                size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_global_norm(struct clgrpo_context *ctx, const struct clgrpo_global_norm_args *args,
                                      cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                      cl_event *event) CLGRPO_MUST_CHECK;

/*
 * One step of AdamW.
 *
 *   g      = scale[0] grad
 *   m      = beta1 m + (1 - beta1) g
 *   v      = beta2 v + (1 - beta2) g^2
 *   param -= lr (m / (1 - beta1^step) / (sqrt(v / (1 - beta2^step)) + eps) + decay[p] param)
 *   decay[p] = weight_decay if p < decay_elems, else 0
 *
 * param, m, v   [P] f32, dense, in place
 * grad          [P] f32, f16 or bf16
 * scale         [1] f32, usually out[1] of clgrpo_global_norm; buf may be NULL, for 1. A scale of exactly 0 leaves
 *               everything as it is, copy included. Without that a NaN of grad goes to param, m and v
 * copy          [P] f32, f16 or bf16, written: the new param, rounded to nearest even; buf may be NULL
 * lr            finite; 0 by default
 * beta1, beta2  0 <= beta < 1; 0.9 and 0.999 by default
 * eps           finite, > 0: without it a gradient of 0 would make 0 / 0; 1e-8 by default
 * weight_decay  finite; 0 by default
 * decay_elems   how many elements are decayed, from the first on; all by default
 * step          counts from 1; must be set
 *
 * copy is for a model that computes with weights of halves: the step is added to their f32 master, which keeps what the
 * rounding of the copy loses.
 *
 * E_VALUE: lr, beta1, beta2, eps, weight_decay, step.
 * Loshchilov and Hutter, arXiv 1711.05101.
 */
struct clgrpo_adamw_args {
    size_t struct_size;
    struct clgrpo_tensor param, grad, m, v, scale, copy;
    float lr, beta1, beta2, eps, weight_decay;
    size_t decay_elems;
    uint64_t step;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_adamw_args, a.beta1 = 0.9f; a.beta2 = 0.999f; a.eps = 1e-8f; a.decay_elems = (size_t)-1;)
#define CLGRPO_ADAMW_ARGS_INIT clgrpo_adamw_args_init()
enum clgrpo_status clgrpo_adamw(struct clgrpo_context *ctx, const struct clgrpo_adamw_args *args,
                                cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                cl_event *event) CLGRPO_MUST_CHECK;

#endif
