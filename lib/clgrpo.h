/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_H
#define CLGRPO_H

/*
 * clgrpo: OpenCL kernels for training language-model policies with group-relative policy optimisation.
 *
 * Dimension letters, used in every contract below:
 *   N tokens (rows of a packed batch)    E model width        F feed-forward width     V vocabulary
 *   B sequences                          H query heads        K key/value heads        D head dimension
 *   S cache slots                        L cache positions    R rewards                G groups
 *   P parameters                         M, N, K of a GEMM are local to clgrpo_gemm
 *
 * Every operation is `status clgrpo_<op>(ctx, args, queue, n_wait, wait_list, event)`. It enqueues its work on the
 * caller's queue, to start after the events of the wait list, and returns, like clEnqueueNDRangeKernel; outputs are
 * complete when `event` is, or what the caller enqueues next on an in-order queue runs. Many operations enqueue several
 * commands: the event is complete when all are, and its times, of the device's clock, are those of the last;
 * clgrpo_profile has all. On a failed status the outputs are undefined, and what the call had enqueued already is not
 * waited for.
 *
 * An operation allocates no device memory for its work: where it needs scratch memory, `clgrpo_<op>_workspace` reports
 * how much, and the caller lends it.
 *
 * The same device, build and arguments give the same bits: the order of every sum is fixed and every element has one
 * writer. Forward operations are batch invariant: a row's result does not depend on the other rows of the batch.
 *
 * A context serves one thread at a time; two contexts, also on one device, are independent. The library never prints
 * or exits.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The includer's version of OpenCL, else all that the headers declare, without their remark that none was chosen. */
#ifdef CL_TARGET_OPENCL_VERSION
#include <CL/cl.h>
#else
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl.h>
#undef CL_TARGET_OPENCL_VERSION
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CLGRPO_VERSION_MAJOR 0
#define CLGRPO_VERSION_MINOR 1
#define CLGRPO_VERSION_PATCH 0

#if defined(__GNUC__)
#define CLGRPO_MUST_CHECK __attribute__((warn_unused_result))
#else
#define CLGRPO_MUST_CHECK
#endif

/*
 * Structs that begin with struct_size are made by the macro of their name that ends in _INIT, which calls this
 * function: the caller's size, and defaults. A library that knows more fields than the caller gives the others their
 * defaults.
 */
#define CLGRPO_DEFINE_INIT(tag, defaults)                                                                              \
    static inline struct tag tag##_init(void)                                                                          \
    {                                                                                                                  \
        struct tag a;                                                                                                  \
                                                                                                                       \
        memset(&a, 0, sizeof a);                                                                                       \
        a.struct_size = sizeof a;                                                                                      \
        defaults return a;                                                                                             \
    }

/* ---- Status ------------------------------------------------------------------------------------------------------ */

enum clgrpo_status {
    CLGRPO_OK = 0,
    CLGRPO_E_ARGUMENT,    /* a null pointer, an unknown enum value, a struct of a newer library */
    CLGRPO_E_SHAPE,       /* extents or strides that do not fit together */
    CLGRPO_E_BOUNDS,      /* a view that leaves its buffer */
    CLGRPO_E_DTYPE,       /* a type that the operation does not take */
    CLGRPO_E_VALUE,       /* a scalar out of its range */
    CLGRPO_E_WORKSPACE,   /* less workspace than clgrpo_<op>_workspace says */
    CLGRPO_E_UNSUPPORTED, /* a case that no kernel of this device handles */
    CLGRPO_E_MEMORY,      /* the host is out of memory */
    CLGRPO_E_BUILD,       /* a kernel did not compile; the sentence holds the first line of the log */
    CLGRPO_E_DEVICE,      /* no such device, or it lacks what clgrpo needs */
    CLGRPO_E_OPENCL,      /* an OpenCL call failed; clgrpo_error_cl gives its code */
    CLGRPO_E_TUNING       /* CLGRPO_TUNE, or a tuning file that was named, cannot be used */
};

struct clgrpo_context;

const char *clgrpo_version(void);                          /* "0.1.0" */
const char *clgrpo_status_name(enum clgrpo_status status); /* "CLGRPO_E_SHAPE" */
const char *clgrpo_status_text(enum clgrpo_status status); /* one plain sentence */

/* The context keeps the last failure since it was cleared: its status, its OpenCL code, and one sentence with the
 * actual numbers. Without a context these say E_ARGUMENT, CL_SUCCESS and "". The texts are valid until the next failure
 * or clear. */
enum clgrpo_status clgrpo_error_status(const struct clgrpo_context *ctx);
cl_int clgrpo_error_cl(const struct clgrpo_context *ctx);
const char *clgrpo_error_text(const struct clgrpo_context *ctx); /* "" if none */
const char *clgrpo_error_log(const struct clgrpo_context *ctx);  /* of E_BUILD, all that the compiler said; else "" */
void clgrpo_error_clear(struct clgrpo_context *ctx);

/* ---- Context ----------------------------------------------------------------------------------------------------- */

/* `simt`: portable work-item kernels, OpenCL C 1.2. `cpu`: explicit vectors, packed operands, work-groups of one. */
enum clgrpo_family { CLGRPO_FAMILY_AUTO = 0, CLGRPO_FAMILY_SIMT, CLGRPO_FAMILY_CPU };

/*
 * family            AUTO: the environment's CLGRPO_FAMILY (simt or cpu), else cpu on a CPU device with vectors, else
 *                   simt
 * cache_dir         keeps compiled programs. NULL: XDG_CACHE_HOME/clgrpo, else HOME/.cache/clgrpo, else none; "": none
 * tune_file         tuned parameters. NULL: the user's file of clgrpo-tuning(5), if it exists; "": none
 * allow_reordering  tuned parameters and tiers may change the order of sums: operations are then not batch invariant
 * queue_properties  of the queue that clgrpo_context_open makes: 0, or CL_QUEUE_PROFILING_ENABLE for a profile
 */
struct clgrpo_context_config {
    size_t struct_size;
    enum clgrpo_family family;
    const char *cache_dir;
    const char *tune_file;
    bool allow_reordering;
    cl_command_queue_properties queue_properties;
};
CLGRPO_DEFINE_INIT(clgrpo_context_config, /* zeros */)
#define CLGRPO_CONTEXT_CONFIG_INIT clgrpo_context_config_init()

/*
 * Over the caller's cl_context, which is retained until destroy, and one of its devices. `config` may be NULL.
 *
 * error  on failure *out is NULL and the sentence is written here; error_bytes long, may be NULL
 */
enum clgrpo_status clgrpo_context_create(cl_context cl, cl_device_id device, const struct clgrpo_context_config *config,
                                         struct clgrpo_context **out, char *error,
                                         size_t error_bytes) CLGRPO_MUST_CHECK;

/*
 * For programs without OpenCL code of their own: finds the device, and makes the cl_context and one in-order queue.
 *
 * selector  NULL or ""    what the environment's CLGRPO_DEVICE selects, else the first GPU, else the first device
 *           "cpu", "gpu"  the first device of that type
 *           "P:D"         device D of platform P, both counted from 0
 *           other text    the first device whose "platform / device" name holds it, ignoring case
 * error     as above
 */
enum clgrpo_status clgrpo_context_open(const char *selector, const struct clgrpo_context_config *config,
                                       struct clgrpo_context **out, char *error, size_t error_bytes) CLGRPO_MUST_CHECK;
void clgrpo_context_destroy(struct clgrpo_context *ctx); /* accepts NULL */

cl_context clgrpo_context_cl(const struct clgrpo_context *ctx);
cl_device_id clgrpo_context_device(const struct clgrpo_context *ctx);
cl_command_queue clgrpo_context_queue(const struct clgrpo_context *ctx); /* of clgrpo_context_open; else NULL */

struct clgrpo_device_info {
    size_t struct_size;
    char platform[128], name[128], vendor[128], driver[128];
    char key[256]; /* "vendor/name/driver" */
    cl_device_type type;
    cl_uint compute_units;
    cl_uint vector_width; /* native float lanes, 1, 4, 8 or 16; or what CLGRPO_VECTOR_WIDTH says */
    size_t max_work_group;
    cl_ulong global_bytes, local_bytes, max_alloc_bytes;
    enum clgrpo_family family; /* that the context uses */
    bool has_fp64, has_fp16;
};
CLGRPO_DEFINE_INIT(clgrpo_device_info, /* zeros */)
#define CLGRPO_DEVICE_INFO_INIT clgrpo_device_info_init()
enum clgrpo_status clgrpo_device_info_get(struct clgrpo_context *ctx,
                                          struct clgrpo_device_info *info) CLGRPO_MUST_CHECK;

/* Programs built and loaded from the disk cache by this context so far, and the seconds spent on each. */
struct clgrpo_cache_stats {
    size_t struct_size;
    unsigned n_built, n_loaded;
    double build_seconds, load_seconds;
};
CLGRPO_DEFINE_INIT(clgrpo_cache_stats, /* zeros */)
#define CLGRPO_CACHE_STATS_INIT clgrpo_cache_stats_init()
enum clgrpo_status clgrpo_cache_stats_get(struct clgrpo_context *ctx,
                                          struct clgrpo_cache_stats *stats) CLGRPO_MUST_CHECK;

/*
 * Compiles ahead of time. Between the two calls operations check their arguments as ever and note which programs they
 * need, but enqueue nothing and touch no buffer; clgrpo_tensor_read gives zeros. The end loads or compiles what was
 * noted. What of it another process compiles at the time, and shares the cache folder, comes last and is loaded.
 *
 * begin  E_ARGUMENT: it was called before, without its end
 * end    E_ARGUMENT: there was no begin. E_BUILD and others: of the last program that failed; the others are there
 */
enum clgrpo_status clgrpo_prepare_begin(struct clgrpo_context *ctx) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_prepare_end(struct clgrpo_context *ctx) CLGRPO_MUST_CHECK;

/* ---- Tensors ----------------------------------------------------------------------------------------------------- */

enum clgrpo_dtype { CLGRPO_F32 = 0, CLGRPO_F16, CLGRPO_BF16, CLGRPO_I32, CLGRPO_U32, CLGRPO_U64 };
enum { CLGRPO_MAX_RANK = 4 };

/*
 * A view of a buffer. Element (i0, i1, ...) lies at `offset + i0 * stride[0] + i1 * stride[1] + ...`; offset and
 * strides count elements. Unless a contract says "dense", the innermost stride is 1 and the others are free, so that a
 * view of columns works. A view does not retain its buffer.
 */
struct clgrpo_tensor {
    cl_mem buf;
    size_t offset;
    enum clgrpo_dtype dtype;
    unsigned rank;
    size_t shape[CLGRPO_MAX_RANK];
    size_t stride[CLGRPO_MAX_RANK];
    size_t reserved[2]; /* 0 */
};

size_t clgrpo_dtype_bytes(enum clgrpo_dtype dtype);
size_t clgrpo_tensor_elems(const struct clgrpo_tensor *t);
/* Dense row-major view of a buffer; rank 1..4. */
struct clgrpo_tensor clgrpo_tensor_view(cl_mem buf, size_t offset, enum clgrpo_dtype dtype, unsigned rank,
                                        const size_t *shape);

/* For programs that leave buffers to the library: create makes a buffer and a dense view of it; destroy releases the
 * buffer and zeroes the view, and accepts a zeroed one. */
enum clgrpo_status clgrpo_tensor_create(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank,
                                        const size_t *shape, struct clgrpo_tensor *out) CLGRPO_MUST_CHECK;
void clgrpo_tensor_destroy(struct clgrpo_tensor *t);
/* Copies between a dense view and the host, which wait until they are done; `bytes` is the size of the view. */
enum clgrpo_status clgrpo_tensor_write(struct clgrpo_context *ctx, cl_command_queue queue,
                                       const struct clgrpo_tensor *t, const void *host, size_t bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_tensor_read(struct clgrpo_context *ctx, cl_command_queue queue, const struct clgrpo_tensor *t,
                                      void *host, size_t bytes) CLGRPO_MUST_CHECK;
/* Enqueued like operations: sets every byte of a dense view to 0; copies a dense view to another of the same type and
 * number of elements, which does not overlap it. */
enum clgrpo_status clgrpo_tensor_zero(struct clgrpo_context *ctx, const struct clgrpo_tensor *t, cl_command_queue queue,
                                      cl_uint n_wait, const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_tensor_copy(struct clgrpo_context *ctx, const struct clgrpo_tensor *from,
                                      const struct clgrpo_tensor *to, cl_command_queue queue, cl_uint n_wait,
                                      const cl_event *wait_list, cl_event *event) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_queue_finish(struct clgrpo_context *ctx, cl_command_queue queue) CLGRPO_MUST_CHECK;

/* Scratch memory that the caller lends to one call; its contents mean nothing before and after. offset_bytes is a
 * multiple of 64. A zeroed struct is no workspace. One workspace may serve call after call on an in-order queue. */
struct clgrpo_workspace {
    cl_mem buf;
    size_t offset_bytes, bytes;
    size_t reserved; /* 0 */
};

/* ---- Random numbers ---------------------------------------------------------------------------------------------- */

/* Philox4x32-10 (Salmon et al., SC 2011), the generator of clgrpo_sample: `out` is a function of counter and key. */
void clgrpo_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* ---- Operations -------------------------------------------------------------------------------------------------- */

/*
 * In the contracts of the operations
 *   - a tensor whose buf "may be NULL" is left out by a zeroed view;
 *   - "written" outputs need no initial contents, "accumulated" ones are added to;
 *   - an output shares no memory with an input or another output unless the contract says that it "may be" that one:
 *     then the two are one and the same view. Two views of one buffer share none if they are apart, or if their strides
 *     agree and the rows or heads of one lie between those of the other, as columns of one matrix do;
 *   - no two elements of an output share memory: each dimension steps over what those of smaller strides reach;
 *   - the memory of every buffer is aligned to 16 bytes. The device's own is; that of CL_MEM_USE_HOST_PTR is where the
 *     caller has it;
 *   - an output that depends on a NaN is NaN.
 *
 * Statuses that any operation returns, and its contract does not repeat:
 *   E_ARGUMENT   the context, args, the queue or bytes are null, struct_size is larger than this library's, something
 *                reserved is not 0, or a tensor has no buffer or one that is not aligned
 *   E_SHAPE      a rank, extent or stride is not the contract's, or an output shares memory with itself, an input or
 *                another output
 *   E_BOUNDS     a view or the workspace leaves its buffer
 *   E_DTYPE      an element type is not the contract's
 *   E_WORKSPACE  the workspace is smaller than clgrpo_<op>_workspace reports, its offset is no multiple of 64 bytes, or
 *                its buffer is not aligned
 *   E_UNSUPPORTED, E_MEMORY, E_BUILD, E_OPENCL
 * Values of index tensors lie on the device and are not checked by the host; a contract says what a kernel does with
 * one that is out of range.
 */

#include "clgrpo_linear.h"
#include "clgrpo_attention.h"
#include "clgrpo_layer.h"
#include "clgrpo_policy.h"
#include "clgrpo_optim.h"
#include "clgrpo_profile.h"

#ifdef __cplusplus
}
#endif

#endif
