/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/batch.h"

#include <stdlib.h>

void
mg_packed_free(struct mg_packed_rows *k)
{
    free(k->ints);
    free(k->offsets);
    free(k->prefix);
    free(k->head_rows);
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
    MG_ALLOC(k->prefix, cap);
    MG_ALLOC(k->head_rows, cap + 1);
    MG_ALLOC(k->in, MG_N_IN * cap);
    MG_ALLOC(k->out, MG_N_OUT * cap);
out:
    return st;
}

/* One sequence of n tokens, which continues sequence `prefix` of `before` tokens (-1: nothing). */
static void
add_sequence(struct mg_packed_rows *k, const int32_t *ids, size_t n, int32_t prefix, size_t before)
{
    struct mg_batch *b = &k->batch;

    for (size_t i = 0; i < n; i++) {
        k->ints[MG_INT_TOKEN * k->cap + b->n + i] = ids[before + i];
        k->ints[MG_INT_POSITION * k->cap + b->n + i] = (int32_t)(before + i);
    }
    k->prefix[b->n_seqs] = prefix;
    b->shared = b->shared || prefix >= 0;
    b->n += n;
    b->offsets_host[++b->n_seqs] = (int32_t)b->n;
    b->max_len = n > b->max_len ? n : b->max_len;
}

static float
at_or_zero(const float *x, size_t i)
{
    return x != NULL ? x[i] : 0.0f;
}

/* The head rows of a trajectory whose first `shared` tokens are at shared_at and whose others are at own_at. */
static void
add_head_rows(struct mg_packed_rows *k, const struct mg_prefix_plan *plan, size_t r, size_t shared, size_t shared_at,
              size_t own_at)
{
    const struct mg_train_row *row = &plan->rows[r];
    struct mg_batch *b = &k->batch;
    size_t cap = k->cap;

    for (size_t i = 0; i < plan->fed[r]; i++) {
        if (!mg_prefix_plan_wants(plan, row, i + 1))
            continue;
        k->ints[MG_INT_ROW * cap + b->n_rows] = (int32_t)(i < shared ? shared_at + i : own_at + i - shared);
        k->ints[MG_INT_TARGET * cap + b->n_rows] = row->ids[i + 1];
        k->in[MG_IN_OLD * cap + b->n_rows] = at_or_zero(row->old_logprob, i + 1);
        k->in[MG_IN_SAMPLED * cap + b->n_rows] = at_or_zero(row->sampled_logprob, i + 1);
        k->in[MG_IN_REF * cap + b->n_rows] = at_or_zero(row->ref_logprob, i + 1);
        k->in[MG_IN_ADVANTAGE * cap + b->n_rows] = row->advantage;
        k->in[MG_IN_WEIGHT * cap + b->n_rows] = at_or_zero(row->weight, i + 1);
        b->n_rows++;
    }
    k->head_rows[++b->n_trajectories] = (int32_t)b->n_rows;
}

static void
add_group(struct mg_packed_rows *k, const struct mg_prefix_plan *plan, const struct mg_prefix_group *g)
{
    const size_t *member = plan->order + g->first;
    size_t shared_at = k->batch.n;
    int32_t prefix = -1;

    if (g->prefix > 0) {
        prefix = (int32_t)k->batch.n_seqs;
        add_sequence(k, plan->rows[member[0]].ids, g->prefix, -1, 0);
    }
    for (size_t m = 0; m < g->n; m++) {
        size_t own_at = k->batch.n, own = plan->fed[member[m]] - g->prefix;

        if (own > 0)
            add_sequence(k, plan->rows[member[m]].ids, own, prefix, g->prefix);
        add_head_rows(k, plan, member[m], g->prefix, shared_at, own_at);
    }
}

void
mg_pack(struct mg_packed_rows *k, const struct mg_prefix_plan *plan, size_t *next)
{
    size_t taken = 0;

    k->batch = (struct mg_batch){.offsets_host = k->offsets};
    k->offsets[0] = k->head_rows[0] = 0;
    for (; *next < plan->n_groups; ++*next) {
        const struct mg_prefix_group *g = &plan->group[*next];

        taken += g->size;
        if (taken > k->cap)
            break;
        add_group(k, plan, g);
    }
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
    MG_TRY(mg_op_write(p, mg_vector(&p->head_rows, 0, b->n_trajectories + 1), k->head_rows, err));
    if (b->shared)
        MG_TRY(mg_op_write(p, mg_vector(&p->prefix, 0, b->n_seqs), k->prefix, err));
    for (size_t i = 0; i < MG_IN_DLOGPROB; i++)
        MG_TRY(mg_op_write(p, mg_line(&p->head_in, i, b->n_rows), k->in + i * k->cap, err));
out:
    return st;
}
