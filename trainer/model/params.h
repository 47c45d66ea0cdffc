/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PARAMS_H
#define MGRPO_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#include "model/model_config.h"
#include "base/status.h"

/*
 * Where each weight of a Llama-family decoder lies in one flat vector of P floats. Matrices come first, norms last, so
 * that weight decay is a prefix. Query, key and value projections of a layer are adjacent (one GEMM), gate and up
 * projections too.
 *
 * Letters: E width, F feed-forward width, H query heads, K key/value heads, D head dimension, V vocabulary.
 */
struct mg_dims {
    size_t E, F, H, K, D, V, layers;
    size_t qkv; /* (H + 2K) D */
    float eps;
    double theta;
    bool tied;
};

struct mg_layer_params {
    size_t qkv;          /* [(H + 2K) D][E] */
    size_t o;            /* [E][H D] */
    size_t gate_up;      /* [2F][E] */
    size_t down;         /* [E][F] */
    size_t norm1, norm2; /* [E] */
};

struct mg_params {
    struct mg_dims dims;
    size_t embed; /* [V][E] */
    size_t head;  /* [V][E]; the same as embed when tied */
    size_t norm;  /* [E] */
    struct mg_layer_params *layers;
    size_t decay_elems; /* matrices: 0 .. decay_elems-1 */
    size_t elems;       /* P */
};

enum mg_status mg_params_layout(const struct mg_model_config *config, struct mg_params *out, struct mg_err *err);
void mg_params_free(struct mg_params *p);

/* The tensors of a Hugging Face file, by their names, in the flat vector. Calls visit for each, in a fixed order. */
struct mg_param_slice {
    const char *name;
    size_t offset, rows, cols; /* cols 0: a vector of `rows` */
};
typedef enum mg_status mg_param_visit(void *arg, const struct mg_param_slice *slice, struct mg_err *err);
enum mg_status mg_params_each(const struct mg_params *p, mg_param_visit *visit, void *arg, struct mg_err *err);

/* Fresh weights: normal of deviation 0.02, residual projections smaller by sqrt(2 layers), norms 1. */
void mg_params_draw(const struct mg_params *p, uint64_t seed, float *host);

#endif
