/* SPDX-License-Identifier: Apache-2.0 */
#include "cast.h"

#include "rows.h"

/* A dense vector is cast as rows of so many elements, which work-groups share, and a last row of what is left. */
enum { ROW = 4096 };

static enum clgrpo_status
cast_rows(struct clg_seq *seq, cl_kernel k, struct clgrpo_tensor x, struct clgrpo_tensor y, size_t n, size_t e,
          size_t x_stride, size_t y_stride)
{
    struct clg_grid grid = clg_rows_grid(seq->ctx, n);

    CLG_WORK(seq, 0.0, (double)n * (double)e * (double)(clgrpo_dtype_bytes(x.dtype) + clgrpo_dtype_bytes(y.dtype)));
    return CLG_LAUNCH(seq, k, &grid, CLG_TENSOR(&x), CLG_SIZE(x_stride), CLG_TENSOR(&y), CLG_SIZE(y_stride),
                      CLG_SIZE(n), CLG_SIZE(e));
}

enum clgrpo_status
clg_cast_run(struct clg_seq *seq, const struct clgrpo_tensor *from, const struct clgrpo_tensor *to)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_tensor x = *from, y = *to;
    const size_t n = clgrpo_tensor_elems(&x);
    char defines[48];
    cl_kernel k;

    if (n == 0)
        return CLGRPO_OK;
    snprintf(defines, sizeof defines, "-DC_FROM=%s -DC_TO=%s", clg_storage_name(x.dtype), clg_storage_name(y.dtype));
    CLG_TRY(clg_rows_kernel(seq->ctx, "cast", "k_cast", CLGRPO_F32, defines, &k));
    if (x.rank == 2) {
        CLG_TRY(cast_rows(seq, k, x, y, x.shape[0], x.shape[1], x.stride[0], y.stride[0]));
        goto out;
    }
    if (n >= ROW)
        CLG_TRY(cast_rows(seq, k, x, y, n / ROW, ROW, ROW, ROW));
    x.offset += n / ROW * ROW;
    y.offset += n / ROW * ROW;
    if (n % ROW != 0)
        CLG_TRY(cast_rows(seq, k, x, y, 1, n % ROW, ROW, ROW));
out:
    return st;
}
