/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of the tuned parameters: the same in every context. */
#ifndef CLGRPO_TUNE_PARAMS_H
#define CLGRPO_TUNE_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

/* Operations of one kernel family that have parameters. */
enum clg_tune_op_id {
    CLG_TUNE_GEMM_CPU,
    CLG_TUNE_GEMM_SIMT,
    CLG_TUNE_ATTENTION_CPU,
    CLG_TUNE_ATTENTION_SIMT,
    CLG_TUNE_ATTENTION_BACKWARD_SIMT,
    CLG_TUNE_LOGPROB_CPU,
    CLG_TUNE_ROWS_SIMT,
    CLG_TUNE_N_OPS
};
/* The parameters of an operation stand together. */
enum clg_tune_param_id {
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
enum {
    CLG_TUNE_MAX_ALLOWED = 8, /* values of a parameter */
    CLG_TUNE_MAX_CLASSES = 4, /* of an operation */
    CLG_TUNE_MAX_SET = 8      /* parameters of an operation */
};

/* The classes that an operation's calls fall into have values of their own. */
struct clg_tune_op {
    const char *name; /* "gemm_cpu" */
    const char *type; /* of elements, "f32" */
    size_t n_classes;
    const char *classes[CLG_TUNE_MAX_CLASSES];
};
/* A name that begins with P_ is a define of the kernel, any other a choice of the host. */
struct clg_tune_param {
    size_t op;
    const char *name, *meaning;
    int standard[CLG_TUNE_MAX_CLASSES]; /* the value in each class where no source gives another */
    size_t n_allowed;
    int allowed[CLG_TUNE_MAX_ALLOWED];
    bool changes_order; /* of a sum, hence bits: standard unless the context's config allows it */
};
extern const struct clg_tune_op clg_tune_ops[CLG_TUNE_N_OPS];
extern const struct clg_tune_param clg_tune_params[CLG_TUNE_N_PARAMS];

/* The first parameter of an operation, and how many it has. */
size_t clg_tune_first(size_t op);
size_t clg_tune_count(size_t op);
bool clg_tune_find_op(const char *name, size_t *op);
/* "*" is CLG_TUNE_ANY_CLASS. */
enum { CLG_TUNE_ANY_CLASS = -1 };
bool clg_tune_find_class(size_t op, const char *name, int *shape_class);

/* Where a value comes from. */
enum clg_tune_source {
    CLG_TUNE_STANDARD,
    CLG_TUNE_BUILT_IN,
    CLG_TUNE_USER,
    CLG_TUNE_ENVIRONMENT,
    CLG_TUNE_CALL /* clg_tune_set */
};
/* What of a device a row names, from the widest to the narrowest. */
enum clg_tune_link { CLG_TUNE_CLASS, CLG_TUNE_VENDOR, CLG_TUNE_ARCH, CLG_TUNE_DEVICE, CLG_TUNE_N_LINKS };
const char *clg_tune_source_name(enum clg_tune_source source); /* "built-in" */
const char *clg_tune_link_name(enum clg_tune_link link);       /* "arch" */

/* Classes of products: few rows, A transposed (gradients of weights), all else. Of attention: by head dimension. */
enum { CLG_GEMM_SKINNY_ROWS = 64 };
enum clg_gemm_class { CLG_GEMM_SKINNY, CLG_GEMM_PLAIN, CLG_GEMM_TN };
static inline enum clg_gemm_class
clg_gemm_class_of(size_t m, bool trans_a)
{
    return trans_a ? CLG_GEMM_TN : m <= CLG_GEMM_SKINNY_ROWS ? CLG_GEMM_SKINNY : CLG_GEMM_PLAIN;
}
static inline size_t
clg_attention_class(size_t head_dim)
{
    return head_dim <= 32 ? 0 : head_dim <= 64 ? 1 : 2;
}

#endif
