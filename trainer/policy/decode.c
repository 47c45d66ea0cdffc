/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "policy/batch.h"

static enum mg_status
pack_one(struct mg_policy *p, size_t offset, size_t rows, size_t cols, struct clgrpo_tensor packed, struct mg_err *err)
{
    struct clgrpo_gemm_pack_args args = CLGRPO_GEMM_PACK_ARGS_INIT;

    args.b = mg_matrix(&p->weights, offset, rows, cols);
    args.trans_b = true;
    args.packed = packed;
    return mg_from_clgrpo(p, clgrpo_gemm_pack(p->ctx, &args, p->queue, 0, NULL, NULL), err);
}

/* Packs every matrix of the current weights, for products with few rows. */
static enum mg_status
refresh_packed(struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;

    if (p->packed_fresh)
        return MG_OK;
    for (size_t i = 0; i < d->layers; i++) {
        const struct mg_layer_params *w = &p->params.layers[i];
        const struct mg_packed_layer *to = &p->packed[i];

        MG_TRY(pack_one(p, w->qkv, d->qkv, d->E, to->qkv, err));
        MG_TRY(pack_one(p, w->o, d->E, d->H * d->D, to->o, err));
        MG_TRY(pack_one(p, w->gate_up, 2 * d->F, d->E, to->gate_up, err));
        MG_TRY(pack_one(p, w->down, d->E, d->F, to->down, err));
    }
    MG_TRY(pack_one(p, p->params.head, d->V, d->E, p->packed_head, err));
    p->packed_fresh = true;
out:
    return st;
}

enum mg_status
mg_op_draw(struct mg_policy *p, struct clgrpo_tensor hidden, const struct mg_sampling *how, bool packed,
           struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    struct clgrpo_sample_args args = CLGRPO_SAMPLE_ARGS_INIT;
    struct mg_gemm_flags flags = {.trans_b = true, .packed = packed ? &p->packed_head : NULL};
    size_t n = hidden.shape[0];

    args.logits = mg_rows(&p->logits, n);
    MG_TRY(mg_op_gemm(p, hidden, mg_matrix(&p->weights, p->params.head, d->V, d->E), args.logits, flags, err));
    args.key = mg_rows(&p->keys, n);
    args.token = mg_vector(&p->drawn, 0, n);
    args.logprob = mg_vector(&p->drawn_logprob, 0, n);
    args.temperature = how->temperature;
    args.top_k = how->top_k;
    args.top_p = how->top_p;
    MG_RUN_WITH_WORKSPACE(clgrpo_sample, clgrpo_sample_workspace, args);
out:
    return st;
}

/* What one decoding forward is fed, on the host. */
struct feeds {
    int32_t *ints; /* [MG_N_INTS][cap]; the line of the targets, of which decoding has none, holds slots */
    uint64_t *keys;
    size_t cap, n, n_sampled;
};

/* How many tokens are drawn after one token: 1 for a feed that samples, and 1 for each redraw that follows it. */
static size_t
draws_at(const struct mg_feed *feed, size_t i, size_t n)
{
    size_t end = i + 1;

    while (end < n && feed[end].redraw)
        end++;
    return end - i;
}

static void
add_draw(struct feeds *f, const struct mg_feed *x)
{
    f->ints[MG_INT_ROW * f->cap + f->n_sampled] = (int32_t)f->n - 1;
    f->keys[2 * f->n_sampled] = x->key[0];
    f->keys[2 * f->n_sampled + 1] = x->key[1];
    f->n_sampled++;
}

/* Takes feeds from feed[*next..] until the rows or the sampling rows are full; a feed and its redraws stay together. */
static enum mg_status
take(struct feeds *f, const struct mg_policy *p, const struct mg_feed *feed, size_t n, size_t *next, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;

    f->n = f->n_sampled = 0;
    while (*next < n && f->n < f->cap) {
        const struct mg_feed *x = &feed[*next];
        size_t draws = draws_at(feed, *next, n);

        MG_REQUIRE(!x->redraw && (x->sample || draws == 1) && draws <= p->sample_rows, MG_FAIL,
                   "%zu draws behind one token, from 1 to %zu behind one that samples", draws, p->sample_rows);
        if (x->sample && f->n_sampled + draws > p->sample_rows)
            break;
        MG_REQUIRE(
            x->slot < p->limits.slots && x->position < p->limits.context && x->token >= 0 && (size_t)x->token < d->V,
            MG_FAIL, "token %d at slot %u of %u, position %u", (int)x->token, x->slot, p->limits.slots, x->position);
        f->ints[MG_INT_TOKEN * f->cap + f->n] = x->token;
        f->ints[MG_INT_POSITION * f->cap + f->n] = (int32_t)x->position;
        f->ints[MG_INT_TARGET * f->cap + f->n] = (int32_t)x->slot;
        f->n++;
        for (size_t i = 0; x->sample && i < draws; i++)
            add_draw(f, &x[i]);
        *next += draws;
    }
out:
    return st;
}

static enum mg_status
run(struct mg_policy *p, const struct feeds *f, const struct mg_sampling *how, int32_t *token, float *logprob,
    struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_batch b = {.n = f->n, .n_rows = f->n_sampled, .decode = true};

    b.slot = mg_vector(&p->slots, 0, f->n);
    MG_TRY(mg_op_write(p, mg_line(&p->ints, MG_INT_TOKEN, f->n), f->ints + MG_INT_TOKEN * f->cap, err));
    MG_TRY(mg_op_write(p, mg_line(&p->ints, MG_INT_POSITION, f->n), f->ints + MG_INT_POSITION * f->cap, err));
    MG_TRY(mg_op_write(p, b.slot, f->ints + MG_INT_TARGET * f->cap, err));
    MG_TRY(mg_op_write(p, mg_line(&p->ints, MG_INT_ROW, f->n_sampled), f->ints + MG_INT_ROW * f->cap, err));
    MG_TRY(mg_op_write(p, mg_rows(&p->keys, f->n_sampled), f->keys, err));
    MG_TRY(mg_forward(p, &b, err));
    if (f->n_sampled == 0)
        return MG_OK;
    MG_TRY(mg_op_draw(p, mg_rows(&p->hidden, f->n_sampled), how, true, err));
    MG_TRY(mg_op_read(p, mg_vector(&p->drawn, 0, f->n_sampled), token, err));
    MG_TRY(mg_op_read(p, mg_vector(&p->drawn_logprob, 0, f->n_sampled), logprob, err));
out:
    return st;
}

enum mg_status
mg_policy_decode(struct mg_policy *p, const struct mg_feed *feed, size_t n, const struct mg_sampling *how,
                 int32_t *token, float *logprob, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct feeds f = {.cap = p->rows};
    int32_t *drawn = NULL;
    float *drawn_logprob = NULL;

    MG_REQUIRE(p->limits.slots > 0, MG_FAIL, "the policy was opened without a KV cache");
    MG_ALLOC(f.ints, MG_N_INTS * f.cap);
    MG_ALLOC(f.keys, 2 * p->sample_rows);
    MG_ALLOC(drawn, p->sample_rows);
    MG_ALLOC(drawn_logprob, p->sample_rows);
    MG_TRY(refresh_packed(p, err));
    for (size_t next = 0; next < n;) {
        size_t first = next, j = 0;

        MG_TRY(take(&f, p, feed, n, &next, err));
        MG_TRY(run(p, &f, how, drawn, drawn_logprob, err));
        for (size_t i = first; i < next; i++) {
            if (!feed[i].sample)
                continue;
            token[i] = drawn[j];
            logprob[i] = drawn_logprob[j++];
        }
    }
out:
    free(f.ints);
    free(f.keys);
    free(drawn);
    free(drawn_logprob);
    return st;
}

enum mg_status
mg_policy_fork(struct mg_policy *p, const struct mg_fork *fork, size_t n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_kv_copy_args args = CLGRPO_KV_COPY_ARGS_INIT;
    int32_t *ints = NULL;

    if (n == 0)
        return MG_OK;
    MG_REQUIRE(n <= p->limits.slots, MG_FAIL, "%zu forks of %u slots", n, p->limits.slots);
    MG_ALLOC(ints, 3 * n);
    for (size_t i = 0; i < n; i++) {
        ints[i] = (int32_t)fork[i].from;
        ints[n + i] = (int32_t)fork[i].to;
        ints[2 * n + i] = (int32_t)fork[i].length;
    }
    args.source = mg_vector(&p->forks, 0, n);
    args.target = mg_vector(&p->forks, n, n);
    args.length = mg_vector(&p->forks, 2 * n, n);
    MG_TRY(mg_op_write(p, mg_vector(&p->forks, 0, 3 * n), ints, err));
    for (size_t i = 0; i < p->params.dims.layers; i++) {
        args.k_cache = p->k_cache[i];
        args.v_cache = p->v_cache[i];
        MG_TRY(mg_from_clgrpo(p, clgrpo_kv_copy(p->ctx, &args, p->queue, 0, NULL, NULL), err));
    }
out:
    free(ints);
    return st;
}
