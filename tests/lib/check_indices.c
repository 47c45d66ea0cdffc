/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever lies in the tensors of offsets, slots, positions, targets and ids, an operation reads and writes nothing
 * outside of its tensors: the guards around outputs are whole, and no NaN of the guards around inputs reaches an output.
 * Under Oclgrind no access leaves its buffer.
 */
#include "op_cases.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* All outside of what any index of the cases may be. */
static const int32_t hostile[] = {1 << 20, -1, INT_MIN, INT_MAX, 64, 1000, 1 << 30};
enum { HOSTILE = sizeof hostile / sizeof hostile[0], ENTRIES = 3, ALL = -1 };

/* Outputs begin as zeros: a NaN in one was read outside of an input. */
static void
zero_outputs(const struct op_bag *b)
{
    for (unsigned i = 0; i < b->n; i++) {
        const size_t bytes = clgrpo_tensor_elems(&b->tensor[i]) * clgrpo_dtype_bytes(b->tensor[i].dtype);
        void *zeros = calloc(1, bytes);

        ck_assert_ptr_nonnull(zeros);
        if (b->is_output[i])
            fx_ok(b->ctx, clgrpo_tensor_write(b->ctx, clgrpo_context_queue(b->ctx), &b->tensor[i], zeros, bytes));
        free(zeros);
    }
}

/* Makes entry `at` of an index tensor, or each, `value`. */
static void
spoil(const struct op_bag *b, const struct clgrpo_tensor *t, int at, int32_t value)
{
    const size_t n = clgrpo_tensor_elems(t);
    int32_t *host = fx_download(b->ctx, t);

    for (size_t i = 0; i < n; i++)
        if (at == ALL || i == (size_t)at)
            host[i] = value;
    fx_ok(b->ctx, clgrpo_tensor_write(b->ctx, clgrpo_context_queue(b->ctx), t, host, n * sizeof *host));
    free(host);
}

/* Runs the operation with entry `at` of the index tensors of `mask` spoiled. */
static void
check_case(struct clgrpo_context *ctx, const struct op_case *c, unsigned mask, int at, int32_t value)
{
    struct op_bag b = {.ctx = ctx};
    size_t bytes;

    c->make(&b);
    zero_outputs(&b);
    for (unsigned i = 0; i < b.n; i++)
        if (mask >> i & 1)
            spoil(&b, &b.tensor[i], at, value);
    fx_ok(ctx, c->call(&b, clgrpo_context_queue(ctx), NULL));
    free(op_bag_outputs(&b, &bytes));
    for (unsigned i = 0; i < b.n; i++) {
        float *x = fx_download(ctx, &b.tensor[i]);

        for (size_t e = 0; b.tensor[i].dtype == CLGRPO_F32 && e < clgrpo_tensor_elems(&b.tensor[i]); e++)
            ck_assert_msg(!isnan(x[e]), "%s, entry %d of index tensors %#x is %d: element %zu of tensor %u is NaN",
                          c->name, at, mask, value, e, i);
        free(x);
    }
    op_bag_release(&b);
}

/* The bag's tensors of indices that the operation reads, as bits. */
static unsigned
index_tensors(struct clgrpo_context *ctx, const struct op_case *c)
{
    struct op_bag b = {.ctx = ctx};
    unsigned mask = 0;

    c->make(&b);
    for (unsigned i = 0; i < b.n; i++)
        if (b.tensor[i].dtype == CLGRPO_I32 && !b.is_output[i])
            mask |= 1u << i;
    op_bag_release(&b);
    return mask;
}

START_TEST(nothing_foreign_is_touched)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    unsigned n = 0;

    for (unsigned i = 0; i < n_op_cases; i++) {
        const unsigned all = index_tensors(ctx, &op_cases[i]);

        for (int h = 0; all != 0 && h < (fx_small() ? 1 : HOSTILE); h++) {
            check_case(ctx, &op_cases[i], all, ALL, hostile[h]);
            for (int t = 0; t < OP_TENSORS; t++)
                for (int at = ALL; all >> t & 1 && at < (fx_small() ? 1 : ENTRIES); at++) {
                    check_case(ctx, &op_cases[i], 1u << t, at, hostile[h]);
                    n++;
                }
        }
    }
    ck_assert_uint_gt(n, fx_small() ? 30 : 500);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("indices");

    fx_guards_of_nan();
    fx_family_tests(tc, nothing_foreign_is_touched);
    return fx_main();
}
