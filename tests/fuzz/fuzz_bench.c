/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "output/output.h"
#include "memory_file.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a file of results, which is read, and compared with itself: nothing is then
 * slower.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(char *path, char *option)
{
    char *argv[] = {(char[]){"compare"}, (char[]){"--fail-slower"}, option, path, path, NULL};

    optind = 1;
    if (output_compare(5, argv) == 1)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench_results r = {0};
    char path[64];

    snprintf(path, sizeof path, "%s", memory_file(data, size));
    if (!output_read(path, &r))
        return 0;
    for (size_t i = 0; i < r.n; i++)
        if (r.rows[i].row[0] == '\0' || r.rows[i].unit[0] == '\0' || !isfinite(r.rows[i].value) ||
            r.rows[i].n_peers > BENCH_MAX_PEERS)
            abort();
    output_free(&r);
    compare(path, (char[]){"--json"});
    compare(path, (char[]){"--ratio"});
    return 0;
}
