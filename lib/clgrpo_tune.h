/* SPDX-License-Identifier: Apache-2.0 */
/* Tuned parameters of a context; included by clgrpo.h. clgrpo-tuning(5) describes the file. */
#ifndef CLGRPO_TUNE_H
#define CLGRPO_TUNE_H

enum { CLGRPO_TUNE_MAX_ALLOWED = 8, CLGRPO_TUNE_MAX_CLASSES = 4 };

/* An operation of one kernel family that has parameters, its element type, and the classes that its calls fall into. */
struct clgrpo_tune_op {
    const char *name; /* "gemm_cpu" */
    const char *type; /* "f32" */
    size_t n_classes;
    const char *classes[CLGRPO_TUNE_MAX_CLASSES];
};

/* A parameter of ops[op]. A name that begins with P_ is a define of the kernel, any other a choice of the host. */
struct clgrpo_tune_param {
    size_t op;
    const char *name, *meaning;
    int standard[CLGRPO_TUNE_MAX_CLASSES]; /* what it is in each class without a row */
    size_t n_allowed;
    int allowed[CLGRPO_TUNE_MAX_ALLOWED];
    bool changes_order; /* of a sum, hence bits: standard unless the context's config allows it */
};

/* The declarations, the same in every context; the arrays are static. */
size_t clgrpo_tune_ops(const struct clgrpo_tune_op **ops);
size_t clgrpo_tune_params(const struct clgrpo_tune_param **params);

/* Where a context's value comes from, and which link of the chain its row matched by. */
enum clgrpo_tune_source {
    CLGRPO_TUNE_STANDARD = 0,
    CLGRPO_TUNE_BUILT_IN,
    CLGRPO_TUNE_USER,
    CLGRPO_TUNE_ENVIRONMENT,
    CLGRPO_TUNE_CALL /* clgrpo_tune_set */
};
enum clgrpo_tune_link { CLGRPO_TUNE_CLASS = 0, CLGRPO_TUNE_VENDOR, CLGRPO_TUNE_ARCH, CLGRPO_TUNE_DEVICE };
const char *clgrpo_tune_source_name(enum clgrpo_tune_source source); /* "built-in" */
const char *clgrpo_tune_link_name(enum clgrpo_tune_link link);       /* "arch" */

struct clgrpo_tune_choice {
    size_t struct_size;
    int value;
    enum clgrpo_tune_source source;
    enum clgrpo_tune_link link; /* of a row */
    unsigned line;              /* of the file that holds the row, from 1; 0 without one */
    bool frozen;                /* a source asked for another value, which would change the order of a sum */
    int wanted;                 /* that value */
};
#define CLGRPO_TUNE_CHOICE_INIT                                                                                        \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_tune_choice)                                                               \
    }

/* What the context uses for parameter params[param] in class shape_class of its operation. */
enum clgrpo_status clgrpo_tune_choice_get(struct clgrpo_context *ctx, size_t param, size_t shape_class,
                                          struct clgrpo_tune_choice *choice) CLGRPO_MUST_CHECK;
/*
 * Sets all parameters of ops[op] in a class, in the order of their declarations, for calls from now on. A value that
 * is not allowed, that the device cannot run, or that is frozen leaves all as they were: CLGRPO_E_VALUE. Workspaces
 * may need other sizes afterwards.
 */
enum clgrpo_status clgrpo_tune_set(struct clgrpo_context *ctx, size_t op, size_t shape_class, const int *values,
                                   size_t n_values) CLGRPO_MUST_CHECK;
/* What a row's device column must say to match this context by `link`; "" where the device does not tell. */
const char *clgrpo_tune_key(const struct clgrpo_context *ctx, enum clgrpo_tune_link link);
/* Rows left out: those that another version of the library wrote, and those that match but ask for what the device
 * cannot run. */
void clgrpo_tune_left_out(const struct clgrpo_context *ctx, unsigned *n_stale, unsigned *n_refused);
/* The user's file when the config names none; false if it has no place, or `bytes` are too few. */
bool clgrpo_tune_path(char *path, size_t bytes) CLGRPO_MUST_CHECK;

#endif
