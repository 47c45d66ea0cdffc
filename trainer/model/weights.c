/* SPDX-License-Identifier: Apache-2.0 */
#include "model/weights.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/path.h"
#include "model/safetensors.h"

enum { MAX_INDEX_BYTES = 32 << 20, MAX_SHARDS = 1024, MAX_NAME = 255 };

struct shard {
    char name[MAX_NAME + 1];
    struct mg_path path;
    struct mg_safetensors *file;
    bool *read; /* [tensors of the file] */
};

struct mg_weights {
    json_t *index; /* NULL: one file */
    struct shard *shard;
    size_t n, room;
};

static enum mg_status
add_shard(struct mg_weights *w, const char *dir, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct shard *s;

    MG_REQUIRE(w->n < MAX_SHARDS, MG_INPUT, "%s: the index names more than %d files", dir, (int)MAX_SHARDS);
    MG_GROW(w->shard, w->n + 1, w->room);
    s = &w->shard[w->n++];
    *s = (struct shard){.path = mg_path_print("%s/%s", dir, name)};
    memcpy(s->name, name, strlen(name) + 1);
    MG_TRY(mg_safetensors_open(s->path.text, &s->file, err));
    MG_ALLOC(s->read, mg_safetensors_count(s->file));
out:
    return st;
}

static struct shard *
find_shard(const struct mg_weights *w, const char *name)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->shard[i].name, name) == 0)
            return &w->shard[i];
    return NULL;
}

/* ---- The index ---- */

/* A name of a file in the folder itself. */
static bool
is_shard_name(const char *name)
{
    static const char end[] = ".safetensors";
    size_t n = name != NULL ? strlen(name) : 0, m = sizeof end - 1;

    return n > m && n <= MAX_NAME && name[0] != '.' && strchr(name, '/') == NULL && strcmp(name + n - m, end) == 0;
}

static enum mg_status
open_shards(struct mg_weights *w, const char *dir, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *map = json_object_get(w->index, "weight_map"), *value;
    const char *tensor;

    MG_REQUIRE(json_object_size(map) > 0 && json_object_size(map) <= MG_ST_MAX_TENSORS, MG_INPUT,
               "%s: weight_map is no object of 1 to %d tensors", path, (int)MG_ST_MAX_TENSORS);
    json_object_foreach(map, tensor, value)
    {
        const char *name = json_string_value(value);

        MG_REQUIRE(is_shard_name(name), MG_INPUT,
                   "%s: %.80s is in \"%.80s\", need the name of a .safetensors beside it", path, tensor,
                   name != NULL ? name : "");
        if (find_shard(w, name) == NULL)
            MG_TRY(add_shard(w, dir, name, err));
    }
out:
    return st;
}

static enum mg_status
read_index(struct mg_weights *w, const char *dir, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_error_t why = {.text = "not an object"};
    char *json = NULL;
    size_t len = 0;

    MG_TRY(mg_file_read(path, MAX_INDEX_BYTES, &json, &len, err));
    w->index = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);
    MG_REQUIRE(json_is_object(w->index), MG_INPUT, "%s:%d: %s", path, why.line, why.text);
    MG_TRY(open_shards(w, dir, path, err));
out:
    free(json);
    return st;
}

enum mg_status
mg_weights_open(const char *dir, struct mg_weights **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path whole = mg_path_print("%s/model.safetensors", dir);
    struct mg_path index = mg_path_print("%s/model.safetensors.index.json", dir);
    struct mg_weights *w = NULL;

    MG_ALLOC(w, 1);
    if (access(whole.text, F_OK) != 0 && access(index.text, F_OK) == 0)
        MG_TRY(read_index(w, dir, index.text, err));
    else
        MG_TRY(add_shard(w, dir, "model.safetensors", err));
    *out = w;
    w = NULL;
out:
    mg_weights_close(w);
    return st;
}

void
mg_weights_close(struct mg_weights *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->n; i++) {
        mg_safetensors_close(w->shard[i].file);
        free(w->shard[i].read);
    }
    free(w->shard);
    json_decref(w->index);
    free(w);
}

/* ---- Tensors ---- */

/* *s: the file that has the tensor, or should have it. */
static enum mg_status
find(const struct mg_weights *w, const char *name, struct shard **s, const struct mg_st_entry **e, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *in = json_string_value(json_object_get(json_object_get(w->index, "weight_map"), name));

    MG_REQUIRE(w->index == NULL || in != NULL, MG_INPUT, "%s: the index has no tensor %s", w->shard[0].path.text, name);
    *s = w->index != NULL ? find_shard(w, in) : &w->shard[0];
    *e = mg_safetensors_find((*s)->file, name);
    MG_REQUIRE(*e != NULL, MG_INPUT, "%s: there is no tensor %s%s", (*s)->path.text, name,
               w->index != NULL ? ", which the index says is there" : "");
out:
    return st;
}

enum mg_status
mg_weights_read(struct mg_weights *w, const char *name, size_t rows, size_t cols, float *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    unsigned rank = cols > 0 ? 2 : 1;
    size_t n = rows * (cols > 0 ? cols : 1);
    const struct mg_st_entry *e;
    struct shard *s;

    MG_TRY(find(w, name, &s, &e, err));
    MG_REQUIRE(e->rank == rank && e->shape[0] == rows && (rank == 1 || e->shape[1] == cols), MG_INPUT,
               "%s: %s has rank %u and extents %zu, %zu; the configuration says %zu, %zu", s->path.text, name, e->rank,
               e->shape[0], e->shape[1], rows, cols);
    MG_REQUIRE(e->dtype != MG_ST_OTHER, MG_INPUT, "%s: %s: dtype is %s, need F32, F16 or BF16", s->path.text, name,
               e->type);
    mg_safetensors_read_f32(s->file, e, out);
    for (size_t i = 0; i < n; i++)
        MG_REQUIRE(isfinite(out[i]), MG_INPUT, "%s: %s holds a value that is not finite", s->path.text, name);
    s->read[e - mg_safetensors_at(s->file, 0)] = true;
out:
    return st;
}

static bool
ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Whether a bias, as files have it that were made of a model without one, is of zeros. */
static enum mg_status
is_zero(const struct shard *s, const struct mg_st_entry *e, bool *zero, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    float *values = NULL;
    size_t n;

    *zero = false;
    if (e->dtype == MG_ST_OTHER || e->rank != 1 || !ends_in(e->name, ".bias"))
        return MG_OK;
    n = e->shape[0];
    MG_ALLOC(values, n);
    mg_safetensors_read_f32(s->file, e, values);
    *zero = true;
    for (size_t i = 0; i < n; i++)
        *zero &= values[i] == 0.0f;
out:
    free(values);
    return st;
}

/* Tables that a model computes by itself, and what is tied to the embedding. */
static bool
is_no_parameter(const struct mg_st_entry *e, bool tied)
{
    return !e->real || ends_in(e->name, ".inv_freq") || ends_in(e->name, ".cos_cached") ||
           ends_in(e->name, ".sin_cached") || ends_in(e->name, ".masked_bias") ||
           (tied && strcmp(e->name, "lm_head.weight") == 0);
}

enum mg_status
mg_weights_check_rest(const struct mg_weights *w, bool tied, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < w->n; i++) {
        const struct shard *s = &w->shard[i];

        for (size_t k = 0; k < mg_safetensors_count(s->file); k++) {
            const struct mg_st_entry *e = mg_safetensors_at(s->file, k);
            bool zero;

            if (s->read[k] || is_no_parameter(e, tied))
                continue;
            MG_TRY(is_zero(s, e, &zero, err));
            MG_REQUIRE(zero, MG_INPUT, "%s: %.100s is not read and would change the computation", s->path.text,
                       e->name);
        }
    }
out:
    return st;
}
