/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/safetensors.h"
#include "memory_file.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is the header without its length, up to the first NUL, then the data. The
 * length is put in front, so that the fuzzer need not guess it. Every tensor of a file that is accepted is read.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_all(const struct mg_safetensors *s, const struct mg_st_entry *e)
{
    size_t n = 1;
    float *values;

    for (unsigned i = 0; i < e->rank; i++)
        n *= e->shape[i];
    values = malloc(n * sizeof *values + 1);
    if (values == NULL)
        abort();
    mg_safetensors_read_f32(s, e, values);
    free(values);
}

/* The path of the file. */
static const char *
make_file(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size + 8);
    const char *path;
    size_t len = 0;

    if (bytes == NULL)
        abort();
    while (len < size && data[len] != 0)
        len++;
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)len >> (8 * i));
    memcpy(bytes + 8, data, len);
    if (len < size)
        memcpy(bytes + 8 + len, data + len + 1, size - len - 1);
    path = memory_file(bytes, len < size ? size + 7 : size + 8);
    free(bytes);
    return path;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a", "b", "weight", "model.norm.weight"};
    struct mg_err err = {0};
    struct mg_safetensors *s = NULL;
    const char *path = make_file(data, size);

    if (mg_safetensors_open(path, &s, &err) == MG_OK)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const struct mg_st_entry *e = mg_safetensors_find(s, names[i]);

            if (e != NULL && e->dtype != MG_ST_OTHER && e->rank <= MG_ST_MAX_RANK)
                read_all(s, e);
        }
    mg_safetensors_close(s);
    return 0;
}
