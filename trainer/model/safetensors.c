/* SPDX-License-Identifier: Apache-2.0 */
#include "model/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_HEADER = 100 << 20 };

struct mg_safetensors {
    unsigned char *map;
    size_t bytes, data;          /* of the file; where the data section begins */
    json_t *header;              /* owns the names */
    struct mg_st_entry *entries; /* by `begin` */
    const struct mg_st_entry **by_name;
    size_t n;
};

/* The types of the format, those that are read in the order of the enum. */
static const struct {
    const char *name;
    unsigned bits;
    bool real;
} types[] = {
    {"F32", 32, true},        {"F16", 16, true},        {"BF16", 16, true},   {"BOOL", 8, false},
    {"F4", 4, true},          {"F6_E2M3", 6, true},     {"F6_E3M2", 6, true}, {"U8", 8, false},
    {"I8", 8, false},         {"F8_E5M2", 8, true},     {"F8_E4M3", 8, true}, {"F8_E8M0", 8, true},
    {"F8_E4M3FNUZ", 8, true}, {"F8_E5M2FNUZ", 8, true}, {"I16", 16, false},   {"U16", 16, false},
    {"I32", 32, false},       {"U32", 32, false},       {"C64", 64, true},    {"F64", 64, true},
    {"I64", 64, false},       {"U64", 64, false},
};
enum { N_TYPES = sizeof types / sizeof types[0], LARGEST_RANK = 64 };

static enum mg_status
map_file(const char *path, struct mg_safetensors *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    MG_REQUIRE(fd >= 0, MG_INPUT, "%s: %s", path, strerror(errno));
    MG_REQUIRE(fstat(fd, &info) == 0 && S_ISREG(info.st_mode), MG_INPUT, "%s: not a regular file", path);
    MG_REQUIRE(info.st_size >= 8, MG_INPUT, "%s: %lld bytes are too few for a safetensors file", path,
               (long long)info.st_size);
    s->bytes = (size_t)info.st_size;
    s->map = mmap(NULL, s->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (s->map == MAP_FAILED)
        s->map = NULL;
    MG_REQUIRE(s->map != NULL, MG_FAIL, "%s: mmap of %zu bytes: %s", path, s->bytes, strerror(errno));
out:
    if (fd >= 0)
        close(fd);
    return st;
}

static enum mg_status
read_header(const char *path, struct mg_safetensors *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint64_t len = 0;
    json_error_t why;

    for (int i = 7; i >= 0; i--)
        len = len << 8 | s->map[i];
    MG_REQUIRE(len <= MAX_HEADER && len <= s->bytes - 8, MG_INPUT, "%s: a header of %llu bytes in a file of %zu", path,
               (unsigned long long)len, s->bytes);
    s->data = 8 + (size_t)len;
    s->header = json_loadb((const char *)s->map + 8, (size_t)len, JSON_REJECT_DUPLICATES, &why);
    MG_REQUIRE(s->header != NULL, MG_INPUT, "%s: header: %s", path, why.text);
    MG_REQUIRE(json_is_object(s->header) && json_object_size(s->header) <= MG_ST_MAX_TENSORS, MG_INPUT,
               "%s: the header is no object of at most %d tensors", path, MG_ST_MAX_TENSORS);
out:
    return st;
}

/* *elems: the product of all extents. */
static enum mg_status
read_shape(const char *path, const json_t *shape, struct mg_st_entry *e, size_t *elems, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(json_is_array(shape) && json_array_size(shape) <= LARGEST_RANK, MG_INPUT,
               "%s: %.80s: shape is no list of at most %d numbers", path, e->name, (int)LARGEST_RANK);
    e->rank = (unsigned)json_array_size(shape);
    *elems = 1;
    for (unsigned i = 0; i < e->rank; i++) {
        const json_t *d = json_array_get(shape, i);

        MG_REQUIRE(json_is_integer(d) && json_integer_value(d) >= 0 &&
                       !__builtin_mul_overflow(*elems, (size_t)json_integer_value(d), elems),
                   MG_INPUT, "%s: %.80s: dimension %u is no size, or the product overflows", path, e->name, i);
        if (i < MG_ST_MAX_RANK)
            e->shape[i] = (size_t)json_integer_value(d);
    }
out:
    return st;
}

static enum mg_status
read_type(const char *path, const json_t *value, struct mg_st_entry *e, unsigned *bits, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *dtype = json_string_value(json_object_get(value, "dtype"));
    size_t i = 0;

    while (i < N_TYPES && (dtype == NULL || strcmp(dtype, types[i].name) != 0))
        i++;
    MG_REQUIRE(i < N_TYPES, MG_INPUT, "%s: %.80s: dtype is \"%.16s\", which the format does not have", path, e->name,
               dtype != NULL ? dtype : "");
    e->dtype = i < MG_ST_OTHER ? (enum mg_st_dtype)i : MG_ST_OTHER;
    e->type = types[i].name;
    e->real = types[i].real;
    *bits = types[i].bits;
out:
    return st;
}

static enum mg_status
read_entry(const char *path, const struct mg_safetensors *s, const json_t *value, struct mg_st_entry *e,
           struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *offsets = json_object_get(value, "data_offsets");
    json_int_t begin = json_integer_value(json_array_get(offsets, 0)),
               end = json_integer_value(json_array_get(offsets, 1));
    size_t elems = 0, need;
    unsigned bits = 0;

    MG_TRY(read_type(path, value, e, &bits, err));
    MG_TRY(read_shape(path, json_object_get(value, "shape"), e, &elems, err));
    MG_REQUIRE(json_array_size(offsets) == 2 && begin >= 0 && end >= begin && (size_t)end <= s->bytes - s->data,
               MG_INPUT, "%s: %.80s: data from %lld to %lld, the file has %zu bytes of it", path, e->name,
               (long long)begin, (long long)end, s->bytes - s->data);
    e->begin = (size_t)begin;
    e->bytes = (size_t)(end - begin);
    MG_REQUIRE(!__builtin_mul_overflow(elems, (size_t)bits, &need) && need % 8 == 0 && need / 8 == e->bytes, MG_INPUT,
               "%s: %.80s: %zu bytes of data for %zu elements of %s", path, e->name, e->bytes, elems, e->type);
out:
    return st;
}

static int
by_begin(const void *a, const void *b)
{
    const struct mg_st_entry *x = a, *y = b;

    return x->begin != y->begin ? (x->begin > y->begin) - (x->begin < y->begin)
                                : (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp((*(const struct mg_st_entry *const *)a)->name, (*(const struct mg_st_entry *const *)b)->name);
}

static enum mg_status
sort_names(struct mg_safetensors *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_ALLOC(s->by_name, s->n);
    for (size_t i = 0; i < s->n; i++)
        s->by_name[i] = &s->entries[i];
    qsort(s->by_name, s->n, sizeof *s->by_name, by_name);
out:
    return st;
}

static enum mg_status
read_entries(const char *path, struct mg_safetensors *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *name;
    json_t *value;
    size_t at = 0;

    MG_ALLOC(s->entries, json_object_size(s->header));
    json_object_foreach(s->header, name, value)
    {
        struct mg_st_entry *e = &s->entries[s->n];

        if (strcmp(name, "__metadata__") == 0)
            continue;
        e->name = name;
        MG_TRY(read_entry(path, s, value, e, err));
        s->n++;
    }
    qsort(s->entries, s->n, sizeof *s->entries, by_begin);
    for (size_t i = 0; i < s->n; i++) {
        const struct mg_st_entry *e = &s->entries[i];

        MG_REQUIRE(e->begin == at, MG_INPUT,
                   "%s: %.80s begins at byte %zu of the data, the tensor before it ends at %zu", path, e->name,
                   e->begin, at);
        at += e->bytes;
    }
    MG_REQUIRE(at == s->bytes - s->data, MG_INPUT, "%s: the tensors end at byte %zu of the data, which has %zu", path,
               at, s->bytes - s->data);
out:
    return st;
}

enum mg_status
mg_safetensors_open(const char *path, struct mg_safetensors **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_safetensors *s = NULL;

    MG_ALLOC(s, 1);
    MG_TRY(map_file(path, s, err));
    MG_TRY(read_header(path, s, err));
    MG_TRY(read_entries(path, s, err));
    MG_TRY(sort_names(s, err));
    *out = s;
    s = NULL;
out:
    mg_safetensors_close(s);
    return st;
}

void
mg_safetensors_close(struct mg_safetensors *s)
{
    if (s == NULL)
        return;
    if (s->map != NULL)
        munmap(s->map, s->bytes);
    json_decref(s->header);
    free(s->by_name);
    free(s->entries);
    free(s);
}

size_t
mg_safetensors_count(const struct mg_safetensors *s)
{
    return s->n;
}

const struct mg_st_entry *
mg_safetensors_at(const struct mg_safetensors *s, size_t i)
{
    return &s->entries[i];
}

const struct mg_st_entry *
mg_safetensors_find(const struct mg_safetensors *s, const char *name)
{
    const struct mg_st_entry wanted = {.name = name}, *key = &wanted;
    const struct mg_st_entry **found = bsearch(&key, s->by_name, s->n, sizeof *s->by_name, by_name);

    return found != NULL ? *found : NULL;
}

void
mg_safetensors_read_f32(const struct mg_safetensors *s, const struct mg_st_entry *e, float *out)
{
    const unsigned char *from = s->map + s->data + e->begin;
    size_t n = e->bytes / (types[e->dtype].bits / 8);
    uint16_t h;

    if (e->dtype == MG_ST_F32) {
        memcpy(out, from, e->bytes);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(&h, from + 2 * i, sizeof h);
        out[i] = e->dtype == MG_ST_F16 ? mg_f16_to_f32(h) : mg_bf16_to_f32(h);
    }
}
