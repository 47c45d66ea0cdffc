/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_INTERNAL_H
#define CLGRPO_INTERNAL_H

#include <config.h>

#include <stdio.h>

#include "clgrpo.h"

/* ---- Context and errors ------------------------------------------------------------------------------------------ */

struct clg_program;    /* a specialisation of a unit and its kernels, built */
struct clg_tune_table; /* values of the tuned parameters */
struct clg_tier_state; /* what is known of a tier */

/* The last failure since the last clear. */
struct clg_error {
    enum clgrpo_status status;
    cl_int cl;
    char text[512];
    char *log; /* NULL if none */
};

struct clgrpo_context {
    cl_context cl;
    cl_device_id device;
    cl_command_queue queue; /* only of clgrpo_context_open */
    cl_command_queue_properties queue_properties;
    struct clgrpo_device_info info;
    enum clgrpo_family family;
    char *cache_dir; /* NULL: no disk cache */
    struct clg_program *programs;
    bool preparing; /* operations note their programs and enqueue nothing */
    struct clg_tune_table *tune;
    bool allow_reordering;
    struct clg_tier_state *tiers;   /* CLG_N_TIERS of them */
    struct clgrpo_profile *profile; /* the caller's; NULL: nothing is recorded */
    struct clgrpo_cache_stats cache_stats;
    struct clg_error error;
};

/* Keeps the status and the sentence; returns `status`. */
enum clgrpo_status clg_fail(struct clgrpo_context *ctx, enum clgrpo_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum clgrpo_status clg_fail_cl(struct clgrpo_context *ctx, cl_int code, const char *call);
/* For a probe, whose failure is not the operation's: takes the record away, and puts it back in place of its own. */
struct clg_error clg_error_save(struct clgrpo_context *ctx);
void clg_error_restore(struct clgrpo_context *ctx, struct clg_error before);
const char *clg_cl_name(cl_int code);
/* The vectors of the device in floats, P_VECTOR_WIDTH of every kernel: 4, 8 or 16. */
unsigned clg_vector_width(const struct clgrpo_context *ctx);

/* The three control macros: `st` and the label `out` are the caller's. */
#define CLG_TRY(expr)                                                                                                  \
    do {                                                                                                               \
        if ((st = (expr)) != CLGRPO_OK)                                                                                \
            goto out;                                                                                                  \
    } while (0)
#define CLG_REQUIRE(ctx, cond, code, ...)                                                                              \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            st = clg_fail((ctx), (code), __VA_ARGS__);                                                                 \
            goto out;                                                                                                  \
        }                                                                                                              \
    } while (0)
#define CLG_CL(ctx, call)                                                                                              \
    do {                                                                                                               \
        cl_int cl_code_ = (call);                                                                                      \
        if (cl_code_ != CL_SUCCESS) {                                                                                  \
            st = clg_fail_cl((ctx), cl_code_, #call);                                                                  \
            goto out;                                                                                                  \
        }                                                                                                              \
    } while (0)

/*
 * Structs that begin with struct_size, between a caller and this library, which may know more of their fields. `name`
 * begins the sentence.
 *
 * take  copies a caller's struct over one of defaults, `full` of `bytes` bytes: what the caller does not know keeps its
 *       default. E_ARGUMENT: it is null, or its struct_size is below that of a size_t or above `bytes`.
 * give  the other way: fills what the caller knows. E_ARGUMENT as above.
 */
enum clgrpo_status clg_struct_take(struct clgrpo_context *ctx, const char *name, const void *given, void *full,
                                   size_t bytes);
enum clgrpo_status clg_struct_give(struct clgrpo_context *ctx, const char *name, void *out, const void *full,
                                   size_t bytes);

/* ---- Tensors ----------------------------------------------------------------------------------------------------- */

/* Checks that t has this type, this rank, these extents (CLG_ANY: any) and innermost stride 1, and lies inside its
 * buffer, whose memory is aligned to 16 bytes; no product or sum of extents overflows. */
#define CLG_ANY ((size_t)-1)
enum clgrpo_status clg_tensor_check(struct clgrpo_context *ctx, const char *op, const char *name,
                                    const struct clgrpo_tensor *t, enum clgrpo_dtype dtype, unsigned rank,
                                    const size_t *shape);
/* clg_tensor_check, and dense: element i of the flattened view at offset + i. */
enum clgrpo_status clg_tensor_check_dense(struct clgrpo_context *ctx, const char *op, const char *name,
                                          const struct clgrpo_tensor *t, enum clgrpo_dtype dtype, unsigned rank,
                                          const size_t *shape);
/* clg_tensor_check of a tensor that may be left out: it is if it has no buffer. */
enum clgrpo_status clg_tensor_check_optional(struct clgrpo_context *ctx, const char *op, const char *name,
                                             const struct clgrpo_tensor *t, enum clgrpo_dtype dtype, unsigned rank,
                                             const size_t *shape);
/* clg_tensor_check of f32, f16 or bf16. */
enum clgrpo_status clg_tensor_check_storage(struct clgrpo_context *ctx, const char *op, const char *name,
                                            const struct clgrpo_tensor *t, unsigned rank, const size_t *shape);
/* "f32"; words for a value that is no type. */
const char *clg_dtype_name(enum clgrpo_dtype dtype);
/* The kernels' name of a type of storage, "f32", "f16" or "bf16"; NULL for any other type. */
const char *clg_storage_name(enum clgrpo_dtype dtype);
/* The define that makes kernels load and store activations as a type of storage, behind a space; "" for f32, their
 * default. */
const char *clg_act_define(enum clgrpo_dtype dtype);
#define CLG_SHAPE(...) ((const size_t[]){__VA_ARGS__})
/* The buffer that has a buffer's memory, which is another one for a sub-buffer, and where in it the buffer begins, in
 * bytes. */
enum clgrpo_status clg_memory_of(struct clgrpo_context *ctx, cl_mem buf, cl_mem *root, size_t *origin);

/* Indices first .. first + n - 1 of one dimension, or of the first: the rows of a tensor of any rank. */
struct clgrpo_tensor clg_tensor_part(const struct clgrpo_tensor *t, unsigned dim, size_t first, size_t n);
struct clgrpo_tensor clg_tensor_rows(const struct clgrpo_tensor *t, size_t first, size_t n);

/* Checks that the workspace has at least `need` bytes, lies inside its buffer, and is aligned to 64 bytes. A need of 0
 * is met without a workspace. */
enum clgrpo_status clg_workspace_check(struct clgrpo_context *ctx, const char *op, const struct clgrpo_workspace *w,
                                       size_t need);
size_t clg_round_up(size_t n, size_t multiple);
static inline size_t
clg_divide_up(size_t n, size_t by)
{
    return (n + by - 1) / by;
}

/* ---- Programs ---------------------------------------------------------------------------------------------------- */

/*
 * The kernel `entry` of the program `unit`, built with `defines` ("-DC_HEAD_DIM=64 -DP_MR=6"; NULL for none) once for a
 * context, or loaded from the disk cache. It lives as long as the context, and the caller does not release it. NULL,
 * while the context is preparing and the program is not there: it is noted. Every
 * program also gets -DP_VECTOR_WIDTH, and -DHAS_FP64 and -DHAS_FP16 where the device has these types.
 */
enum clgrpo_status clg_kernel_get(struct clgrpo_context *ctx, const char *unit, const char *entry, const char *defines,
                                  cl_kernel *out);
/* The same, with the items of a work-group that the compiled kernel takes, which may be fewer than the device does. */
enum clgrpo_status clg_kernel_get_most(struct clgrpo_context *ctx, const char *unit, const char *entry,
                                       const char *defines, cl_kernel *out, size_t *most);
/* Loads or builds the programs that were noted while the context was preparing. */
enum clgrpo_status clg_programs_build(struct clgrpo_context *ctx);
void clg_programs_destroy(struct clgrpo_context *ctx);
double clg_now(void); /* seconds of a clock that only goes forward */

/* Kernel sources embedded at build time. */
struct clg_source {
    const char *name; /* file name, "common.clh" */
    const unsigned char *bytes;
    size_t n_bytes;
};
extern const struct clg_source clg_sources[];
extern const size_t clg_n_sources;
enum { CLG_MAX_FRAGMENTS = 11 };
struct clg_unit {
    const char *name;                             /* "rmsnorm" */
    const char *fragments[CLG_MAX_FRAGMENTS + 1]; /* file names in order, NULL-terminated */
};
extern const struct clg_unit clg_units[];
extern const size_t clg_n_units;

#endif
