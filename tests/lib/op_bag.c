/* SPDX-License-Identifier: Apache-2.0 */
#include "op_cases.h"

#include <stdlib.h>
#include <string.h>

void
op_bag_release(struct op_bag *b)
{
    for (unsigned i = 0; i < b->n; i++)
        fx_release(&b->tensor[i]);
    fx_workspace_release(&b->workspace);
    free(b->args);
    *b = (struct op_bag){.ctx = b->ctx};
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
