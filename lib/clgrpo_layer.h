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
#define CLGRPO_EMBEDDING_ARGS_INIT CLGRPO_ARGS_INIT(embedding)
CLGRPO_OP(embedding);

/* dtable[v] += sum over n with index[n] = v of dy[n], n ascending: one writer per row, no atomics. Also a scatter-add
 * of rows. */
struct clgrpo_embedding_backward_args {
    size_t struct_size;
    struct clgrpo_tensor dy, index, dtable;
};
#define CLGRPO_EMBEDDING_BACKWARD_ARGS_INIT CLGRPO_ARGS_INIT(embedding_backward)
CLGRPO_OP(embedding_backward);

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
CLGRPO_OP(rmsnorm);

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
#define CLGRPO_RMSNORM_BACKWARD_ARGS_INIT CLGRPO_ARGS_INIT(rmsnorm_backward)
CLGRPO_OP_WORKSPACE(rmsnorm_backward);
CLGRPO_OP(rmsnorm_backward);

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
#define CLGRPO_ROPE_ARGS_INIT CLGRPO_ARGS_INIT(rope)
CLGRPO_OP(rope);
/* Fills host[n_positions * head_dim] with the table, computed in double. */
void clgrpo_rope_table_fill(float *host, size_t n_positions, size_t head_dim, double theta);

/* SwiGLU (Shazeer, arXiv 2002.05202): y = silu(gate) * up, silu(t) = t / (1 + exp(-t)). gate_up [N][2F]: gate first. y
 * [N][F]. */
struct clgrpo_swiglu_args {
    size_t struct_size;
    struct clgrpo_tensor gate_up, y;
};
#define CLGRPO_SWIGLU_ARGS_INIT CLGRPO_ARGS_INIT(swiglu)
CLGRPO_OP(swiglu);

/* dgate_up [N][2F] (written; may be gate_up itself) from gate_up and dy [N][F]. */
struct clgrpo_swiglu_backward_args {
    size_t struct_size;
    struct clgrpo_tensor gate_up, dy, dgate_up;
};
#define CLGRPO_SWIGLU_BACKWARD_ARGS_INIT CLGRPO_ARGS_INIT(swiglu_backward)
CLGRPO_OP(swiglu_backward);

/* y = a + b, [N][E]; y may be a or b. */
struct clgrpo_add_args {
    size_t struct_size;
    struct clgrpo_tensor a, b, y;
};
#define CLGRPO_ADD_ARGS_INIT CLGRPO_ARGS_INIT(add)
CLGRPO_OP(add);

/* y = x converted between F32, F16 and BF16 (round to nearest even, NaN kept, f16 overflow to infinity); equal shapes,
 * rank 1 or 2. */
struct clgrpo_cast_args {
    size_t struct_size;
    struct clgrpo_tensor x, y;
};
#define CLGRPO_CAST_ARGS_INIT CLGRPO_ARGS_INIT(cast)
CLGRPO_OP(cast);

#endif
