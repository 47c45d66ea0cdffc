/* SPDX-License-Identifier: Apache-2.0 */
/* Tuned parameters inside the library: declarations, rows, and the values of a context. */
#ifndef CLGRPO_LIB_TUNE_H
#define CLGRPO_LIB_TUNE_H

#include "internal.h"

/* Operations with parameters; tune_params.c declares each. */
enum clg_tune_op {
    CLG_TUNE_GEMM_CPU,
    CLG_TUNE_GEMM_SIMT,
    CLG_TUNE_ATTENTION_CPU,
    CLG_TUNE_ATTENTION_SIMT,
    CLG_TUNE_ATTENTION_BACKWARD_SIMT,
    CLG_TUNE_LOGPROB_CPU,
    CLG_TUNE_ROWS_SIMT,
    CLG_TUNE_N_OPS
};
enum clg_tune_param {
    CLG_TUNE_GEMM_CPU_KC,
    CLG_TUNE_GEMM_CPU_MC,
    CLG_TUNE_GEMM_CPU_NC,
    CLG_TUNE_GEMM_CPU_GROUPS,
    CLG_TUNE_GEMM_SIMT_PROVIDER,
    CLG_TUNE_GEMM_SIMT_TILE,
    CLG_TUNE_ATTENTION_CPU_TILES,
    CLG_TUNE_ATTENTION_SIMT_TILE,
    CLG_TUNE_ATTENTION_BACKWARD_SIMT_TILE,
    CLG_TUNE_LOGPROB_CPU_PANEL_KIB,
    CLG_TUNE_ROWS_SIMT_GROUP,
    CLG_TUNE_N_PARAMS
};
enum { CLG_TUNE_MAX_SET = 8 }; /* parameters of one operation */

/* Classes of products: few rows, A transposed and copied (gradients of weights), all else. Of attention: by head
 * dimension. */
enum { CLG_GEMM_SKINNY_ROWS = 64 };
enum clg_gemm_class { CLG_GEMM_SKINNY, CLG_GEMM_PLAIN, CLG_GEMM_TN };
static inline enum clg_gemm_class
clg_gemm_class(size_t m, bool trans_a)
{
    return trans_a ? CLG_GEMM_TN : m <= CLG_GEMM_SKINNY_ROWS ? CLG_GEMM_SKINNY : CLG_GEMM_PLAIN;
}
static inline size_t
clg_attention_class(size_t head_dim)
{
    return head_dim <= 32 ? 0 : head_dim <= 64 ? 1 : 2;
}

extern const struct clgrpo_tune_op clg_tune_ops[CLG_TUNE_N_OPS];
extern const struct clgrpo_tune_param clg_tune_params[CLG_TUNE_N_PARAMS];
/* The first parameter of an operation, and how many it has: they are declared together. */
size_t clg_tune_first(size_t op);
size_t clg_tune_count(size_t op);
/* Why the device cannot run an operation's class with these values of its parameters; NULL if it can. */
const char *clg_tune_refusal(const struct clgrpo_context *ctx, size_t op, size_t shape_class, const int *values);

/* ---- Rows ---- */

enum { CLG_TUNE_ANY_CLASS = -1, CLG_TUNE_UNSET = -0x7fffffff };
struct clg_tune_row {
    size_t op;
    int shape_class; /* or CLG_TUNE_ANY_CLASS */
    enum clgrpo_tune_link link;
    char key[256], driver[128];
    int values[CLG_TUNE_MAX_SET]; /* of the operation's parameters in order, CLG_TUNE_UNSET where the row has none */
    double median_us, ratio;
    bool current; /* of this version of the library; only then are op, class and values filled */
    unsigned line;
};
/*
 * Calls `row` for each row of a text in the format of clgrpo-tuning(5). The first malformed line ends it: false, and a
 * sentence with `name` and the line's number in `error`.
 */
typedef void clg_tune_visit(void *arg, const struct clg_tune_row *row);
bool clg_tune_parse(const char *name, const char *text, size_t bytes, clg_tune_visit *visit, void *arg, char *error,
                    size_t error_bytes);
/* A whole file in memory, freed by the caller; *text is NULL if it is not there and need not be. False, and a sentence,
 * if it cannot be read. */
bool clg_tune_read(const char *path, bool must_exist, char **text, size_t *bytes, char *error, size_t error_bytes);
/* "NAME=VALUE,NAME=VALUE" into an operation's values; NULL, or what is wrong with it. */
const char *clg_tune_parse_values(size_t op, char *text, char separator, int *values);
bool clg_tune_find_op(const char *name, size_t *op);
bool clg_tune_find_class(size_t op, const char *name, int *shape_class);

/* ---- The values of a context ---- */

struct clg_tune_table;
/* Built-in rows, then the user's file, then the environment's CLGRPO_TUNE. A malformed row is CLGRPO_E_TUNING, its
 * sentence in `error`. */
enum clgrpo_status clg_tune_open(struct clgrpo_context *ctx, const struct clgrpo_context_config *config, char *error,
                                 size_t error_bytes);
/* Takes the rows of a text that match and rank above those in force. */
bool clg_tune_take(struct clgrpo_context *ctx, enum clgrpo_tune_source source, const char *name, const char *text,
                   size_t bytes, char *error, size_t error_bytes);
void clg_tune_close(struct clgrpo_context *ctx);
int clg_tune_get(const struct clgrpo_context *ctx, enum clg_tune_param param, size_t shape_class);
/* Appends " -DP_NAME=VALUE" for each define of the operation whose value is not the standard one. */
void clg_tune_defines(const struct clgrpo_context *ctx, enum clg_tune_op op, size_t shape_class, char *text,
                      size_t bytes);

/* The keys of a device, one for each link. */
enum { CLG_TUNE_N_LINKS = CLGRPO_TUNE_DEVICE + 1 };
struct clg_tune_keys {
    char text[CLG_TUNE_N_LINKS][256];
};
void clg_tune_keys_fill(const struct clgrpo_context *ctx, struct clg_tune_keys *keys);

#endif
