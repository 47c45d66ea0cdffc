/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tune_rows.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a file of tuned parameters. A line is a row or is complained of, with a
 * sentence; without complaints the first malformed one ends it.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    unsigned rows, malformed;
};

static void
visit(void *arg, const struct clg_tune_row *row)
{
    struct seen *s = arg;

    if (row->current && row->op >= CLG_TUNE_N_OPS)
        abort();
    s->rows++;
}

static void
complain(void *arg, const char *sentence)
{
    struct seen *s = arg;

    if (sentence[0] == '\0')
        abort();
    s->malformed++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct clgrpo_context ctx;
    struct seen all = {0}, first = {0};

    if (clg_tune_parse(&ctx, "f", (const char *)data, size, visit, complain, &all) != CLGRPO_OK ||
        clgrpo_error_status(&ctx) != CLGRPO_OK)
        abort();
    if ((clg_tune_parse(&ctx, "f", (const char *)data, size, visit, NULL, &first) == CLGRPO_OK) !=
            (all.malformed == 0) ||
        first.rows > all.rows)
        abort();
    clgrpo_error_clear(&ctx);
    return 0;
}
