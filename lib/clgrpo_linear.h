/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products: GEMM, packed weights, and the language-model head fused with log-probabilities. Include clgrpo.h. */
#ifndef CLGRPO_LINEAR_H
#define CLGRPO_LINEAR_H

/*
 * C = alpha op(A) op(B) + beta C with beta 0 or 1, op(X) = X or its transpose.
 *
 * a  [M][K], or [K][M] with trans_a     b  [K][N], or [N][K] with trans_b     c  [M][N] f32, aliasing nothing
 * a and b are each f32, f16 or bf16 in storage and f32 in every product: the bits are those of the f32 values stored,
 * unless the context allows reordering and its tier half-product is in use, of f16 by f16 alone: see clgrpo_tier.h.
 *
 * A Hugging Face linear layer y = x W^T has W [out][in], thus: NT, x as a, W as b. Its gradients: dx = dy W is NN, dW =
 * dy^T x is TN. Each element of C is one chain of fused multiply-adds over k = 0, 1, ... (starting from C when
 * accumulating and alpha == 1, else from 0), so its bits do not depend on M, N or the tile that computes it: the
 * operation is batch invariant. b_packed, if its buf is not NULL, is op(B) as written by clgrpo_gemm_pack; `b` is then
 * read for its shape alone (its buf may be NULL). workspace: clgrpo_gemm_workspace bytes; 0 on some families. E_SHAPE:
 * extents differ.  E_BOUNDS.  E_DTYPE.  E_WORKSPACE.  M, N or K of 0: K = 0 scales C, M or N = 0 does nothing.
 */
struct clgrpo_gemm_args {
    size_t struct_size;
    struct clgrpo_tensor a, b, c;
    bool trans_a, trans_b, accumulate;
    float alpha;
    struct clgrpo_tensor b_packed; /* rank 1, clgrpo_gemm_pack_elems elements */
    struct clgrpo_workspace workspace;
};
#define CLGRPO_GEMM_ARGS_INIT                                                                                          \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_gemm_args), .alpha = 1.0f                                                  \
    }
enum clgrpo_status clgrpo_gemm_workspace(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args,
                                         size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_gemm(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args, cl_command_queue queue,
                               cl_uint n_wait, const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Packs op(B) once for many products (decoding). b [K][N], or [N][K] with trans_b; packed: rank 1, of the size that
 * clgrpo_gemm_pack_elems gives for this context. Each is f32, f16 or bf16; a packed type that is not b's rounds to
 * nearest even. The layout is private to the context's family.
 */
struct clgrpo_gemm_pack_args {
    size_t struct_size;
    struct clgrpo_tensor b, packed;
    bool trans_b;
};
#define CLGRPO_GEMM_PACK_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_gemm_pack_args)
size_t clgrpo_gemm_pack_elems(const struct clgrpo_context *ctx, size_t k, size_t n);
enum clgrpo_status clgrpo_gemm_pack(struct clgrpo_context *ctx, const struct clgrpo_gemm_pack_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Log-probabilities of given tokens under softmax(x W^T * inv_temperature), without storing the N x V logits.
 *
 *   z[n][v] = inv_temperature * sum_e x[n][e] w[v][e]     lse[n] = log sum_v exp z[n][v]
 *   logprob[n] = z[n][target[n]] - lse[n]                 entropy[n] = lse[n] - sum_v z[n][v] exp(z[n][v] - lse[n])
 *
 * x [N][E]   w [V][E]   target [N] i32 in 0..V-1 (outside: logprob is -inf)   logprob, lse, entropy [N] f32
 * x and w are each f32, f16 or bf16 in storage, with the bits of the values stored.
 * entropy.buf may be NULL. inv_temperature > 0. Batch invariant. Extra memory: the workspace, which does not grow with
 * N * V.
 */
struct clgrpo_linear_logprob_args {
    size_t struct_size;
    struct clgrpo_tensor x, w, target, logprob, lse, entropy;
    float inv_temperature;
    struct clgrpo_workspace workspace;
};
#define CLGRPO_LINEAR_LOGPROB_ARGS_INIT                                                                                \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_linear_logprob_args), .inv_temperature = 1.0f                              \
    }
enum clgrpo_status clgrpo_linear_logprob_workspace(struct clgrpo_context *ctx,
                                                   const struct clgrpo_linear_logprob_args *args,
                                                   size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_linear_logprob(struct clgrpo_context *ctx, const struct clgrpo_linear_logprob_args *args,
                                         cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                         cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Gradient of sum_n dlogprob[n] logprob[n] + dentropy[n] entropy[n]:
 *
 *   dz[n][v] = inv_temperature (dlogprob[n] (1[v = target] - p[n][v]) - dentropy[n] p[n][v] (z[n][v] - lse[n] +
 * entropy[n])) dx = dz w (written)      dw += dz^T x (accumulated)
 *
 * lse (and entropy, when dentropy is given) as the forward wrote them; dentropy.buf may be NULL (then entropy too).
 * dx [N][E], dw [V][E] f32, whatever x and w are; neither may alias an input. Logit tiles are recomputed.
 * Deterministic: one writer per element.
 */
struct clgrpo_linear_logprob_backward_args {
    size_t struct_size;
    struct clgrpo_tensor x, w, target, lse, entropy, dlogprob, dentropy, dx, dw;
    float inv_temperature;
    struct clgrpo_workspace workspace;
};
#define CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT                                                                       \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_linear_logprob_backward_args), .inv_temperature = 1.0f                     \
    }
enum clgrpo_status clgrpo_linear_logprob_backward_workspace(struct clgrpo_context *ctx,
                                                            const struct clgrpo_linear_logprob_backward_args *args,
                                                            size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_linear_logprob_backward(struct clgrpo_context *ctx,
                                                  const struct clgrpo_linear_logprob_backward_args *args,
                                                  cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                                  cl_event *event) CLGRPO_MUST_CHECK;

#endif
