/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small operations of a decoder layer. Include clgrpo.h. N is any number of rows; 0 does nothing.
 *
 * act: activations and their gradients, f32, f16 or bf16, all of one call the same. Arithmetic is f32, and a result has
 * the bits of that of f32 tensors that hold the same values, rounded once when it is stored: to nearest even, NaN to
 * NaN, what is too large for f16 to infinity. E_DTYPE: also activations of two types.
 */
#ifndef CLGRPO_LAYER_H
#define CLGRPO_LAYER_H

/*
 * Token embedding, or a gather of rows: y[n] = table[index[n]].
 *
 * table  [V][E] f32, f16 or bf16, whatever the type of y
 * index  [N] i32, dense; one outside 0 .. V-1 gives a row of zeros
 * y      [N][E] act, written
 */
struct clgrpo_embedding_args {
    size_t struct_size;
    struct clgrpo_tensor table, index, y;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_embedding_args, /* zeros */)
#define CLGRPO_EMBEDDING_ARGS_INIT clgrpo_embedding_args_init()
enum clgrpo_status clgrpo_embedding(struct clgrpo_context *ctx, const struct clgrpo_embedding_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Gradient of clgrpo_embedding, or a scatter-add of rows: dtable[v] += sum of dy[n] over the n with index[n] = v.
 *
 * dy      [N][E] act
 * index   [N] i32, dense; rows of dy whose index is outside 0 .. V-1 are left out
 * dtable  [V][E] f32, accumulated
 *
 * Rows are added one by one, in ascending order of n; each row of dtable has one writer.
 */
struct clgrpo_embedding_backward_args {
    size_t struct_size;
    struct clgrpo_tensor dy, index, dtable;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_embedding_backward_args, /* zeros */)
#define CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT clgrpo_embedding_backward_args_init()
enum clgrpo_status clgrpo_embedding_backward(struct clgrpo_context *ctx,
                                             const struct clgrpo_embedding_backward_args *args, cl_command_queue queue,
                                             cl_uint n_wait, const cl_event *wait_list,
                                             cl_event *event) CLGRPO_MUST_CHECK;

/*
 * RMSNorm, optionally of x + residual.
 *
 *   rstd[n] = 1 / sqrt(mean_e x[n][e]^2 + eps)        y[n][e] = x[n][e] rstd[n] w[e]
 *
 * x         [N][E] act
 * w         [E] f32, dense
 * y         [N][E] act, written; may be x
 * rstd      [N] f32, dense, written; the backward reads it; buf may be NULL
 * residual  [N][E] act; buf may be NULL. If it is given, x + residual takes the place of x in the formula; it is
 *           stored in sum, or without a sum in x, and normalised as it is stored
 * sum       [N][E] act, written, only with a residual; may be x; buf may be NULL
 * eps       finite, > 0
 *
 * E_ARGUMENT: also a sum without a residual.  E_VALUE: eps.
 * Zhang and Sennrich, arXiv 1910.07467.
 */
struct clgrpo_rmsnorm_args {
    size_t struct_size;
    struct clgrpo_tensor x, w, y, rstd, residual, sum;
    float eps;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_rmsnorm_args, a.eps = 1e-5f;)
#define CLGRPO_RMSNORM_ARGS_INIT clgrpo_rmsnorm_args_init()
enum clgrpo_status clgrpo_rmsnorm(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_args *args,
                                  cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                  cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Gradient of clgrpo_rmsnorm.
 *
 *   dx[n][e] = rstd[n] (w[e] dy[n][e] - x[n][e] rstd[n]^2 mean_i(w[i] dy[n][i] x[n][i]))
 *   dw[e]   += sum_n dy[n][e] x[n][e] rstd[n]
 *
 * x              [N][E] act, what was normalised: the forward's x, or its sum
 * w              [E] f32, dense
 * rstd           [N] f32, dense, as the forward wrote it
 * dy             [N][E] act
 * dx             [N][E] act, written, or accumulated with accumulate_dx; may be dy
 * dw             [E] f32, dense, accumulated
 *
 * dw sums over the rows of 32 fixed blocks, whose partial sums lie in the workspace, and then over the blocks.
 */
struct clgrpo_rmsnorm_backward_args {
    size_t struct_size;
    struct clgrpo_tensor x, w, rstd, dy, dx, dw;
    bool accumulate_dx;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_rmsnorm_backward_args, /* zeros */)
#define CLGRPO_RMSNORM_BACKWARD_ARGS_INIT clgrpo_rmsnorm_backward_args_init()
enum clgrpo_status clgrpo_rmsnorm_backward_workspace(struct clgrpo_context *ctx,
                                                     const struct clgrpo_rmsnorm_backward_args *args,
                                                     size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_rmsnorm_backward(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_backward_args *args,
                                           cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                           cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Rotary position embedding in place, in the half-split form of Llama checkpoints: with x1 = x[n][h][0 .. D/2-1] and
 * x2 = x[n][h][D/2 .. D-1], element by element,
 *
 *   (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin)
 *
 * x         [N][H][D] act, in place
 * position  [N] i32, dense; a row whose position is outside 0 .. T-1 is left as it is
 * table     [T][D] f32: of a position, D/2 cosines and then D/2 sines, as clgrpo_rope_table_fill writes them
 * inverse   turns by the negative angle: the gradient
 *
 * E_UNSUPPORTED: also D not 32, 64 or 128.
 * Su et al., arXiv 2104.09864.
 */
struct clgrpo_rope_args {
    size_t struct_size;
    struct clgrpo_tensor x, position, table;
    bool inverse;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_rope_args, /* zeros */)
#define CLGRPO_ROPE_ARGS_INIT clgrpo_rope_args_init()
enum clgrpo_status clgrpo_rope(struct clgrpo_context *ctx, const struct clgrpo_rope_args *args, cl_command_queue queue,
                               cl_uint n_wait, const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;
/* Fills host[n_positions * head_dim] with the table, computed in double: pair i of position p is turned by the angle
 * p theta^(-2 i / head_dim). */
void clgrpo_rope_table_fill(float *host, size_t n_positions, size_t head_dim, double theta);

/*
 * SwiGLU: y = silu(gate) up, silu(t) = t / (1 + exp(-t)).
 *
 * gate_up  [N][2F] act: gate in the first F columns, up in the others
 * y        [N][F] act, written
 *
 * Shazeer, arXiv 2002.05202.
 */
struct clgrpo_swiglu_args {
    size_t struct_size;
    struct clgrpo_tensor gate_up, y;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_swiglu_args, /* zeros */)
#define CLGRPO_SWIGLU_ARGS_INIT clgrpo_swiglu_args_init()
enum clgrpo_status clgrpo_swiglu(struct clgrpo_context *ctx, const struct clgrpo_swiglu_args *args,
                                 cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                 cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Gradient of clgrpo_swiglu, with s = 1 / (1 + exp(-gate)):
 *
 *   dgate = dy up s (1 + gate (1 - s))        dup = dy gate s
 *
 * gate_up   [N][2F] act
 * dy        [N][F] act
 * dgate_up  [N][2F] act, written; may be gate_up
 */
struct clgrpo_swiglu_backward_args {
    size_t struct_size;
    struct clgrpo_tensor gate_up, dy, dgate_up;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_swiglu_backward_args, /* zeros */)
#define CLGRPO_SWIGLU_BACKWARD_ARGS_INIT clgrpo_swiglu_backward_args_init()
enum clgrpo_status clgrpo_swiglu_backward(struct clgrpo_context *ctx, const struct clgrpo_swiglu_backward_args *args,
                                          cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                          cl_event *event) CLGRPO_MUST_CHECK;

/*
 * y = a + b.
 *
 * a, b  [N][E] act
 * y     [N][E] act, written; may be a or b
 */
struct clgrpo_add_args {
    size_t struct_size;
    struct clgrpo_tensor a, b, y;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_add_args, /* zeros */)
#define CLGRPO_ADD_ARGS_INIT clgrpo_add_args_init()
enum clgrpo_status clgrpo_add(struct clgrpo_context *ctx, const struct clgrpo_add_args *args, cl_command_queue queue,
                              cl_uint n_wait, const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;

/*
 * y = x in another type. Rounds to nearest even; NaN stays NaN; what is too large for f16 becomes infinity.
 *
 * x  [N] or [N][E], f32, f16 or bf16
 * y  x's shape, f32, f16 or bf16, written
 *
 * E_SHAPE: also a rank that is not 1 or 2.
 */
struct clgrpo_cast_args {
    size_t struct_size;
    struct clgrpo_tensor x, y;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_cast_args, /* zeros */)
#define CLGRPO_CAST_ARGS_INIT clgrpo_cast_args_init()
enum clgrpo_status clgrpo_cast(struct clgrpo_context *ctx, const struct clgrpo_cast_args *args, cl_command_queue queue,
                               cl_uint n_wait, const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;

#endif
