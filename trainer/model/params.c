/* SPDX-License-Identifier: Apache-2.0 */
#include "model/params.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

static size_t
take(size_t *at, size_t n)
{
    size_t here = *at;

    *at += n;
    return here;
}

static void
read_dims(const struct mg_model_config *c, struct mg_dims *d)
{
    *d = (struct mg_dims){.E = (size_t)c->hidden_size,
                          .F = (size_t)c->intermediate_size,
                          .H = (size_t)c->num_attention_heads,
                          .K = (size_t)c->num_key_value_heads,
                          .D = (size_t)c->head_dim,
                          .V = (size_t)c->vocab_size,
                          .layers = (size_t)c->num_hidden_layers,
                          .eps = (float)c->rms_norm_eps,
                          .theta = c->rope_theta,
                          .tied = c->tie_word_embeddings};
    d->qkv = (d->H + 2 * d->K) * d->D;
}

enum mg_status
mg_params_layout(const struct mg_model_config *config, struct mg_params *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_dims d;
    size_t at = 0;

    memset(out, 0, sizeof *out);
    MG_REQUIRE(!config->attention_bias && !config->qk_norm, MG_INPUT,
               "the model has %s, which this trainer does not support",
               config->attention_bias ? "attention biases" : "query and key norms");
    read_dims(config, &d);
    out->dims = d;
    MG_ALLOC(out->layers, d.layers);
    out->embed = take(&at, d.V * d.E);
    out->head = d.tied ? out->embed : take(&at, d.V * d.E);
    for (size_t i = 0; i < d.layers; i++) {
        struct mg_layer_params *l = &out->layers[i];

        l->qkv = take(&at, d.qkv * d.E);
        l->o = take(&at, d.E * d.H * d.D);
        l->gate_up = take(&at, 2 * d.F * d.E);
        l->down = take(&at, d.E * d.F);
    }
    out->decay_elems = at;
    for (size_t i = 0; i < d.layers; i++) {
        out->layers[i].norm1 = take(&at, d.E);
        out->layers[i].norm2 = take(&at, d.E);
    }
    out->norm = take(&at, d.E);
    out->elems = at;
out:
    return st;
}

void
mg_params_free(struct mg_params *p)
{
    free(p->layers);
    p->layers = NULL;
}

/* The slices of one layer; cols 0 marks a vector. */
static enum mg_status
each_of_layer(const struct mg_params *p, size_t i, mg_param_visit *visit, void *arg, struct mg_err *err)
{
    const struct mg_dims *d = &p->dims;
    const struct mg_layer_params *l = &p->layers[i];
    const size_t q_rows = d->H * d->D, kv_rows = d->K * d->D;
    const struct mg_param_slice table[] = {
        {"input_layernorm", l->norm1, d->E, 0},
        {"self_attn.q_proj", l->qkv, q_rows, d->E},
        {"self_attn.k_proj", l->qkv + q_rows * d->E, kv_rows, d->E},
        {"self_attn.v_proj", l->qkv + (q_rows + kv_rows) * d->E, kv_rows, d->E},
        {"self_attn.o_proj", l->o, d->E, q_rows},
        {"post_attention_layernorm", l->norm2, d->E, 0},
        {"mlp.gate_proj", l->gate_up, d->F, d->E},
        {"mlp.up_proj", l->gate_up + d->F * d->E, d->F, d->E},
        {"mlp.down_proj", l->down, d->E, d->F},
    };
    enum mg_status st = MG_OK;

    for (size_t j = 0; j < sizeof table / sizeof table[0]; j++) {
        struct mg_param_slice s = table[j];
        char name[96];

        snprintf(name, sizeof name, "model.layers.%zu.%s.weight", i, table[j].name);
        s.name = name;
        MG_TRY(visit(arg, &s, err));
    }
out:
    return st;
}

enum mg_status
mg_params_each(const struct mg_params *p, mg_param_visit *visit, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_dims *d = &p->dims;
    const struct mg_param_slice embed = {"model.embed_tokens.weight", p->embed, d->V, d->E};
    const struct mg_param_slice head = {"lm_head.weight", p->head, d->V, d->E};
    const struct mg_param_slice norm = {"model.norm.weight", p->norm, d->E, 0};

    MG_TRY(visit(arg, &embed, err));
    if (!d->tied)
        MG_TRY(visit(arg, &head, err));
    for (size_t i = 0; i < d->layers; i++)
        MG_TRY(each_of_layer(p, i, visit, arg, err));
    MG_TRY(visit(arg, &norm, err));
out:
    return st;
}

static void
draw_normal(float *x, size_t n, double deviation, uint64_t seed, uint32_t stream)
{
    struct mg_rng rng;

    mg_rng_init(&rng, seed, MG_RNG_INIT, stream, 0, 0);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(deviation * mg_rng_normal(&rng));
}

void
mg_params_draw(const struct mg_params *p, uint64_t seed, float *host)
{
    const struct mg_dims *d = &p->dims;
    double residual = 0.02 / sqrt(2.0 * (double)d->layers);
    uint32_t stream = 0;

    draw_normal(host + p->embed, d->V * d->E, 0.02, seed, stream++);
    if (!d->tied)
        draw_normal(host + p->head, d->V * d->E, 0.02, seed, stream++);
    for (size_t i = 0; i < d->layers; i++) {
        const struct mg_layer_params *l = &p->layers[i];

        draw_normal(host + l->qkv, d->qkv * d->E, 0.02, seed, stream++);
        draw_normal(host + l->o, d->E * d->H * d->D, residual, seed, stream++);
        draw_normal(host + l->gate_up, 2 * d->F * d->E, 0.02, seed, stream++);
        draw_normal(host + l->down, d->E * d->F, residual, seed, stream++);
    }
    for (size_t i = p->decay_elems; i < p->elems; i++)
        host[i] = 1.0f;
}
