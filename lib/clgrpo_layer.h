/* SPDX-License-Identifier: Apache-2.0 */
/* The small operations of a decoder layer. Include clgrpo.h. All f32 unless said; N is any number of rows, 0 does
 * nothing. */
#ifndef CLGRPO_LAYER_H
#define CLGRPO_LAYER_H

/* y[n] = table[index[n]]: token embedding, or a gather of rows. table [V][E], index [N] i32, y [N][E]; an index outside
 * 0..V-1 gives a row of zeros. */
struct clgrpo_embedding_args {
    size_t struct_size;
    struct clgrpo_tensor table, index, y;
};
#define CLGRPO_EMBEDDING_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_embedding_args)
enum clgrpo_status clgrpo_embedding(struct clgrpo_context *ctx, const struct clgrpo_embedding_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/* dtable[v] += sum over n with index[n] = v of dy[n], n ascending: one writer per row, no atomics. Also a scatter-add
 * of rows. */
struct clgrpo_embedding_backward_args {
    size_t struct_size;
    struct clgrpo_tensor dy, index, dtable;
};
#define CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_embedding_backward_args)
enum clgrpo_status clgrpo_embedding_backward(struct clgrpo_context *ctx,
                                             const struct clgrpo_embedding_backward_args *args, cl_command_queue queue,
                                             cl_uint n_wait, const cl_event *wait_list,
                                             cl_event *event) CLGRPO_MUST_CHECK;

/*
 * RMSNorm (Zhang and Sennrich, arXiv 1910.07467): y = x * rstd * w, rstd[n] = 1 / sqrt(mean_e x[n][e]^2 + eps).
 * x, y [N][E] (y may be x)   w [E]   rstd [N], rstd.buf may be NULL   eps > 0
 * residual, if its buf is not NULL, [N][E]: x + residual is what is normalised; it replaces x, or is written to
 * sum [N][E] if that has a buf, and x is left as it is. sum needs a residual, and overlaps nothing else.
 */
struct clgrpo_rmsnorm_args {
    size_t struct_size;
    struct clgrpo_tensor x, w, y, rstd, residual, sum;
    float eps;
};
#define CLGRPO_RMSNORM_ARGS_INIT                                                                                       \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_rmsnorm_args), .eps = 1e-5f                                                \
    }
enum clgrpo_status clgrpo_rmsnorm(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_args *args,
                                  cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                  cl_event *event) CLGRPO_MUST_CHECK;

/*
 * dx[n][e] = rstd (w dy - x rstd^2 mean_e(w dy x)), added to dx if accumulate_dx, else written; dx may be dy.
 * dw[e] += sum_n dy x rstd, by partial sums over a fixed number of row blocks, which live in the workspace.
 */
struct clgrpo_rmsnorm_backward_args {
    size_t struct_size;
    struct clgrpo_tensor x, w, rstd, dy, dx, dw;
    bool accumulate_dx;
    struct clgrpo_workspace workspace;
};
#define CLGRPO_RMSNORM_BACKWARD_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_rmsnorm_backward_args)
enum clgrpo_status clgrpo_rmsnorm_backward_workspace(struct clgrpo_context *ctx,
                                                     const struct clgrpo_rmsnorm_backward_args *args,
                                                     size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_rmsnorm_backward(struct clgrpo_context *ctx, const struct clgrpo_rmsnorm_backward_args *args,
                                           cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                           cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Rotary position embedding (Su et al., arXiv 2104.09864), in place, the half-split form of Llama checkpoints:
 *   (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin), x1 = x[..][0..D/2), x2 = x[..][D/2..D)
 * x [N][H][D]   position [N] i32 in 0..T-1 (outside: the row is left as it is)   table [T][D]: D/2 cosines, then D/2
 * sines inverse turns the other way: the gradient.
 */
struct clgrpo_rope_args {
    size_t struct_size;
    struct clgrpo_tensor x, position, table;
    bool inverse;
};
#define CLGRPO_ROPE_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_rope_args)
enum clgrpo_status clgrpo_rope(struct clgrpo_context *ctx, const struct clgrpo_rope_args *args, cl_command_queue queue,
                               cl_uint n_wait, const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;
/* Fills host[n_positions * head_dim] with the table, computed in double. */
void clgrpo_rope_table_fill(float *host, size_t n_positions, size_t head_dim, double theta);

/* SwiGLU (Shazeer, arXiv 2002.05202): y = silu(gate) * up, silu(t) = t / (1 + exp(-t)). gate_up [N][2F]: gate first. y
 * [N][F]. */
struct clgrpo_swiglu_args {
    size_t struct_size;
    struct clgrpo_tensor gate_up, y;
};
#define CLGRPO_SWIGLU_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_swiglu_args)
enum clgrpo_status clgrpo_swiglu(struct clgrpo_context *ctx, const struct clgrpo_swiglu_args *args,
                                 cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                 cl_event *event) CLGRPO_MUST_CHECK;

/* dgate_up [N][2F] (written; may be gate_up itself) from gate_up and dy [N][F]. */
struct clgrpo_swiglu_backward_args {
    size_t struct_size;
    struct clgrpo_tensor gate_up, dy, dgate_up;
};
#define CLGRPO_SWIGLU_BACKWARD_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_swiglu_backward_args)
enum clgrpo_status clgrpo_swiglu_backward(struct clgrpo_context *ctx, const struct clgrpo_swiglu_backward_args *args,
                                          cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                          cl_event *event) CLGRPO_MUST_CHECK;

/* y = a + b, [N][E]; y may be a or b. */
struct clgrpo_add_args {
    size_t struct_size;
    struct clgrpo_tensor a, b, y;
};
#define CLGRPO_ADD_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_add_args)
enum clgrpo_status clgrpo_add(struct clgrpo_context *ctx, const struct clgrpo_add_args *args, cl_command_queue queue,
                              cl_uint n_wait, const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;

/* y = x converted between F32, F16 and BF16 (round to nearest even, NaN kept, f16 overflow to infinity); equal shapes,
 * rank 1 or 2. */
struct clgrpo_cast_args {
    size_t struct_size;
    struct clgrpo_tensor x, y;
};
#define CLGRPO_CAST_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_cast_args)
enum clgrpo_status clgrpo_cast(struct clgrpo_context *ctx, const struct clgrpo_cast_args *args, cl_command_queue queue,
                               cl_uint n_wait, const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;

#endif
