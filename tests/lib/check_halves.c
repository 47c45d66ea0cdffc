/* SPDX-License-Identifier: Apache-2.0 */
/* Activations in halves, of every operation that takes them: the bits of f32, rounded once; a row alone has those of the
 * row among others; other mixtures of types are refused. */
#include <stdlib.h>
#include <string.h>

#include "op_cases.h"
#include "stored.h"

static struct op_bag
made(struct clgrpo_context *ctx, const struct op_case *c, enum clgrpo_dtype act, enum clgrpo_dtype values)
{
    struct op_bag b = {.ctx = ctx, .act = act, .values = values};

    c->make(&b);
    return b;
}

static bool
is_act(const struct op_bag *b, unsigned i)
{
    return b->act != CLGRPO_F32 && b->tensor[i].dtype == b->act;
}

static unsigned
n_acts(const struct op_bag *b)
{
    unsigned n = 0;

    for (unsigned i = 0; i < b->n; i++)
        n += is_act(b, i);
    return n;
}

/* The sum that rmsnorm takes in place of x is rounded before the norm, which f32 has no counterpart of; check_rmsnorm
 * compares it with an addition and a norm. Of adamw and cast, halves are no activations. */
static bool
has_counterpart(const struct op_case *c)
{
    return strcmp(c->name, "rmsnorm") != 0 && strcmp(c->name, "adamw") != 0 && strcmp(c->name, "cast") != 0;
}

static void
check_case(struct clgrpo_context *ctx, const struct op_case *c, enum clgrpo_dtype type)
{
    struct op_bag full = made(ctx, c, CLGRPO_F32, type), half = made(ctx, c, type, type);

    if (n_acts(&half) > 0) {
        fx_ok(ctx, c->call(&full, clgrpo_context_queue(ctx), NULL));
        fx_ok(ctx, c->call(&half, clgrpo_context_queue(ctx), NULL));
    }
    for (unsigned i = 0; n_acts(&half) > 0 && i < half.n; i++) {
        void *want = fx_download(ctx, &full.tensor[i]), *got = fx_download(ctx, &half.tensor[i]);

        if (is_act(&half, i) && full.tensor[i].dtype == CLGRPO_F32)
            fx_same_rounded(c->name, &half.tensor[i], got, want);
        else
            fx_same_bits(c->name, got, want,
                         clgrpo_tensor_elems(&half.tensor[i]) * clgrpo_dtype_bytes(half.tensor[i].dtype));
        free(want);
        free(got);
    }
    op_bag_release(&full);
    op_bag_release(&half);
}

START_TEST(bits_of_f32_rounded_once)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));

    for (unsigned i = 0; i < n_op_cases; i++)
        if (has_counterpart(&op_cases[i]))
            check_case(ctx, &op_cases[i], fx_storage(_i));
}
END_TEST

/* Operations each of whose rows is its own; their tensors of as many rows as the first are cut to one. */
static const char *const of_rows[] = {"embedding", "rmsnorm", "rmsnorm_alone",   "rope", "swiglu", "swiglu_backward",
                                      "add",       "sample",  "attention_decode"};
enum { N_OF_ROWS = sizeof of_rows / sizeof of_rows[0] };

static size_t
rows_of(const struct op_bag *b)
{
    const struct clgrpo_tensor *t = &b->tensor[b->n - 1];

    for (unsigned i = 0; i < b->n; i++)
        if (b->is_output[i])
            t = &b->tensor[i];
    return t->shape[0];
}

static void
check_row(struct clgrpo_context *ctx, const struct op_case *c, const struct op_bag *all, size_t row)
{
    struct op_bag b = made(ctx, c, all->act, all->values);
    const size_t n = rows_of(all);

    for (unsigned i = 0; i < b.n; i++)
        if (b.tensor[i].shape[0] == n) {
            struct clgrpo_tensor *t = op_bag_in_args(&b, i);

            t->offset += row * t->stride[0];
            t->shape[0] = 1;
        }
    fx_ok(ctx, c->call(&b, clgrpo_context_queue(ctx), NULL));
    for (unsigned i = 0; i < b.n; i++)
        if (b.is_output[i] && b.tensor[i].shape[0] == n) {
            unsigned char *want = fx_download(ctx, &all->tensor[i]), *got = fx_download(ctx, &b.tensor[i]);
            const size_t bytes = b.tensor[i].stride[0] * clgrpo_dtype_bytes(b.tensor[i].dtype);

            fx_same_bits(c->name, got + row * bytes, want + row * bytes, bytes);
            free(want);
            free(got);
        }
    op_bag_release(&b);
}

START_TEST(a_row_alone_has_the_bits_of_a_batch)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i / FX_N_STORAGES));

    for (unsigned k = 0; k < N_OF_ROWS; k++) {
        const struct op_case *c = op_case_named(of_rows[k]);
        struct op_bag all = made(ctx, c, fx_storage(_i), fx_storage(_i));

        fx_ok(ctx, c->call(&all, clgrpo_context_queue(ctx), NULL));
        for (size_t row = 0; row < rows_of(&all); row++)
            check_row(ctx, c, &all, row);
        op_bag_release(&all);
    }
}
END_TEST

/* Every activation but one has the type. */
START_TEST(mixed_types_are_refused)
{
    struct clgrpo_context *ctx = fx_context(fx_family(_i));
    unsigned n = 0;

    for (unsigned k = 0; k < n_op_cases; k++) {
        struct op_bag b = made(ctx, &op_cases[k], CLGRPO_F16, CLGRPO_F16);

        for (unsigned i = 0; n_acts(&b) > 1 && i < b.n; i++) {
            struct clgrpo_tensor *t = is_act(&b, i) ? op_bag_in_args(&b, i) : NULL;

            if (t == NULL)
                continue;
            t->dtype = CLGRPO_BF16;
            fx_fails(ctx, op_cases[k].call(&b, clgrpo_context_queue(ctx), NULL), CLGRPO_E_DTYPE);
            t->dtype = CLGRPO_F16;
            n++;
        }
        op_bag_release(&b);
    }
    ck_assert_uint_gt(n, 10);
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("halves");

    fx_storage_tests(tc, bits_of_f32_rounded_once, a_row_alone_has_the_bits_of_a_batch);
    fx_family_tests(tc, mixed_types_are_refused);
    return fx_main();
}
