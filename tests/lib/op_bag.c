/* SPDX-License-Identifier: Apache-2.0 */
#include "op_cases.h"

#include <stdlib.h>
#include <string.h>

#include "stored.h"

const struct op_case *
op_case_named(const char *name)
{
    unsigned k = 0;

    while (k < n_op_cases && strcmp(op_cases[k].name, name) != 0)
        k++;
    ck_assert_msg(k < n_op_cases, "no operation %s", name);
    return &op_cases[k];
}

struct clgrpo_tensor
op_bag_keep(struct op_bag *b, struct clgrpo_tensor t, bool is_output)
{
    ck_assert_uint_lt(b->n, OP_TENSORS);
    b->tensor[b->n] = t;
    b->is_output[b->n++] = is_output;
    return t;
}

struct clgrpo_tensor
op_bag_fill(struct op_bag *b, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape, bool is_output)
{
    struct clgrpo_tensor t = clgrpo_tensor_view(NULL, 0, dtype, rank, shape);
    float *host = fx_random_in(b->values, clgrpo_tensor_elems(&t), 0.5f, 100 + b->n);

    t = op_bag_keep(b, fx_upload_in(b->ctx, dtype, rank, shape, host), is_output);
    free(host);
    return t;
}

struct clgrpo_tensor
op_bag_integers(struct op_bag *b, size_t n, const int32_t *host)
{
    return op_bag_keep(b, fx_upload(b->ctx, CLGRPO_I32, 1, FX_SHAPE(n), host), false);
}

void
op_bag_release(struct op_bag *b)
{
    for (unsigned i = 0; i < b->n; i++)
        fx_release(&b->tensor[i]);
    fx_workspace_release(&b->workspace);
    free(b->args);
    *b = (struct op_bag){.ctx = b->ctx};
}

struct clgrpo_tensor *
op_bag_in_args(const struct op_bag *b, unsigned i)
{
    unsigned char *args = b->args;
    size_t bytes;

    memcpy(&bytes, args, sizeof bytes); /* struct_size */
    for (size_t at = 0; at + sizeof(struct clgrpo_tensor) <= bytes; at += sizeof(void *))
        if (memcmp(args + at, &b->tensor[i], sizeof(struct clgrpo_tensor)) == 0)
            return (struct clgrpo_tensor *)(void *)(args + at);
    return NULL;
}

unsigned char *
op_bag_outputs(const struct op_bag *b, size_t *bytes)
{
    unsigned char *all = NULL;

    *bytes = 0;
    for (unsigned i = 0; i < b->n; i++) {
        size_t n = clgrpo_tensor_elems(&b->tensor[i]) * clgrpo_dtype_bytes(b->tensor[i].dtype);
        void *one = fx_download(b->ctx, &b->tensor[i]);

        if (b->is_output[i]) {
            all = realloc(all, *bytes + n);
            ck_assert_ptr_nonnull(all);
            memcpy(all + *bytes, one, n);
            *bytes += n;
        }
        free(one);
    }
    return all;
}
