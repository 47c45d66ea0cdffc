/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <string.h>

size_t
clgrpo_dtype_bytes(enum clgrpo_dtype dtype)
{
    switch (dtype) {
    case CLGRPO_F16:
    case CLGRPO_BF16:
        return 2;
    case CLGRPO_F32:
    case CLGRPO_I32:
    case CLGRPO_U32:
        return 4;
    case CLGRPO_U64:
        return 8;
    }
    return 0;
}

size_t
clgrpo_tensor_elems(const struct clgrpo_tensor *t)
{
    size_t n = 1;

    for (unsigned i = 0; i < t->rank; i++)
        n *= t->shape[i];
    return n;
}

struct clgrpo_tensor
clgrpo_tensor_view(cl_mem buf, size_t offset, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    struct clgrpo_tensor t = {.buf = buf, .offset = offset, .dtype = dtype, .rank = rank};
    size_t stride = 1;

    for (unsigned i = rank; i-- > 0;) {
        t.shape[i] = shape[i];
        t.stride[i] = stride;
        stride *= shape[i];
    }
    return t;
}

struct clgrpo_tensor
clg_tensor_part(const struct clgrpo_tensor *t, unsigned dim, size_t first, size_t n)
{
    struct clgrpo_tensor r = *t;

    r.offset += first * t->stride[dim];
    r.shape[dim] = n;
    return r;
}

struct clgrpo_tensor
clg_tensor_rows(const struct clgrpo_tensor *t, size_t first, size_t n)
{
    return clg_tensor_part(t, 0, first, n);
}

size_t
clg_round_up(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

/* One past the last element that the view reaches; false on overflow. */
static bool
view_end(const struct clgrpo_tensor *t, size_t *end)
{
    size_t last = t->offset;

    for (unsigned i = 0; i < t->rank; i++) {
        size_t step;

        if (t->shape[i] == 0) {
            *end = t->offset;
            return true;
        }
        if (__builtin_mul_overflow(t->shape[i] - 1, t->stride[i], &step) || __builtin_add_overflow(last, step, &last))
            return false;
    }
    return !__builtin_add_overflow(last, (size_t)1, end);
}

enum clgrpo_status
clg_memory_of(struct clgrpo_context *ctx, cl_mem buf, cl_mem *root, size_t *origin)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_mem parent = NULL;

    *root = buf;
    *origin = 0;
    CLG_CL(ctx, clGetMemObjectInfo(buf, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof parent, &parent, NULL));
    if (parent == NULL)
        return CLGRPO_OK;
    *root = parent;
    CLG_CL(ctx, clGetMemObjectInfo(buf, CL_MEM_OFFSET, sizeof *origin, origin, NULL));
out:
    return st;
}

/* The device aligns what it allocates; memory of the caller's is where the caller has it. */
static enum clgrpo_status
check_alignment(struct clgrpo_context *ctx, const char *op, const char *name, cl_mem buf, enum clgrpo_status status)
{
    enum { ALIGNMENT = 16 }; /* of the kernels' loads of four floats */
    enum clgrpo_status st = CLGRPO_OK;
    cl_mem_flags flags = 0;
    cl_mem root;
    size_t origin, at;
    void *host = NULL;

    CLG_TRY(clg_memory_of(ctx, buf, &root, &origin));
    CLG_CL(ctx, clGetMemObjectInfo(root, CL_MEM_FLAGS, sizeof flags, &flags, NULL));
    if (flags & CL_MEM_USE_HOST_PTR)
        CLG_CL(ctx, clGetMemObjectInfo(root, CL_MEM_HOST_PTR, sizeof host, &host, NULL));
    at = (size_t)host + origin;
    CLG_REQUIRE(ctx, at % ALIGNMENT == 0, status, "%s: the buffer of %s begins %zu bytes after a multiple of %d", op,
                name, at % ALIGNMENT, ALIGNMENT);
out:
    return st;
}

static enum clgrpo_status
check_bounds(struct clgrpo_context *ctx, const char *op, const char *name, const struct clgrpo_tensor *t)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t end = 0, end_bytes, have = 0;

    CLG_REQUIRE(ctx, view_end(t, &end) && !__builtin_mul_overflow(end, clgrpo_dtype_bytes(t->dtype), &end_bytes),
                CLGRPO_E_BOUNDS, "%s: %s: offset, shape and strides overflow", op, name);
    if (end == t->offset) /* no element; the product of the extents could wrap to 0 */
        return CLGRPO_OK;
    CLG_REQUIRE(ctx, t->buf != NULL, CLGRPO_E_ARGUMENT, "%s: %s has no buffer", op, name);
    CLG_CL(ctx, clGetMemObjectInfo(t->buf, CL_MEM_SIZE, sizeof have, &have, NULL));
    CLG_REQUIRE(ctx, end_bytes <= have, CLGRPO_E_BOUNDS, "%s: %s ends at byte %zu of a buffer of %zu", op, name,
                end_bytes, have);
    CLG_TRY(check_alignment(ctx, op, name, t->buf, CLGRPO_E_ARGUMENT));
out:
    return st;
}

enum clgrpo_status
clg_tensor_check(struct clgrpo_context *ctx, const char *op, const char *name, const struct clgrpo_tensor *t,
                 enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, t->dtype == dtype, CLGRPO_E_DTYPE, "%s: %s is %s, need %s", op, name, clg_dtype_name(t->dtype),
                clg_dtype_name(dtype));
    CLG_REQUIRE(ctx, t->reserved[0] == 0 && t->reserved[1] == 0, CLGRPO_E_ARGUMENT,
                "%s: %s has reserved fields that are not 0; begin with a zeroed view", op, name);
    CLG_REQUIRE(ctx, t->rank == rank, CLGRPO_E_SHAPE, "%s: %s has rank %u, need %u", op, name, t->rank, rank);
    CLG_REQUIRE(ctx, rank >= 1 && rank <= CLGRPO_MAX_RANK, CLGRPO_E_SHAPE, "%s: %s has rank %u, need 1 to %d", op, name,
                rank, CLGRPO_MAX_RANK); /* where the operation takes any rank, it is the caller's */
    for (unsigned i = 0; i < rank; i++)
        CLG_REQUIRE(ctx, shape[i] == CLG_ANY || t->shape[i] == shape[i], CLGRPO_E_SHAPE,
                    "%s: %s has extent %zu in dimension %u, need %zu", op, name, t->shape[i], i, shape[i]);
    CLG_REQUIRE(ctx, t->shape[rank - 1] <= 1 || t->stride[rank - 1] == 1, CLGRPO_E_SHAPE,
                "%s: %s has innermost stride %zu, need 1", op, name, t->stride[rank - 1]);
    CLG_TRY(check_bounds(ctx, op, name, t));
out:
    return st;
}

enum clgrpo_status
clg_tensor_check_optional(struct clgrpo_context *ctx, const char *op, const char *name, const struct clgrpo_tensor *t,
                          enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    return t->buf == NULL ? CLGRPO_OK : clg_tensor_check(ctx, op, name, t, dtype, rank, shape);
}

enum clgrpo_status
clg_tensor_check_dense(struct clgrpo_context *ctx, const char *op, const char *name, const struct clgrpo_tensor *t,
                       enum clgrpo_dtype dtype, unsigned rank, const size_t *shape)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t stride = 1;

    CLG_TRY(clg_tensor_check(ctx, op, name, t, dtype, rank, shape));
    for (unsigned i = rank; i-- > 0;) {
        CLG_REQUIRE(ctx, t->shape[i] <= 1 || t->stride[i] == stride, CLGRPO_E_SHAPE,
                    "%s: %s is not dense: stride %zu in dimension %u, need %zu", op, name, t->stride[i], i, stride);
        stride *= t->shape[i];
    }
out:
    return st;
}

const char *
clg_dtype_name(enum clgrpo_dtype dtype)
{
    static const char *const names[] = {
        [CLGRPO_F32] = "f32", [CLGRPO_F16] = "f16", [CLGRPO_BF16] = "bf16",
        [CLGRPO_I32] = "i32", [CLGRPO_U32] = "u32", [CLGRPO_U64] = "u64",
    };

    return (unsigned)dtype < sizeof names / sizeof names[0] ? names[dtype] : "of no known dtype";
}

const char *
clg_storage_name(enum clgrpo_dtype dtype)
{
    return dtype == CLGRPO_F32 || dtype == CLGRPO_F16 || dtype == CLGRPO_BF16 ? clg_dtype_name(dtype) : NULL;
}

const char *
clg_act_define(enum clgrpo_dtype dtype)
{
    return dtype == CLGRPO_F16 ? " -DC_ACT=f16" : dtype == CLGRPO_BF16 ? " -DC_ACT=bf16" : "";
}

enum clgrpo_status
clg_tensor_check_storage(struct clgrpo_context *ctx, const char *op, const char *name, const struct clgrpo_tensor *t,
                         unsigned rank, const size_t *shape)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, clg_storage_name(t->dtype) != NULL, CLGRPO_E_DTYPE, "%s: %s is %s, need f32, f16 or bf16", op,
                name, clg_dtype_name(t->dtype));
    CLG_TRY(clg_tensor_check(ctx, op, name, t, t->dtype, rank, shape));
out:
    return st;
}

enum clgrpo_status
clg_workspace_check(struct clgrpo_context *ctx, const char *op, const struct clgrpo_workspace *w, size_t need)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t have = 0, end;

    if (need == 0)
        return CLGRPO_OK;
    CLG_REQUIRE(ctx, w->buf != NULL && w->bytes >= need, CLGRPO_E_WORKSPACE, "%s: workspace of %zu bytes, need %zu", op,
                w->buf != NULL ? w->bytes : 0, need);
    CLG_REQUIRE(ctx, w->reserved == 0, CLGRPO_E_ARGUMENT,
                "%s: the workspace has a reserved field that is not 0; begin with a zeroed one", op);
    CLG_REQUIRE(ctx, w->offset_bytes % 64 == 0, CLGRPO_E_WORKSPACE, "%s: workspace offset %zu is not a multiple of 64",
                op, w->offset_bytes);
    CLG_CL(ctx, clGetMemObjectInfo(w->buf, CL_MEM_SIZE, sizeof have, &have, NULL));
    CLG_REQUIRE(ctx, !__builtin_add_overflow(w->offset_bytes, w->bytes, &end) && end <= have, CLGRPO_E_BOUNDS,
                "%s: workspace leaves its buffer of %zu bytes", op, have);
    CLG_TRY(check_alignment(ctx, op, "the workspace", w->buf, CLGRPO_E_WORKSPACE));
out:
    return st;
}

enum clgrpo_status
clgrpo_tensor_create(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape,
                     struct clgrpo_tensor *out)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t bytes = clgrpo_dtype_bytes(dtype);
    cl_int code;
    cl_mem buf;

    if (ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(ctx, out != NULL && shape != NULL && bytes > 0 && rank >= 1 && rank <= CLGRPO_MAX_RANK,
                CLGRPO_E_ARGUMENT, "tensor_create: null argument, unknown dtype, or rank %u not in 1..4", rank);
    for (unsigned i = 0; i < rank; i++)
        CLG_REQUIRE(ctx, !__builtin_mul_overflow(bytes, shape[i], &bytes), CLGRPO_E_BOUNDS,
                    "tensor_create: the size overflows");
    CLG_REQUIRE(ctx, bytes <= ctx->info.max_alloc_bytes, CLGRPO_E_BOUNDS,
                "tensor_create: %zu bytes, the device allocates at most %llu at once", bytes,
                (unsigned long long)ctx->info.max_alloc_bytes);
    buf = clCreateBuffer(ctx->cl, CL_MEM_READ_WRITE, bytes > 0 ? bytes : 1, NULL, &code);
    if (code != CL_SUCCESS) {
        st = clg_fail_cl(ctx, code, "clCreateBuffer of a tensor");
        goto out;
    }
    *out = clgrpo_tensor_view(buf, 0, dtype, rank, shape);
out:
    return st;
}

void
clgrpo_tensor_destroy(struct clgrpo_tensor *t)
{
    if (t != NULL && t->buf != NULL)
        clReleaseMemObject(t->buf);
    if (t != NULL)
        memset(t, 0, sizeof *t);
}
