/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/safetensors.h"

static const char *const dtype_names[] = {[MG_ST_F32] = "F32", [MG_ST_F16] = "F16", [MG_ST_BF16] = "BF16"};

/* A tensor in its place in the file. */
struct placed {
    const struct mg_st_entry *entry;
    size_t elems;
};

static size_t
size_of(enum mg_st_dtype dtype)
{
    return dtype == MG_ST_F32 ? 4 : 2;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct placed *)a)->entry->name, ((const struct placed *)b)->entry->name);
}

/* Counts the elements of each, too. */
static enum mg_status
check_entries(struct placed *sorted, size_t n, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t total = 0;

    MG_REQUIRE(n < MG_ST_MAX_TENSORS, MG_INPUT, "%s: %zu tensors, the limit is %d", path, n, MG_ST_MAX_TENSORS - 1);
    for (size_t i = 0; i < n; i++) {
        const struct mg_st_entry *e = sorted[i].entry;
        size_t bytes = sizeof(float);

        MG_REQUIRE(strcmp(e->name, "__metadata__") != 0, MG_INPUT, "%s: a tensor is called __metadata__", path);
        MG_REQUIRE(i == 0 || strcmp(e->name, sorted[i - 1].entry->name) != 0, MG_INPUT,
                   "%s: two tensors are called %.80s", path, e->name);
        MG_REQUIRE(e->rank <= MG_ST_MAX_RANK, MG_INPUT, "%s: %.80s has rank %u, the limit is %d", path, e->name,
                   e->rank, MG_ST_MAX_RANK);
        for (unsigned d = 0; d < e->rank; d++)
            MG_REQUIRE(!__builtin_mul_overflow(bytes, e->shape[d], &bytes), MG_INPUT,
                       "%s: the size of %.80s overflows at dimension %u of %zu", path, e->name, d, e->shape[d]);
        MG_REQUIRE(!__builtin_add_overflow(total, bytes, &total) && total <= INT64_MAX, MG_INPUT,
                   "%s: the size of all tensors overflows at %.80s", path, e->name);
        sorted[i].elems = bytes / sizeof(float);
    }
out:
    return st;
}

static json_t *
describe(const struct placed *p, enum mg_st_dtype dtype, size_t begin)
{
    const struct mg_st_entry *e = p->entry;
    json_t *shape = json_array();

    for (unsigned i = 0; i < e->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)e->shape[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_names[dtype], "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)(begin + p->elems * size_of(dtype)));
}

/* The header padded with spaces, so that the data begins at a multiple of 8. */
static enum mg_status
make_header(const struct placed *sorted, size_t n, enum mg_st_dtype dtype, char **out, size_t *len, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *root = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    char *text = NULL, *padded = NULL;
    size_t begin = 0;

    MG_REQUIRE(root != NULL, MG_FAIL, "out of memory: safetensors header");
    for (size_t i = 0; i < n; i++) {
        MG_REQUIRE(json_object_set_new(root, sorted[i].entry->name, describe(&sorted[i], dtype, begin)) == 0, MG_INPUT,
                   "%.80s is not UTF-8 and cannot name a tensor", sorted[i].entry->name);
        begin += sorted[i].elems * size_of(dtype);
    }
    text = json_dumps(root, JSON_COMPACT);
    MG_REQUIRE(text != NULL, MG_FAIL, "out of memory: safetensors header");
    *len = (strlen(text) + 7) / 8 * 8;
    MG_ALLOC(padded, *len);
    memset(padded, ' ', *len);
    memcpy(padded, text, strlen(text));
    *out = padded;
out:
    json_decref(root);
    free(text);
    return st;
}

static enum mg_status
write_entry(struct mg_file_new *f, const struct placed *p, enum mg_st_dtype dtype, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const float *f32 = p->entry->f32;
    uint16_t *half = NULL;

    if (dtype == MG_ST_F32)
        return mg_file_new_write(f, f32, p->elems * sizeof *f32, err);
    MG_ALLOC(half, p->elems);
    for (size_t i = 0; i < p->elems; i++)
        half[i] = dtype == MG_ST_F16 ? mg_f32_to_f16(f32[i]) : mg_f32_to_bf16(f32[i]);
    MG_TRY(mg_file_new_write(f, half, p->elems * sizeof *half, err));
out:
    free(half);
    return st;
}

enum mg_status
mg_safetensors_write(const char *path, const struct mg_st_entry *entries, size_t n, enum mg_st_dtype dtype,
                     struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct placed *sorted = NULL;
    struct mg_file_new *f = NULL;
    unsigned char prefix[8];
    char *header = NULL;
    size_t len = 0;

    MG_ALLOC(sorted, n);
    for (size_t i = 0; i < n; i++)
        sorted[i].entry = &entries[i];
    qsort(sorted, n, sizeof *sorted, by_name);
    MG_TRY(check_entries(sorted, n, path, err));
    MG_TRY(make_header(sorted, n, dtype, &header, &len, err));
    for (int i = 0; i < 8; i++)
        prefix[i] = (unsigned char)((uint64_t)len >> (8 * i));
    MG_TRY(mg_file_new_open(path, &f, err));
    MG_TRY(mg_file_new_write(f, prefix, sizeof prefix, err));
    MG_TRY(mg_file_new_write(f, header, len, err));
    for (size_t i = 0; i < n; i++)
        MG_TRY(write_entry(f, &sorted[i], dtype, err));
    MG_TRY(mg_file_new_commit(&f, err));
out:
    mg_file_new_abort(f);
    free(sorted);
    free(header);
    return st;
}
