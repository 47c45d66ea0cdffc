/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

/* Work-groups of the backward, each with a part of the vocabulary. Their number does not change the order of a sum. */
enum { BACKWARD_GROUPS = 32 };

/* A row of `table`, which has passed its check, for each index, in `rows`. */
static enum clgrpo_status
check_rows(struct clgrpo_context *ctx, const char *op, const struct clgrpo_tensor *table,
           const struct clgrpo_tensor *index, const char *rows_name, const struct clgrpo_tensor *rows)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(clg_tensor_check_dense(ctx, op, "index", index, CLGRPO_I32, 1, CLG_SHAPE(CLG_ANY)));
    CLG_TRY(clg_tensor_check_storage(ctx, op, rows_name, rows, 2, CLG_SHAPE(index->shape[0], table->shape[1])));
out:
    return st;
}

static enum clgrpo_status
check(struct clgrpo_context *ctx, const struct clgrpo_embedding_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(clg_tensor_check_storage(ctx, "embedding", "table", &a->table, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_TRY(check_rows(ctx, "embedding", &a->table, &a->index, "y", &a->y));
out:
    return st;
}

CLG_VIEWS(views, clgrpo_embedding, "embedding", CLG_OUT(a, y), CLG_IN(a, table), CLG_IN(a, index))

/* Of the rows of the table that the indices can name. */
static double
table_bytes(const struct clgrpo_tensor *table, size_t n)
{
    const struct clgrpo_tensor rows = clg_tensor_rows(table, 0, n < table->shape[0] ? n : table->shape[0]);

    return CLG_BYTES(&rows);
}

static enum clgrpo_status
run(struct clg_seq *seq, const struct clgrpo_embedding_args *a)
{
    const size_t n = a->y.shape[0], e = a->y.shape[1];
    char table[24] = "";

    if (n == 0 || e == 0)
        return CLGRPO_OK;
    CLG_WORK(seq, 0.0, CLG_BYTES(&a->y) + table_bytes(&a->table, n));
    if (a->table.dtype != CLGRPO_F32)
        snprintf(table, sizeof table, "-DC_TABLE=%s", clg_storage_name(a->table.dtype));
    return CLG_ROWS_RUN(seq, "embedding", "k_embedding", a->y.dtype, table, clg_rows_grid(seq->ctx, n),
                        CLG_TENSOR_ROWS(&a->table), CLG_TENSOR(&a->index), CLG_TENSOR_ROWS(&a->y), CLG_SIZE(n),
                        CLG_SIZE(e), CLG_SIZE(a->table.shape[0]));
}

CLG_OPERATION(clgrpo_embedding, "embedding", check, views, run)

static enum clgrpo_status
check_backward(struct clgrpo_context *ctx, const struct clgrpo_embedding_backward_args *a)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_TRY(
        clg_tensor_check(ctx, "embedding_backward", "dtable", &a->dtable, CLGRPO_F32, 2, CLG_SHAPE(CLG_ANY, CLG_ANY)));
    CLG_TRY(check_rows(ctx, "embedding_backward", &a->dtable, &a->index, "dy", &a->dy));
out:
    return st;
}

CLG_VIEWS(views_backward, clgrpo_embedding_backward, "embedding_backward", CLG_OUT(a, dtable), CLG_IN(a, dy),
          CLG_IN(a, index))

static enum clgrpo_status
run_backward(struct clg_seq *seq, const struct clgrpo_embedding_backward_args *a)
{
    const size_t n = a->dy.shape[0], e = a->dy.shape[1], v = a->dtable.shape[0];

    if (n == 0 || e == 0 || v == 0)
        return CLGRPO_OK;
    CLG_WORK(seq, 0.0, CLG_BYTES(&a->dy) + 2.0 * table_bytes(&a->dtable, n));
    return CLG_ROWS_RUN(seq, "embedding", "k_embedding_backward", a->dy.dtype, "",
                        clg_rows_fixed(seq->ctx, v < BACKWARD_GROUPS ? v : BACKWARD_GROUPS), CLG_TENSOR_ROWS(&a->dy),
                        CLG_TENSOR(&a->index), CLG_TENSOR_ROWS(&a->dtable), CLG_SIZE(n), CLG_SIZE(e), CLG_SIZE(v));
}

CLG_OPERATION(clgrpo_embedding_backward, "embedding_backward", check_backward, views_backward, run_backward)
