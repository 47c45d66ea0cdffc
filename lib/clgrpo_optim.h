/* SPDX-License-Identifier: Apache-2.0 */
/* The optimiser step. Include clgrpo.h. */
#ifndef CLGRPO_OPTIM_H
#define CLGRPO_OPTIM_H

/*
 * out[0] = sqrt(sum_p grad[p]^2), out[1] = the factor that clips it: min(1, max_norm / out[0]), or 1 if max_norm is 0;
 * 0 if the norm is not finite, which makes clgrpo_adamw leave everything as it is. grad [P] f32 dense, out [2] f32.
 * Sums over a fixed number of partials in a fixed order; accumulated as pairs of f32 (compensated).
 */
struct clgrpo_global_norm_args {
    size_t struct_size;
    struct clgrpo_tensor grad, out;
    float max_norm;
    struct clgrpo_workspace workspace;
};
#define CLGRPO_GLOBAL_NORM_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_global_norm_args)
enum clgrpo_status clgrpo_global_norm_workspace(struct clgrpo_context *ctx, const struct clgrpo_global_norm_args *args,
                                                size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_global_norm(struct clgrpo_context *ctx, const struct clgrpo_global_norm_args *args,
                                      cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                      cl_event *event) CLGRPO_MUST_CHECK;

/*
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101):
 *   g = grad * scale[0]     m = beta1 m + (1 - beta1) g     v = beta2 v + (1 - beta2) g^2
 *   param -= lr (m / (1 - beta1^step) / (sqrt(v / (1 - beta2^step)) + eps) + weight_decay[p] * param)
 * param, m, v [P] f32 dense, in place; grad [P], f32, f16 or bf16 in storage. scale: one f32 (out[1] of
 * clgrpo_global_norm), buf may be NULL for 1; a scale of exactly 0 leaves everything as it is. Elements from
 * decay_elems on get no weight decay. step counts from 1.
 *
 * copy [P] f32, f16 or bf16, or buf NULL for none: the new param, rounded to nearest even. So a model computes with
 * weights of halves, while each step is added to their f32 master, which does not lose what is below their rounding.
 */
struct clgrpo_adamw_args {
    size_t struct_size;
    struct clgrpo_tensor param, grad, m, v, scale, copy;
    float lr, beta1, beta2, eps, weight_decay;
    size_t decay_elems;
    uint64_t step;
};
#define CLGRPO_ADAMW_ARGS_INIT                                                                                         \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_adamw_args), .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f                  \
    }
enum clgrpo_status clgrpo_adamw(struct clgrpo_context *ctx, const struct clgrpo_adamw_args *args,
                                cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                cl_event *event) CLGRPO_MUST_CHECK;

#endif
