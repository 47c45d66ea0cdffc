/* SPDX-License-Identifier: Apache-2.0 */
#include <zlib.h>

#include "dialogue/rollout_log.h"
#include "memory_file.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is the text of a rollout log, which is compressed here, so that the fuzzer
 * need not find the check sum. What is accepted holds masks of 0 and 1.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_compressed(const char *path, const uint8_t *data, size_t size)
{
    gzFile f = gzopen(path, "wb1");

    if (f == NULL || gzwrite(f, data, (unsigned)size) != (int)size || gzclose(f) != Z_OK)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_err err = {0};
    struct mg_trajectory *list = NULL;
    size_t n = 0;
    const char *path = memory_file(data, 0);
    enum mg_status st;

    write_compressed(path, data, size);
    st = mg_rollout_log_read(path, &list, &n, &err);
    if (st != MG_OK && err.text[0] == '\0')
        abort();
    for (size_t r = 0; st == MG_OK && r < n; r++)
        for (uint32_t i = 0; i < list[r].len; i++)
            if (list[r].mask[i] > 1 || list[r].ids[i] < 0)
                abort();
    if (st == MG_OK)
        mg_rollout_log_free(list, n);
    return 0;
}
