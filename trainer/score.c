/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

/* Hands row values back to the trajectories they belong to. The rows of a micro-batch are those of rows[first..next) in
 * order. */
static void
scatter_f32(const struct mg_train_row *rows, size_t first, size_t next, const float *from, float **to)
{
    size_t at = 0;

    for (size_t r = first; r < next; r++)
        for (uint32_t i = 1; i < rows[r].len; i++)
            to[r][i] = from[at++];
}

static enum mg_status
score_argmax(struct mg_policy *p, const struct mg_batch *b, int32_t *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_sampling greedy = {.top_p = 1.0f};

    for (size_t at = 0; at < b->n_rows; at += p->sample_rows) {
        size_t n = b->n_rows - at < p->sample_rows ? b->n_rows - at : p->sample_rows;
        struct clgrpo_tensor hidden = mg_rows(&p->hidden, n);

        hidden.offset += at * hidden.stride[0];
        MG_TRY(mg_op_zero(p, mg_rows(&p->keys, n), err));
        MG_TRY(mg_op_draw(p, hidden, &greedy, false, err));
        MG_TRY(mg_op_read(p, mg_vector(&p->drawn, 0, n), out + at, err));
    }
out:
    return st;
}

enum mg_status
mg_policy_score(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows, float temperature, float **logprob,
                int32_t **argmax, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_packed_rows k = {0};

    MG_TRY(mg_packed_alloc(&k, p->rows, err));
    for (size_t next = 0; next < n_rows;) {
        size_t first = next, at = 0;

        MG_TRY(mg_pack(&k, &p->params.dims, rows, n_rows, p->limits.context, true, &next, err));
        if (k.batch.n == 0)
            break;
        MG_TRY(mg_packed_upload(p, &k, err));
        MG_TRY(mg_forward(p, &k.batch, err));
        MG_TRY(mg_head_forward(p, &k.batch, temperature, err));
        MG_TRY(mg_op_read(p, mg_line(&p->head_out, MG_OUT_LOGPROB, k.batch.n_rows), k.out, err));
        if (logprob != NULL)
            scatter_f32(rows, first, next, k.out, logprob);
        if (argmax == NULL)
            continue;
        MG_TRY(score_argmax(p, &k.batch, k.ints, err));
        for (size_t r = first; r < next; r++)
            for (uint32_t i = 1; i < rows[r].len; i++)
                argmax[r][i] = k.ints[at++];
    }
out:
    mg_packed_free(&k);
    return st;
}
