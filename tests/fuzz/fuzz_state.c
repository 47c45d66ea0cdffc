/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <zlib.h>

#include "policy/state_format.h"
#include "memory_file.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a state file of a model of two weights. Behind a first byte that is even
 * the magic and the checksum are put right, so that the fuzzer need not find them. What is read is written and read again.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ELEMS = 2, MAGIC = 8, CRC = 40, HEADER = 48, MAX = 1 << 16 };

static void
put_right(uint8_t *file, size_t size)
{
    uint32_t crc;

    if (size < HEADER)
        return;
    memcpy(file, MG_STATE_MAGIC, MAGIC);
    crc = (uint32_t)crc32_z(0, file + HEADER, size - HEADER);
    memcpy(file + CRC, &crc, sizeof crc);
}

static void
again(const float host[3 * ELEMS], uint64_t version, const char *extra)
{
    struct mg_err err = {0};
    float back[3 * ELEMS];
    char path[64], *text = NULL;
    uint64_t number;

    snprintf(path, sizeof path, "/dev/shm/fuzz_state.%ld", (long)getpid());
    if (mg_state_write(path, ELEMS, host, version, extra, &err) != MG_OK ||
        mg_state_read(path, ELEMS, back, &number, &text, &err) != MG_OK || number != version ||
        memcmp(back, host, sizeof back) != 0 || strcmp(text, extra) != 0)
        abort();
    free(text);
    unlink(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[MAX];
    struct mg_err err = {0};
    float host[3 * ELEMS];
    char *extra = NULL;
    uint64_t version = 0;
    const char *path;

    if (size < 1 || size > MAX)
        return 0;
    memcpy(file, data + 1, size - 1);
    if (data[0] % 2 == 0)
        put_right(file, size - 1);
    path = memory_file(file, size - 1);
    if (mg_state_format_check(path, &err) != MG_OK ||
        mg_state_read(path, ELEMS, host, &version, &extra, &err) != MG_OK) {
        if (err.text[0] == '\0' || extra != NULL)
            abort();
        return 0;
    }
    again(host, version, extra);
    free(extra);
    return 0;
}
