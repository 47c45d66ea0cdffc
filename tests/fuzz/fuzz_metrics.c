/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "run/metrics.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is an agent's file of metrics. What can be rewound to a phase can be rewound
 * to an earlier one, and then be read.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum mg_status
visit(void *arg, json_t *line, struct mg_err *err)
{
    (void)err;
    if (!json_is_object(line))
        abort();
    ++*(size_t *)arg;
    return MG_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_err err = {0};
    size_t before = 0, after = 0;
    char path[64];
    bool good;

    snprintf(path, sizeof path, "/dev/shm/fuzz_metrics.%ld", (long)getpid());
    if (mg_file_write_atomic(path, (const char *)data, size, &err) != MG_OK)
        abort();
    good = mg_metrics_each(path, visit, &before, &err) == MG_OK;
    if (!good && err.text[0] == '\0')
        abort();
    if (mg_metrics_rewind(path, 5, &err) == MG_OK && mg_metrics_each(path, visit, &after, &err) == MG_OK) {
        if ((good && after > before) || mg_metrics_rewind(path, 2, &err) != MG_OK)
            abort();
    } else if (err.text[0] == '\0')
        abort();
    unlink(path);
    return 0;
}
