/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "model/safetensors.h"

struct reader {
    const struct mg_safetensors *file;
    const char *path;
    float *host; /* [P] */
};

static enum mg_status
read_slice(void *arg, const struct mg_param_slice *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct reader *r = arg;
    const struct mg_st_entry *e = mg_safetensors_find(r->file, s->name);
    unsigned rank = s->cols > 0 ? 2 : 1;
    size_t n = s->rows * (s->cols > 0 ? s->cols : 1);

    MG_REQUIRE(e != NULL, MG_INPUT, "%s: there is no tensor %s", r->path, s->name);
    MG_REQUIRE(e->rank == rank && e->shape[0] == s->rows && (rank == 1 || e->shape[1] == s->cols), MG_INPUT,
               "%s: %s has rank %u and extents %zu, %zu; the configuration says %zu, %zu", r->path, s->name, e->rank,
               e->shape[0], e->shape[1], s->rows, s->cols);
    mg_safetensors_read_f32(r->file, e, r->host + s->offset);
    for (size_t i = 0; i < n; i++)
        MG_REQUIRE(isfinite(r->host[s->offset + i]), MG_INPUT, "%s: %s holds a value that is not finite", r->path,
                   s->name);
out:
    return st;
}

enum mg_status
mg_policy_read_weights(struct mg_policy *p, const char *dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_safetensors *file = NULL;
    struct reader r = {0};
    struct mg_path path = mg_path_print("%s/model.safetensors", dir);

    MG_TRY(mg_safetensors_open(path.text, &file, err));
    r.file = file;
    r.path = path.text;
    MG_ALLOC(r.host, p->params.elems);
    MG_TRY(mg_params_each(&p->params, read_slice, &r, err));
    MG_TRY(mg_op_write(p, p->weights, r.host, err));
    p->packed_fresh = false;
out:
    free(r.host);
    mg_safetensors_close(file);
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
