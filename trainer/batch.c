/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include <stdlib.h>

void
mg_packed_free(struct mg_packed_rows *k)
{
    free(k->ints);
    free(k->offsets);
    free(k->in);
    free(k->out);
}

enum mg_status
mg_packed_alloc(struct mg_packed_rows *k, size_t cap, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    k->cap = cap;
    MG_ALLOC(k->ints, MG_N_INTS * cap);
    MG_ALLOC(k->offsets, cap + 1);
    MG_ALLOC(k->in, MG_N_IN * cap);
    MG_ALLOC(k->out, MG_N_OUT * cap);
out:
    return st;
}

/* Tokens that the model must read: all before the last weighted one. */
static size_t
fed_length(const struct mg_train_row *row, bool all)
{
    size_t n = row->len;

    while (!all && n > 1 && row->weight[n - 1] == 0.0f)
        n--;
    return n > 0 ? n - 1 : 0;
}

static void
add_row(struct mg_packed_rows *k, const struct mg_dims *d, const struct mg_train_row *row, bool all)
{
    struct mg_batch *b = &k->batch;
    size_t n = fed_length(row, all), cap = k->cap;

    for (size_t i = 0; i < n; i++) {
        k->ints[MG_INT_TOKEN * cap + b->n + i] = row->ids[i];
        k->ints[MG_INT_POSITION * cap + b->n + i] = (int32_t)i;
        if (!all && row->weight[i + 1] == 0.0f)
            continue;
        k->ints[MG_INT_ROW * cap + b->n_rows] = (int32_t)(b->n + i);
        k->ints[MG_INT_TARGET * cap + b->n_rows] = row->ids[i + 1];
        k->in[MG_IN_OLD * cap + b->n_rows] = row->old_logprob != NULL ? row->old_logprob[i + 1] : 0.0f;
        k->in[MG_IN_ADVANTAGE * cap + b->n_rows] = row->advantage;
        k->in[MG_IN_WEIGHT * cap + b->n_rows] = row->weight != NULL ? row->weight[i + 1] : 0.0f;
        b->n_rows++;
    }
    b->n += n;
    b->offsets_host[++b->n_seqs] = (int32_t)b->n;
    b->max_len = n > b->max_len ? n : b->max_len;
    b->pair_flops += (double)n * (double)(n + 1) * (double)(d->D * d->H);
}

enum mg_status
mg_pack(struct mg_packed_rows *k, const struct mg_dims *d, const struct mg_train_row *rows, size_t n_rows,
        size_t context, bool all, size_t *next, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    k->batch = (struct mg_batch){.offsets_host = k->offsets};
    k->offsets[0] = 0;
    for (; *next < n_rows; ++*next) {
        size_t n = fed_length(&rows[*next], all);

        MG_REQUIRE(n <= context, MG_INPUT, "a sequence of %zu tokens, the context is %zu", n + 1, context);
        if (n == 0)
            continue;
        if (k->batch.n + n > k->cap)
            break;
        add_row(k, d, &rows[*next], all);
    }
out:
    return st;
}

enum mg_status
mg_packed_upload(struct mg_policy *p, const struct mg_packed_rows *k, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_batch *b = &k->batch;
    size_t entries = b->n_seqs + 1;

    MG_TRY(mg_op_write(p, mg_line(&p->ints, MG_INT_TOKEN, b->n), k->ints + MG_INT_TOKEN * k->cap, err));
    MG_TRY(mg_op_write(p, mg_line(&p->ints, MG_INT_POSITION, b->n), k->ints + MG_INT_POSITION * k->cap, err));
    MG_TRY(mg_op_write(p, mg_line(&p->ints, MG_INT_ROW, b->n_rows), k->ints + MG_INT_ROW * k->cap, err));
    MG_TRY(mg_op_write(p, mg_line(&p->ints, MG_INT_TARGET, b->n_rows), k->ints + MG_INT_TARGET * k->cap, err));
    MG_TRY(mg_op_write(p, mg_vector(&p->offsets, 0, entries), k->offsets, err));
    for (size_t i = 0; i < MG_IN_DLOGPROB; i++)
        MG_TRY(mg_op_write(p, mg_line(&p->head_in, i, b->n_rows), k->in + i * k->cap, err));
out:
    return st;
}

enum mg_status
mg_head_forward(struct mg_policy *p, const struct mg_batch *b, float temperature, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    struct clgrpo_linear_logprob_args args = CLGRPO_LINEAR_LOGPROB_ARGS_INIT;
    size_t bytes = 0;
    double start;

    args.x = mg_rows(&p->hidden, b->n_rows);
    args.w = mg_matrix(&p->weights, p->params.head, d->V, d->E);
    args.target = mg_line(&p->ints, MG_INT_TARGET, b->n_rows);
    args.logprob = mg_line(&p->head_out, MG_OUT_LOGPROB, b->n_rows);
    args.lse = mg_line(&p->head_out, MG_OUT_LSE, b->n_rows);
    args.entropy = mg_line(&p->head_out, MG_OUT_ENTROPY, b->n_rows);
    args.inv_temperature = 1.0f / temperature;
    MG_TRY(mg_from_clgrpo(p, clgrpo_linear_logprob_workspace(p->ctx, &args, &bytes), err));
    MG_TRY(mg_workspace(p, bytes, err));
    args.workspace = p->workspace;
    start = mg_profile_begin(p);
    MG_TRY(mg_from_clgrpo(p, clgrpo_linear_logprob(p->ctx, &args, p->queue, 0, NULL, NULL), err));
    mg_profile_end(p, "head forward", start, 2.0 * (double)b->n_rows * (double)(d->E * d->V));
out:
    return st;
}
