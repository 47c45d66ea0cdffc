/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_internal.h"
#include "model/safetensors.h"

#include <stdlib.h>

/* A growing list of tensors to create: keeps the callers below flat. */
#define CREATE(t, dtype, rank, ...)                                                                                    \
    MG_TRY(mg_from_clgrpo(p, clgrpo_tensor_create(p->ctx, (dtype), (rank), (const size_t[]){__VA_ARGS__}, (t)), err))
#define CREATE_F32(t, rank, ...) CREATE(t, CLGRPO_F32, rank, __VA_ARGS__)

static enum mg_status
create_weights(struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = p->params.elems;

    CREATE(&p->weights, p->limits.storage, 1, p->limits.storage == CLGRPO_F32 ? n : p->params.decay_elems);
    if (p->limits.storage != CLGRPO_F32)
        CREATE_F32(&p->norms, 1, n - p->params.decay_elems);
    CREATE_F32(&p->norm_out, 1, 2);
    if (p->limits.train) {
        CREATE_F32(&p->grad, 1, n);
        CREATE_F32(&p->m, 1, n);
        CREATE_F32(&p->v, 1, n);
        MG_TRY(mg_op_zero(p, p->grad, err));
        MG_TRY(mg_op_zero(p, p->m, err));
        MG_TRY(mg_op_zero(p, p->v, err));
    }
out:
    return st;
}

enum mg_status
mg_weights_write(struct mg_policy *p, const float *host, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const size_t n = p->params.decay_elems;
    uint16_t *half = NULL;

    if (p->limits.storage == CLGRPO_F32)
        return mg_op_write(p, p->weights, host, err);
    MG_ALLOC(half, n);
    for (size_t i = 0; i < n; i++)
        half[i] = p->limits.storage == CLGRPO_F16 ? mg_f32_to_f16(host[i]) : mg_f32_to_bf16(host[i]);
    MG_TRY(mg_op_write(p, p->weights, half, err));
    MG_TRY(mg_op_write(p, p->norms, host + n, err));
out:
    free(half);
    return st;
}

static enum mg_status
create_rope(struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = p->limits.context, d = p->params.dims.D;
    float *host = NULL;

    MG_ALLOC(host, n * d);
    clgrpo_rope_table_fill(host, n, d, p->params.dims.theta);
    CREATE_F32(&p->rope, 2, n, d);
    MG_TRY(mg_op_write(p, p->rope, host, err));
out:
    free(host);
    return st;
}

static enum mg_status
create_acts(struct mg_policy *p, struct mg_acts *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    size_t n = p->rows;

    CREATE_F32(&a->h1, 2, n, d->E);
    CREATE_F32(&a->rstd1, 1, n);
    CREATE_F32(&a->qkv, 2, n, d->qkv);
    CREATE_F32(&a->o, 2, n, d->H * d->D);
    CREATE_F32(&a->lse, 2, n, d->H);
    CREATE_F32(&a->mid, 2, n, d->E);
    CREATE_F32(&a->h2, 2, n, d->E);
    CREATE_F32(&a->rstd2, 1, n);
    CREATE_F32(&a->gate_up, 2, n, 2 * d->F);
    CREATE_F32(&a->act, 2, n, d->F);
out:
    return st;
}

static enum mg_status
create_activations(struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    size_t n = p->rows, n_x = p->limits.train ? d->layers + 1 : 2;

    p->n_acts = p->limits.train ? d->layers : 1;
    MG_ALLOC(p->x, n_x);
    MG_ALLOC(p->acts, p->n_acts);
    for (size_t i = 0; i < n_x; i++)
        CREATE_F32(&p->x[i], 2, n, d->E);
    for (size_t i = 0; i < p->n_acts; i++)
        MG_TRY(create_acts(p, &p->acts[i], err));
    CREATE_F32(&p->branch, 2, n, d->E);
    CREATE_F32(&p->selected, 2, n, d->E);
    CREATE_F32(&p->hidden, 2, n, d->E);
    CREATE_F32(&p->rstd, 1, n);
    CREATE(&p->ints, CLGRPO_I32, 2, MG_N_INTS, n);
    CREATE(&p->offsets, CLGRPO_I32, 1, n + 1);
    CREATE(&p->prefix, CLGRPO_I32, 1, n);
    CREATE_F32(&p->head_in, 2, MG_N_IN, n);
    CREATE(&p->head_rows, CLGRPO_I32, 1, n + 1);
    CREATE_F32(&p->head_out, 2, MG_N_OUT, n);
    CREATE_F32(&p->stats, 1, CLGRPO_POLICY_STATS);
out:
    return st;
}

static enum mg_status
create_grads(struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    size_t n = p->rows;

    CREATE_F32(&p->grads.dx, 2, n, d->E);
    CREATE_F32(&p->grads.dh, 2, n, d->E);
    CREATE_F32(&p->grads.dqkv, 2, n, d->qkv);
    CREATE_F32(&p->grads.do_, 2, n, d->H * d->D);
    CREATE_F32(&p->grads.dgate_up, 2, n, 2 * d->F);
    CREATE_F32(&p->grads.dact, 2, n, d->F);
    CREATE_F32(&p->dselected, 2, n, d->E);
    CREATE_F32(&p->dhidden, 2, n, d->E);
out:
    return st;
}

static enum mg_status
create_pack(struct mg_policy *p, size_t k, size_t n, struct clgrpo_tensor *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    CREATE_F32(out, 1, clgrpo_gemm_pack_elems(p->ctx, k, n));
out:
    return st;
}

static enum mg_status
create_decoding(struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->params.dims;
    const size_t block = CLGRPO_ATTENTION_BLOCK;
    size_t slots = p->limits.slots, blocks = (p->limits.context + block - 1) / block, n = p->rows;

    MG_ALLOC(p->packed, d->layers);
    MG_ALLOC(p->k_cache, d->layers);
    MG_ALLOC(p->v_cache, d->layers);
    for (size_t i = 0; i < d->layers; i++) {
        MG_TRY(create_pack(p, d->E, d->qkv, &p->packed[i].qkv, err));
        MG_TRY(create_pack(p, d->H * d->D, d->E, &p->packed[i].o, err));
        MG_TRY(create_pack(p, d->E, 2 * d->F, &p->packed[i].gate_up, err));
        MG_TRY(create_pack(p, d->F, d->E, &p->packed[i].down, err));
        /* [S][K][L/64][D][64] has five dimensions: the last two are one here */
        CREATE_F32(&p->k_cache[i], 4, slots, d->K, blocks, d->D * block);
        CREATE_F32(&p->v_cache[i], 4, slots, d->K, blocks * block, d->D);
        MG_TRY(mg_op_zero(p, p->k_cache[i], err));
        MG_TRY(mg_op_zero(p, p->v_cache[i], err));
    }
    MG_TRY(create_pack(p, d->E, d->V, &p->packed_head, err));
    CREATE(&p->slots, CLGRPO_I32, 1, n);
    CREATE(&p->forks, CLGRPO_I32, 1, 3 * slots);
out:
    return st;
}

/* Logits exist only for rows that draw a token: one per slot, or a chunk of those that are scored. */
static enum mg_status
create_sampling(struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t wanted = p->limits.slots > 0 ? p->limits.slots : 256;

    p->sample_rows = wanted < p->rows ? wanted : p->rows;
    CREATE_F32(&p->logits, 2, p->sample_rows, p->params.dims.V);
    CREATE(&p->keys, CLGRPO_U64, 2, p->sample_rows, 2);
    CREATE(&p->drawn, CLGRPO_I32, 1, p->sample_rows);
    CREATE_F32(&p->drawn_logprob, 1, p->sample_rows);
out:
    return st;
}

enum mg_status
mg_buffers_create(struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    p->rows = p->limits.max_tokens;
    MG_TRY(create_weights(p, err));
    MG_TRY(create_rope(p, err));
    MG_TRY(create_activations(p, err));
    MG_TRY(create_sampling(p, err));
    if (p->limits.train)
        MG_TRY(create_grads(p, err));
    if (p->limits.slots > 0)
        MG_TRY(create_decoding(p, err));
out:
    return st;
}

/* Calls `look` for every tensor that there may be. */
static void
each_tensor(struct mg_policy *p, void (*look)(struct clgrpo_tensor *, size_t *), size_t *arg)
{
    const size_t layers = p->params.dims.layers, n_x = p->limits.train ? layers + 1 : 2;
    struct clgrpo_tensor *all[] = {&p->weights,    &p->norms,       &p->grad,           &p->m,          &p->v,
                                   &p->norm_out,   &p->rope,        &p->branch,         &p->selected,   &p->hidden,
                                   &p->rstd,       &p->ints,        &p->offsets,        &p->prefix,     &p->head_in,
                                   &p->head_rows,  &p->head_out,    &p->stats,          &p->grads.dx,   &p->grads.dh,
                                   &p->grads.dqkv, &p->grads.do_,   &p->grads.dgate_up, &p->grads.dact, &p->dselected,
                                   &p->dhidden,    &p->packed_head, &p->logits,         &p->slots,      &p->forks,
                                   &p->keys,       &p->drawn,       &p->drawn_logprob};
    /* arrays of structs of nothing but tensors */
    const struct {
        struct clgrpo_tensor *first;
        size_t n;
    } lists[] = {{p->x, n_x},
                 {(struct clgrpo_tensor *)p->acts, p->n_acts * sizeof *p->acts / sizeof *p->x},
                 {(struct clgrpo_tensor *)p->packed, layers * sizeof *p->packed / sizeof *p->x},
                 {p->k_cache, layers},
                 {p->v_cache, layers}};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        look(all[i], arg);
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
        for (size_t i = 0; lists[l].first != NULL && i < lists[l].n; i++)
            look(&lists[l].first[i], arg);
}

static void
destroy(struct clgrpo_tensor *t, size_t *unused)
{
    (void)unused;
    clgrpo_tensor_destroy(t);
}

void
mg_buffers_destroy(struct mg_policy *p)
{
    each_tensor(p, destroy, NULL);
    if (p->workspace.buf != NULL)
        clgrpo_tensor_destroy(&(struct clgrpo_tensor){.buf = p->workspace.buf});
    free(p->x);
    free(p->acts);
    free(p->packed);
    free(p->k_cache);
    free(p->v_cache);
}

static void
add_bytes(struct clgrpo_tensor *t, size_t *sum)
{
    if (t->buf != NULL)
        *sum += clgrpo_tensor_elems(t) * clgrpo_dtype_bytes(t->dtype);
}

size_t
mg_policy_bytes(struct mg_policy *p)
{
    size_t sum = p->workspace.bytes;

    each_tensor(p, add_bytes, &sum);
    return sum;
}
