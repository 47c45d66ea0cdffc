/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/safetensors.h"
#include "model/weights.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is model.safetensors.index.json, beside two shards that are there. What is
 * accepted has its tensors read, or refused with a sentence.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/fuzz_weights.XXXXXX";

static void
begin(void)
{
    static const float one[] = {1.0f, 2.0f};
    struct mg_st_entry a = {.name = "a", .rank = 1, .shape = {2}, .f32 = one};
    struct mg_st_entry b = {.name = "b.bias", .rank = 1, .shape = {2}, .f32 = one};
    struct mg_err err = {0};
    char path[64];

    if (mkdtemp(folder) == NULL)
        abort();
    snprintf(path, sizeof path, "%s/1.safetensors", folder);
    if (mg_safetensors_write(path, &a, 1, MG_ST_F32, &err) != MG_OK)
        abort();
    snprintf(path, sizeof path, "%s/2.safetensors", folder);
    if (mg_safetensors_write(path, &b, 1, MG_ST_F16, &err) != MG_OK)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int index_file = -1;
    struct mg_err err = {0};
    struct mg_weights *w = NULL;
    char path[64];
    float values[2];

    if (index_file < 0) {
        begin();
        snprintf(path, sizeof path, "%s/model.safetensors.index.json", folder);
        index_file = open(path, O_RDWR | O_CREAT, 0600);
    }
    if (index_file < 0 || ftruncate(index_file, 0) != 0 || pwrite(index_file, data, size, 0) != (ssize_t)size)
        abort();
    if (mg_weights_open(folder, &w, &err) == MG_OK) {
        (void)mg_weights_read(w, "a", 2, 0, values, &err);
        (void)mg_weights_check_rest(w, false, &err);
    } else if (err.text[0] == '\0')
        abort();
    mg_weights_close(w);
    return 0;
}
