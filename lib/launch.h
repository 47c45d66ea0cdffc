/* SPDX-License-Identifier: Apache-2.0 */
/* Launches of kernels, and the events between them. */
#ifndef CLGRPO_LAUNCH_H
#define CLGRPO_LAUNCH_H

#include "internal.h"
#include "views.h"

/* ---- Sequences ---- */

/*
 * The commands of one operation: the first waits for the caller's list, each next for the one before (by events, unless
 * the queue is in order), and the last is the caller's event.
 */
struct clg_seq {
    const char *operation; /* whose it is, "gemm"; the only member that is set before clg_seq_begin */
    struct clgrpo_context *ctx;
    cl_command_queue queue;
    cl_uint n_wait;
    const cl_event *wait_list;
    cl_event *event; /* the caller's, may be NULL */
    cl_event last;   /* of an out-of-order queue, or when the caller wants an event */
    bool in_order;
    bool started;
    cl_ulong call;      /* for the context's profile, as are these of the next launch: */
    double flop, bytes; /* CLG_WORK */
};
enum clgrpo_status clg_seq_begin(struct clg_seq *seq, struct clgrpo_context *ctx, cl_command_queue queue,
                                 cl_uint n_wait, const cl_event *wait_list, cl_event *event);
/* Copies and fills that belong to the same sequence. */
enum clgrpo_status clg_seq_copy(struct clg_seq *seq, cl_mem from, cl_mem to, size_t from_bytes, size_t to_bytes,
                                size_t n);
enum clgrpo_status clg_seq_zero(struct clg_seq *seq, cl_mem buf, size_t offset_bytes, size_t n_bytes);
/* For a command that was enqueued elsewhere, after what clg_seq_wait_for says: `done` is its event, which the sequence
 * takes, and `kernel` its name in the profile. */
void clg_seq_advance(struct clg_seq *seq, const char *kernel, cl_event done);
cl_uint clg_seq_wait_for(const struct clg_seq *seq, const cl_event **list);
/*
 * Hands the last event to the caller (a marker if nothing was launched); releases what the sequence holds. Returns st,
 * or its own failure if st is OK. Call it once at `out`, also after a failure.
 */
enum clgrpo_status clg_seq_end(struct clg_seq *seq, enum clgrpo_status st);

/* ---- Arguments of a kernel ---- */

/* One argument. Made by the macros below alone: each takes the types that it names, and any other does not compile. */
struct clg_arg {
    size_t bytes;
    bool is_local;   /* bytes of local memory, no value */
    size_t too_much; /* a size that the kernel's 32 bits do not hold; 0: none */
    union {
        cl_mem mem;
        cl_int i;
        cl_uint u;
        cl_ulong z;
        cl_float f;
    } value;
};

/*
 * macro                  takes                     the kernel's parameters
 * CLG_MEM(x)             cl_mem                    __global T *
 * CLG_INT(x)             int, bool, size_t         int
 * CLG_UINT(x)            unsigned, bool, size_t    uint
 * CLG_SIZE(x)            size_t                    ulong
 * CLG_FLOAT(x)           float, double             float, rounded
 * CLG_LOCAL(x)           size_t, bytes             __local T *
 * CLG_TENSOR(t)          struct clgrpo_tensor *    __global T *, ulong offset
 * CLG_TENSOR_ROWS(t)     the same, rank 2 or 1     and ulong stride[0]
 * CLG_TENSOR_HEADS(t)    the same, rank 3          and ulong stride[0], ulong stride[1]
 *
 * A size_t that an int or a uint does not hold makes the launch fail, with its value in the sentence.
 */
#define CLG_MEM(x)          clg_arg_mem(_Generic((x), cl_mem : (x)))
#define CLG_INT(x)          _Generic((x), bool : clg_arg_int, cl_int : clg_arg_int, size_t : clg_arg_int_of_size)(x)
#define CLG_UINT(x)         _Generic((x), bool : clg_arg_uint, cl_uint : clg_arg_uint, size_t : clg_arg_uint_of_size)(x)
#define CLG_SIZE(x)         clg_arg_size(_Generic((x), size_t : (x)))
#define CLG_FLOAT(x)        clg_arg_float(_Generic((x), float : (x), double : (x)))
#define CLG_LOCAL(x)        clg_arg_local(_Generic((x), size_t : (x)))
#define CLG_TENSOR(t)       CLG_MEM((t)->buf), CLG_SIZE((t)->offset)
#define CLG_TENSOR_ROWS(t)  CLG_TENSOR(t), CLG_SIZE((t)->stride[0])
#define CLG_TENSOR_HEADS(t) CLG_TENSOR_ROWS(t), CLG_SIZE((t)->stride[1])

static inline struct clg_arg
clg_arg_mem(cl_mem x)
{
    return (struct clg_arg){.bytes = sizeof x, .value = {.mem = x}};
}
static inline struct clg_arg
clg_arg_int(cl_int x)
{
    return (struct clg_arg){.bytes = sizeof x, .value = {.i = x}};
}
static inline struct clg_arg
clg_arg_uint(cl_uint x)
{
    return (struct clg_arg){.bytes = sizeof x, .value = {.u = x}};
}
static inline struct clg_arg
clg_arg_int_of_size(size_t x)
{
    return (struct clg_arg){.bytes = sizeof(cl_int), .too_much = x > 0x7fffffff ? x : 0, .value = {.i = (cl_int)x}};
}
static inline struct clg_arg
clg_arg_uint_of_size(size_t x)
{
    return (struct clg_arg){.bytes = sizeof(cl_uint), .too_much = x > 0xffffffff ? x : 0, .value = {.u = (cl_uint)x}};
}
static inline struct clg_arg
clg_arg_size(size_t x)
{
    return (struct clg_arg){.bytes = sizeof(cl_ulong), .value = {.z = x}};
}
static inline struct clg_arg
clg_arg_float(double x)
{
    return (struct clg_arg){.bytes = sizeof(cl_float), .value = {.f = (cl_float)x}};
}
static inline struct clg_arg
clg_arg_local(size_t bytes)
{
    return (struct clg_arg){.bytes = bytes, .is_local = true};
}

/* ---- Launches ---- */

struct clg_grid {
    cl_uint dims;
    size_t n_groups[3];
    size_t local[3]; /* work-items of a group */
};
static inline struct clg_grid
clg_grid1(size_t n_groups, size_t local)
{
    return (struct clg_grid){1, {n_groups, 1, 1}, {local, 1, 1}};
}

/*
 * Enqueues `kernel` with these arguments, in the order of its parameters. A grid of no groups sets nothing and enqueues
 * nothing. E_UNSUPPORTED: a group of more items than the device takes. E_ARGUMENT: more or fewer arguments than the
 * kernel has parameters, or a size that its parameter does not hold.
 */
enum clgrpo_status clg_launch(struct clg_seq *seq, cl_kernel kernel, const struct clg_grid *grid,
                              const struct clg_arg *args, cl_uint n_args);
#define CLG_COUNT(array) ((cl_uint)(sizeof(array) / sizeof(array)[0]))
/* clg_launch of the kernel `entry` of `unit`, built with `defines` as clg_kernel_get does. */
enum clgrpo_status clg_run(struct clg_seq *seq, const char *unit, const char *entry, const char *defines,
                           const struct clg_grid *grid, const struct clg_arg *args, cl_uint n_args);

/* A list of arguments in place, and their count. */
#define CLG_ARGS(...) (const struct clg_arg[]){__VA_ARGS__}, CLG_COUNT(((const struct clg_arg[]){__VA_ARGS__}))
/* clg_launch and clg_run with a list in place. */
#define CLG_LAUNCH(seq, kernel, grid, ...) clg_launch((seq), (kernel), (grid), CLG_ARGS(__VA_ARGS__))
#define CLG_RUN(seq, unit, entry, defines, grid, ...)                                                                  \
    clg_run((seq), (unit), (entry), (defines), (grid), CLG_ARGS(__VA_ARGS__))

/* ---- Work ---- */

/*
 * CLG_WORK says what the next launch computes and moves, for the context's profile: flop of its products, 0 where it
 * has none, and bytes that it reads or writes, once each. CLG_BYTES sums those of tensors, some of which may be absent.
 * Without a profile neither is evaluated. A launch of no groups is none: it leaves what was said.
 */
#define CLG_WORK(seq, flop_, bytes_)                                                                                   \
    do {                                                                                                               \
        if ((seq)->ctx->profile != NULL) {                                                                             \
            (seq)->flop = (flop_);                                                                                     \
            (seq)->bytes = (bytes_);                                                                                   \
        }                                                                                                              \
    } while (0)
#define CLG_BYTES(...)                                                                                                 \
    clg_bytes_sum((const struct clgrpo_tensor *const[]){__VA_ARGS__},                                                  \
                  CLG_COUNT(((const struct clgrpo_tensor *const[]){__VA_ARGS__})))
double clg_bytes_sum(const struct clgrpo_tensor *const *tensors, cl_uint n);

/* ---- Operations ---- */

/*
 * CLG_OPERATION defines an operation's function, `name` of the public header: what `run` enqueues, once `check` has
 * found nothing in its arguments. CLG_OPERATION_WITH_SPACE also defines name_workspace, of the bytes that `need` says,
 * and checks that the workspace has them. `op` begins the sentences of failures.
 *
 *   enum clgrpo_status check(struct clgrpo_context *ctx, const struct name_args *args)
 *   enum clgrpo_status views(struct clgrpo_context *ctx, const struct name_args *args), of CLG_VIEWS
 *   size_t need(const struct clgrpo_context *ctx, const struct name_args *args)
 *   enum clgrpo_status run(struct clg_seq *seq, const struct name_args *args)
 */
#define CLG_OPERATION(name, op, check, views, run) CLG_DEFINE(name, op, check, views, CLGRPO_OK, run)
#define CLG_OPERATION_WITH_SPACE(name, op, check, views, need, run)                                                    \
    enum clgrpo_status name##_workspace(struct clgrpo_context *ctx, const struct name##_args *given, size_t *bytes)    \
    {                                                                                                                  \
        enum clgrpo_status st = CLGRPO_OK;                                                                             \
        struct name##_args full = name##_args_init(), *const args = &full;                                             \
                                                                                                                       \
        if (ctx == NULL)                                                                                               \
            return CLGRPO_E_ARGUMENT;                                                                                  \
        CLG_TRY(clg_struct_take(ctx, op ": args", given, args, sizeof full));                                          \
        CLG_REQUIRE(ctx, bytes != NULL, CLGRPO_E_ARGUMENT, op ": bytes is null");                                      \
        CLG_TRY(check(ctx, args));                                                                                     \
        *bytes = need(ctx, args);                                                                                      \
    out:                                                                                                               \
        return st;                                                                                                     \
    }                                                                                                                  \
    CLG_DEFINE(name, op, check, views, clg_workspace_check(ctx, op, &args->workspace, need(ctx, args)), run)
#define CLG_DEFINE(name, op, check, views, check_space, run)                                                           \
    enum clgrpo_status name(struct clgrpo_context *ctx, const struct name##_args *given, cl_command_queue queue,       \
                            cl_uint n_wait, const cl_event *wait_list, cl_event *event)                                \
    {                                                                                                                  \
        enum clgrpo_status st = CLGRPO_OK;                                                                             \
        struct name##_args full = name##_args_init(), *const args = &full;                                             \
        struct clg_seq seq = {.operation = op};                                                                        \
                                                                                                                       \
        if (ctx == NULL)                                                                                               \
            return CLGRPO_E_ARGUMENT;                                                                                  \
        CLG_TRY(clg_struct_take(ctx, op ": args", given, args, sizeof full));                                          \
        CLG_TRY(check(ctx, args));                                                                                     \
        CLG_TRY(check_space);                                                                                          \
        CLG_TRY(views(ctx, args));                                                                                     \
        CLG_TRY(clg_seq_begin(&seq, ctx, queue, n_wait, wait_list, event));                                            \
        CLG_TRY(run(&seq, args));                                                                                      \
    out:                                                                                                               \
        return clg_seq_end(&seq, st);                                                                                  \
    }

#endif
