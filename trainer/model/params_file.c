/* SPDX-License-Identifier: Apache-2.0 */
#include "model/params_file.h"

#include <stdlib.h>
#include <string.h>

#include "model/weights.h"

struct reader {
    struct mg_weights *weights;
    float *host;    /* [P], or NULL */
    float *scratch; /* [room] for one tensor where there is no host */
    size_t room;
};

static enum mg_status
read_slice(void *arg, const struct mg_param_slice *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct reader *r = arg;
    size_t n = s->rows * (s->cols > 0 ? s->cols : 1);

    if (r->host == NULL && n > r->room) {
        free(r->scratch);
        r->scratch = NULL;
        r->room = 0;
        MG_ALLOC(r->scratch, n);
        r->room = n;
    }
    MG_TRY(mg_weights_read(r->weights, s->name, s->rows, s->cols, r->host != NULL ? r->host + s->offset : r->scratch,
                           err));
out:
    return st;
}

enum mg_status
mg_params_read(const struct mg_params *p, const char *dir, float *host, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct reader r = {.host = host};

    MG_TRY(mg_weights_open(dir, &r.weights, err));
    MG_TRY(mg_params_each(p, read_slice, &r, err));
    MG_TRY(mg_weights_check_rest(r.weights, p->dims.tied, err));
out:
    if (st == MG_INPUT)
        mg_hint(err, "mgrpo-model(5) says which models are read.");
    free(r.scratch);
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

enum mg_status
mg_params_write(const struct mg_params *p, const float *host, const char *path, enum mg_st_dtype dtype,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct writer w = {.host = host};

    MG_ALLOC(w.entries, 3 + 9 * p->dims.layers);
    MG_TRY(mg_params_each(p, add_slice, &w, err));
    MG_TRY(mg_safetensors_write(path, w.entries, w.n, dtype, err));
out:
    for (size_t i = 0; i < w.n; i++)
        free((char *)(uintptr_t)w.entries[i].name);
    free(w.entries);
    return st;
}
