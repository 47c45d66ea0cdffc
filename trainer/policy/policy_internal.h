/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_POLICY_INTERNAL_H
#define MGRPO_POLICY_INTERNAL_H

#include "clgrpo.h"
#include "model/params.h"
#include "policy/policy.h"

/* What one layer keeps of the forward for the backward. Decoding uses one of these for all layers. */
struct mg_acts {
    struct clgrpo_tensor h1, rstd1;    /* [N][E], [N]: first norm */
    struct clgrpo_tensor qkv;          /* [N][(H + 2K) D], rotated */
    struct clgrpo_tensor o, lse;       /* [N][H D], [N][H] */
    struct clgrpo_tensor mid;          /* [N][E]: residual stream between attention and MLP */
    struct clgrpo_tensor h2, rstd2;    /* second norm */
    struct clgrpo_tensor gate_up, act; /* [N][2F], [N][F] */
};

struct mg_packed_layer {
    struct clgrpo_tensor qkv, o, gate_up, down;
};

/* Gradients that flow back through one layer at a time. */
struct mg_grads {
    struct clgrpo_tensor dx, dh, dqkv, do_, dgate_up, dact;
};

struct mg_policy {
    struct mg_model_config config;
    struct mg_params params;
    struct mg_policy_limits limits;
    struct clgrpo_context *ctx;
    cl_command_queue queue;
    uint64_t version;

    struct clgrpo_tensor weights, grad, m, v; /* [P]; of weights in another storage than f32 the matrices alone */
    struct clgrpo_tensor norms;               /* [P - matrices] f32, in that case */
    struct clgrpo_tensor norm_out;            /* [2] */
    struct clgrpo_tensor rope;                /* [context][D]: cosines and sines */
    float attention_scale;                    /* 1 / sqrt(D) */
    struct clgrpo_workspace workspace;        /* grows to what the largest call needs */

    size_t rows;             /* N of the activation buffers */
    struct clgrpo_tensor *x; /* [layers + 1] residual stream, [N][E]; without training only the first two */
    struct mg_acts *acts;    /* [layers]; without training one */
    size_t n_acts;
    struct mg_grads grads;
    struct clgrpo_tensor branch; /* [N][E]: output of attention or MLP before it is added to the residual stream */
    struct clgrpo_tensor selected, hidden, rstd; /* rows that the head sees: gathered, normed */
    struct clgrpo_tensor dselected, dhidden;
    struct clgrpo_tensor ints;      /* [4][N] i32: token, position, row, target */
    struct clgrpo_tensor offsets;   /* [N + 1] i32 */
    struct clgrpo_tensor prefix;    /* [N] i32 */
    struct clgrpo_tensor head_in;   /* [7][N] f32: see enum mg_head_in */
    struct clgrpo_tensor head_rows; /* [N + 1] i32: where the head rows of each trajectory begin */
    struct clgrpo_tensor head_out;  /* [3][N] f32: logprob, lse, entropy */
    struct clgrpo_tensor stats;

    struct mg_packed_layer *packed; /* of the current weights, for decoding */
    struct clgrpo_tensor packed_head;
    bool packed_fresh;
    struct clgrpo_tensor *k_cache, *v_cache; /* per layer */
    size_t sample_rows;                      /* rows that can sample in one forward */
    struct clgrpo_tensor logits;             /* [sample_rows][V] */
    struct clgrpo_tensor slots;              /* [N] i32 */
    struct clgrpo_tensor forks;              /* [3 S] i32 */
    struct clgrpo_tensor keys;               /* [sample_rows][2] u64 */
    struct clgrpo_tensor drawn, drawn_logprob;
};

enum mg_ints { MG_INT_TOKEN, MG_INT_POSITION, MG_INT_ROW, MG_INT_TARGET, MG_N_INTS };
enum mg_head_in {
    MG_IN_OLD,
    MG_IN_ADVANTAGE,
    MG_IN_WEIGHT,
    MG_IN_SAMPLED,
    MG_IN_REF,
    MG_IN_DLOGPROB,
    MG_IN_DENTROPY,
    MG_N_IN
};
enum mg_head_out { MG_OUT_LOGPROB, MG_OUT_LSE, MG_OUT_ENTROPY, MG_N_OUT };

/* Rows 0..n-1 of a dense [N][cols] buffer. */
struct clgrpo_tensor mg_rows(const struct clgrpo_tensor *t, size_t n);
/* Row `row` of a dense [R][N] buffer, its first n elements, as rank 1. */
struct clgrpo_tensor mg_line(const struct clgrpo_tensor *t, size_t row, size_t n);
/* A matrix or vector inside a flat [P] vector. */
struct clgrpo_tensor mg_matrix(const struct clgrpo_tensor *flat, size_t offset, size_t rows, size_t cols);
struct clgrpo_tensor mg_vector(const struct clgrpo_tensor *flat, size_t offset, size_t n);

/* Rows 0..n-1 of a dense [N][heads * dim] buffer as [n][heads][dim]; of a qkv buffer, its three parts so. */
struct clgrpo_tensor mg_heads(const struct clgrpo_tensor *t, size_t n, size_t heads, size_t dim);
void mg_qkv_views(const struct mg_policy *p, const struct clgrpo_tensor *qkv, size_t n, struct clgrpo_tensor *q,
                  struct clgrpo_tensor *k, struct clgrpo_tensor *v);

/* The weight of a norm, [E], at `offset` of the parameters. */
struct clgrpo_tensor mg_norm_weight(const struct mg_policy *p, size_t offset);
/* All parameters, [P] on the host, rounded where they are stored in fewer bits. */
enum mg_status mg_weights_write(struct mg_policy *p, const float *host, struct mg_err *err);

/* Buffers */
enum mg_status mg_buffers_create(struct mg_policy *p, struct mg_err *err);
void mg_buffers_destroy(struct mg_policy *p);

/* Operations, with errors. A zeroed packed view means none. */
struct mg_gemm_flags {
    bool trans_a, trans_b, accumulate;
    const struct clgrpo_tensor *packed;
};
enum mg_status mg_op_gemm(struct mg_policy *p, struct clgrpo_tensor a, struct clgrpo_tensor b, struct clgrpo_tensor c,
                          struct mg_gemm_flags flags, struct mg_err *err);
/* sum = x + residual, y = its norm. */
enum mg_status mg_op_add_norm(struct mg_policy *p, struct clgrpo_tensor x, struct clgrpo_tensor residual,
                              struct clgrpo_tensor sum, struct clgrpo_tensor w, struct clgrpo_tensor y,
                              struct clgrpo_tensor rstd, struct mg_err *err);
enum mg_status mg_op_norm(struct mg_policy *p, struct clgrpo_tensor x, struct clgrpo_tensor w, struct clgrpo_tensor y,
                          struct clgrpo_tensor rstd, struct mg_err *err);
enum mg_status mg_op_norm_backward(struct mg_policy *p, struct clgrpo_tensor x, size_t w_offset,
                                   struct clgrpo_tensor rstd, struct clgrpo_tensor dy, struct clgrpo_tensor dx,
                                   bool accumulate, struct mg_err *err);
enum mg_status mg_op_rope(struct mg_policy *p, struct clgrpo_tensor qkv, bool inverse, struct mg_err *err);
enum mg_status mg_op_add(struct mg_policy *p, struct clgrpo_tensor a, struct clgrpo_tensor b, struct clgrpo_tensor y,
                         struct mg_err *err);
enum mg_status mg_op_swiglu(struct mg_policy *p, struct clgrpo_tensor gate_up, struct clgrpo_tensor y,
                            struct mg_err *err);
enum mg_status mg_op_swiglu_backward(struct mg_policy *p, struct clgrpo_tensor gate_up, struct clgrpo_tensor dy,
                                     struct clgrpo_tensor dgate_up, struct mg_err *err);
enum mg_status mg_op_gather(struct mg_policy *p, struct clgrpo_tensor table, struct clgrpo_tensor index,
                            struct clgrpo_tensor y, struct mg_err *err);
enum mg_status mg_op_scatter(struct mg_policy *p, struct clgrpo_tensor dy, struct clgrpo_tensor index,
                             struct clgrpo_tensor dtable, struct mg_err *err);
enum mg_status mg_op_zero(struct mg_policy *p, struct clgrpo_tensor t, struct mg_err *err);
enum mg_status mg_op_write(struct mg_policy *p, struct clgrpo_tensor t, const void *host, struct mg_err *err);
/* Draws a token from each of n rows of p->hidden into p->drawn and p->drawn_logprob; logits through the packed head, or
 * the plain one. */
enum mg_status mg_op_draw(struct mg_policy *p, struct clgrpo_tensor hidden, const struct mg_sampling *how, bool packed,
                          struct mg_err *err);
enum mg_status mg_op_read(struct mg_policy *p, struct clgrpo_tensor t, void *host, struct mg_err *err);

/* MG_END names the first tensor of the flat vector that is not finite; `what` it is of: "gradient". */
enum mg_status mg_finite_check(struct mg_policy *p, struct clgrpo_tensor flat, const char *what, struct mg_err *err);

/* A status of the library as one of the trainer's, with the library's sentence. */
enum mg_status mg_from_clgrpo(struct mg_policy *p, enum clgrpo_status status, struct mg_err *err);
/* At least `bytes` of workspace. */
enum mg_status mg_workspace(struct mg_policy *p, size_t bytes, struct mg_err *err);

/* Enqueues the library's operation `op` with its filled `args`. Like the control macros these need st, err, p and the
 * label out. */
#define MG_RUN(op, args) MG_TRY(mg_from_clgrpo(p, op(p->ctx, &(args), p->queue, 0, NULL, NULL), err))
/* The same for an operation that wants workspace: `size` asks how much. */
#define MG_RUN_WITH_WORKSPACE(op, size, args)                                                                          \
    do {                                                                                                               \
        size_t bytes_ = 0;                                                                                             \
        MG_TRY(mg_from_clgrpo(p, size(p->ctx, &(args), &bytes_), err));                                                \
        MG_TRY(mg_workspace(p, bytes_, err));                                                                          \
        (args).workspace = p->workspace;                                                                               \
        MG_RUN(op, args);                                                                                              \
    } while (0)

/* A packed batch of sequences on the device. */
struct mg_batch {
    size_t n;              /* tokens */
    size_t n_seqs;         /* sequences: offsets has n_seqs + 1 entries; 0 when decoding */
    int32_t *offsets_host; /* n_seqs + 1 of them */
    size_t max_len;
    size_t n_rows;             /* rows that the head sees */
    size_t n_trajectories;     /* whose they are */
    struct clgrpo_tensor slot; /* decoding: [n] i32 */
    bool decode, keep;         /* keep: leave what the backward needs */
    bool shared;               /* some sequence continues another: prefix says which */
};
/* Where the batch's sequences begin, and which sequence each continues; *prefix is left where none continues another. */
void mg_sequence_views(const struct mg_policy *p, const struct mg_batch *b, struct clgrpo_tensor *offsets,
                       struct clgrpo_tensor *prefix);
/* From token ids to the normed hidden rows that the head sees (p->hidden). */
enum mg_status mg_forward(struct mg_policy *p, const struct mg_batch *b, struct mg_err *err);
/* Log-probability, lse and entropy of the target of every head row. */
enum mg_status mg_head_forward(struct mg_policy *p, const struct mg_batch *b, float temperature, struct mg_err *err);
/* From p->dhidden back to the gradient of every weight. */
enum mg_status mg_backward(struct mg_policy *p, const struct mg_batch *b, struct mg_err *err);

#endif
