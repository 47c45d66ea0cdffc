/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products: GEMM, packed weights, and the language-model head fused with log-probabilities. Include clgrpo.h. */
#ifndef CLGRPO_LINEAR_H
#define CLGRPO_LINEAR_H

/*
 * Matrix product.
 *
 *   C = alpha op(A) op(B) + beta C        op(X) is X or its transpose; beta is 1 with `accumulate`, else 0
 *
 * a         [M][K], or [K][M] with trans_a; f32, f16 or bf16
 * b         [K][N], or [N][K] with trans_b; f32, f16 or bf16
 * c         [M][N] f32, f16 or bf16, accumulated or written; the types of a, b and c are free
 * alpha     finite; 1 by default
 * b_packed  [clgrpo_gemm_pack_elems(ctx, K, N)] f32, f16 or bf16: op(B) as clgrpo_gemm_pack wrote it; buf may be
 *           NULL. If it is given, b is read for its shape alone, and b.buf may be NULL
 *
 * M, N and K are at most 2^31 - 1. M or N of 0 does nothing; K of 0 leaves beta C.
 *
 * E_VALUE: alpha.
 *
 * Stored halves become f32 before they are multiplied: the bits are those of the product of f32 tensors that hold the
 * same values, where c is of halves rounded once, at the end: to nearest even, NaN to NaN, what is too large for f16 to
 * infinity. The one exception is f16 by f16 where the tier half-product is in use, see clgrpo-tuning(5), which takes a
 * context that allows reordering.
 *
 * An element of C is one chain of fused multiply-adds over k = 0, 1, ..., K-1, which starts from C if it accumulates
 * and alpha is 1, else from 0. alpha, unless it is 1, multiplies the finished sum, to which C is added if it
 * accumulates. The bits depend neither on M, N and the tile that computes the element nor on packing: the operation
 * is batch invariant.
 *
 * A linear layer y = x W^T of a Hugging Face checkpoint has W [out][in]: x is a, W is b, with trans_b. Its gradients
 * are dx = dy W, without a transpose, and dW = dy^T x, with trans_a.
 */
struct clgrpo_gemm_args {
    size_t struct_size;
    struct clgrpo_tensor a, b, c;
    bool trans_a, trans_b, accumulate;
    float alpha;
    struct clgrpo_tensor b_packed;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_gemm_args, a.alpha = 1.0f;)
#define CLGRPO_GEMM_ARGS_INIT clgrpo_gemm_args_init()
enum clgrpo_status clgrpo_gemm_workspace(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args,
                                         size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_gemm(struct clgrpo_context *ctx, const struct clgrpo_gemm_args *args, cl_command_queue queue,
                               cl_uint n_wait, const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Packs op(B) once, for many products.
 *
 * b       [K][N], or [N][K] with trans_b; f32, f16 or bf16
 * packed  [clgrpo_gemm_pack_elems(ctx, K, N)] f32, f16 or bf16, written; rounded to nearest even where it holds less
 *         than b does
 *
 * The layout is private to this version of the library, the context's family and its vector width.
 */
struct clgrpo_gemm_pack_args {
    size_t struct_size;
    struct clgrpo_tensor b, packed;
    bool trans_b;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_gemm_pack_args, /* zeros */)
#define CLGRPO_GEMM_PACK_ARGS_INIT clgrpo_gemm_pack_args_init()
size_t clgrpo_gemm_pack_elems(const struct clgrpo_context *ctx, size_t k, size_t n);
enum clgrpo_status clgrpo_gemm_pack(struct clgrpo_context *ctx, const struct clgrpo_gemm_pack_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Log-probabilities of given tokens under softmax(inv_temperature x W^T), without storing the N x V logits z.
 *
 *   z[n][v]    = inv_temperature sum_e x[n][e] w[v][e]
 *   lse[n]     = log sum_v exp z[n][v]
 *   logprob[n] = z[n][target[n]] - lse[n]
 *   entropy[n] = lse[n] - sum_v z[n][v] exp(z[n][v] - lse[n])
 *
 * x                [N][E] f32, f16 or bf16
 * w                [V][E] f32, f16 or bf16; V is at least 1
 * target           [N] i32; one outside 0 .. V-1 gives a log-probability of -infinity
 * logprob, lse     [N] f32, written
 * entropy          [N] f32, written; buf may be NULL
 * inv_temperature  finite, > 0
 *
 * A row with a logit that is NaN or plus infinity, or with none above -1e30, is no distribution: its logprob, lse and
 * entropy are NaN.
 *
 * N, E and V are at most 2^31 - 1025. The bits are those of f32 tensors that hold the values of x and w. A logit is a
 * chain of fused multiply-adds over e as in clgrpo_gemm, and the sums over v have one fixed order, the one of
 * clgrpo_sample: the operation is batch invariant. The workspace takes two floats for every 1024 logits of a row, three
 * with the entropy, and what does not grow with N: in the cpu family a block of packed w.
 *
 * E_VALUE: inv_temperature.
 */
struct clgrpo_linear_logprob_args {
    size_t struct_size;
    struct clgrpo_tensor x, w, target, logprob, lse, entropy;
    float inv_temperature;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_linear_logprob_args, a.inv_temperature = 1.0f;)
#define CLGRPO_LINEAR_LOGPROB_ARGS_INIT clgrpo_linear_logprob_args_init()
enum clgrpo_status clgrpo_linear_logprob_workspace(struct clgrpo_context *ctx,
                                                   const struct clgrpo_linear_logprob_args *args,
                                                   size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_linear_logprob(struct clgrpo_context *ctx, const struct clgrpo_linear_logprob_args *args,
                                         cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                         cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Gradient of sum_n (dlogprob[n] logprob[n] + dentropy[n] entropy[n]).
 *
 *   p[n][v]  = exp(z[n][v] - lse[n])
 *   dz[n][v] = inv_temperature (dlogprob[n] (1[v = target[n]] - p[n][v])
 *                               - dentropy[n] p[n][v] (z[n][v] - lse[n] + entropy[n]))
 *   dx       = dz w
 *   dw      += dz^T x
 *
 * x, w, target, inv_temperature: as in the forward
 * lse       [N] f32, as the forward wrote it
 * dlogprob  [N] f32
 * dentropy  [N] f32; buf may be NULL, for 0
 * entropy   [N] f32, as the forward wrote it; buf may be NULL where dentropy's is
 * dx        [N][E] f32, written
 * dw        [V][E] f32, accumulated
 *
 * Logits are computed again, tile by tile. Each element of dx and dw is one chain of fused multiply-adds in a fixed
 * order, with one writer. A row whose dlogprob and dentropy are 0 adds nothing, whatever its x: so tokens are left
 * out. A target outside 0 .. V-1 has no column, and the gradient of its row is that of -lse. A NaN of dlogprob, or of
 * lse where dlogprob is not 0, goes through to the row of dx and to dw.
 *
 * E_VALUE: inv_temperature.
 */
struct clgrpo_linear_logprob_backward_args {
    size_t struct_size;
    struct clgrpo_tensor x, w, target, lse, entropy, dlogprob, dentropy, dx, dw;
    float inv_temperature;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_linear_logprob_backward_args, a.inv_temperature = 1.0f;)
#define CLGRPO_LINEAR_LOGPROB_BACKWARD_ARGS_INIT clgrpo_linear_logprob_backward_args_init()
enum clgrpo_status clgrpo_linear_logprob_backward_workspace(struct clgrpo_context *ctx,
                                                            const struct clgrpo_linear_logprob_backward_args *args,
                                                            size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_linear_logprob_backward(struct clgrpo_context *ctx,
                                                  const struct clgrpo_linear_logprob_backward_args *args,
                                                  cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                                  cl_event *event) CLGRPO_MUST_CHECK;

#endif
