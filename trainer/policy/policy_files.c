/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "model/safetensors.h"
#include "model/weights.h"

struct reader {
    struct mg_weights *weights;
    float *host; /* [P] */
};

static enum mg_status
read_slice(void *arg, const struct mg_param_slice *s, struct mg_err *err)
{
    const struct reader *r = arg;

    return mg_weights_read(r->weights, s->name, s->rows, s->cols, r->host + s->offset, err);
}

enum mg_status
mg_policy_read_weights(struct mg_policy *p, const char *dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct reader r = {0};

    MG_TRY(mg_weights_open(dir, &r.weights, err));
    MG_ALLOC(r.host, p->params.elems);
    MG_TRY(mg_params_each(&p->params, read_slice, &r, err));
    MG_TRY(mg_weights_check_rest(r.weights, p->params.dims.tied, err));
    MG_TRY(mg_op_write(p, p->weights, r.host, err));
    p->packed_fresh = false;
out:
    free(r.host);
    mg_weights_close(r.weights);
    return st;
}

struct writer {
    struct mg_st_entry *entries;
    size_t n;
    const float *host;
};

static enum mg_status
add_slice(void *arg, const struct mg_param_slice *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct writer *w = arg;
    struct mg_st_entry *e = &w->entries[w->n];
    char *name = strdup(s->name);

    MG_REQUIRE(name != NULL, MG_FAIL, "out of memory: the name %s", s->name);
    *e = (struct mg_st_entry){
        .name = name, .rank = s->cols > 0 ? 2 : 1, .shape = {s->rows, s->cols}, .f32 = w->host + s->offset};
    w->n++;
out:
    return st;
}

static enum mg_status
write_weights(struct mg_policy *p, const char *path, enum mg_st_dtype dtype, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct writer w = {0};
    float *host = NULL;

    MG_ALLOC(w.entries, 3 + 9 * p->params.dims.layers);
    MG_ALLOC(host, p->params.elems);
    MG_TRY(mg_op_read(p, p->weights, host, err));
    w.host = host;
    MG_TRY(mg_params_each(&p->params, add_slice, &w, err));
    MG_TRY(mg_safetensors_write(path, w.entries, w.n, dtype, err));
out:
    for (size_t i = 0; i < w.n; i++)
        free((char *)(uintptr_t)w.entries[i].name);
    free(w.entries);
    free(host);
    return st;
}

enum mg_status
mg_policy_save_model(struct mg_policy *p, const char *dir, const char *dtype, struct mg_err *err)
{
    static const struct {
        const char *name, *torch;
        enum mg_st_dtype dtype;
    } types[] = {{"f32", "float32", MG_ST_F32}, {"f16", "float16", MG_ST_F16}, {"bf16", "bfloat16", MG_ST_BF16}};
    enum mg_status st = MG_OK;
    struct mg_path path = mg_path_print("%s/model.safetensors", dir);
    size_t t = 0;

    while (t < 3 && strcmp(types[t].name, dtype) != 0)
        t++;
    MG_REQUIRE(t < 3, MG_INPUT, "dtype is \"%.16s\", need f32, f16 or bf16", dtype);
    MG_TRY(mg_dir_make(dir, err));
    MG_TRY(write_weights(p, path.text, types[t].dtype, err));
    MG_TRY(mg_model_config_save(dir, &p->config, types[t].torch, err));
out:
    return st;
}
