/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/safetensors.h"

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

static void
write_file(int fd, const uint8_t *data, size_t size)
{
    uint8_t prefix[8] = {0};
    size_t len = 0;

    while (len < size && data[len] != 0)
        len++;
    for (int i = 0; i < 8; i++)
        prefix[i] = (uint8_t)((uint64_t)len >> (8 * i));
    if (write(fd, prefix, 8) != 8 || write(fd, data, len) != (ssize_t)len ||
        (len < size && write(fd, data + len + 1, size - len - 1) != (ssize_t)(size - len - 1)))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a", "b", "weight", "model.norm.weight"};
    struct mg_err err = {0};
    struct mg_safetensors *s = NULL;
    char path[64];
    int fd = memfd_create("fuzz", 0);

    if (fd < 0)
        abort();
    write_file(fd, data, size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (mg_safetensors_open(path, &s, &err) == MG_OK)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const struct mg_st_entry *e = mg_safetensors_find(s, names[i]);

            if (e != NULL)
                read_all(s, e);
        }
    mg_safetensors_close(s);
    close(fd);
    return 0;
}
