/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "question/judge.h"

/* libFuzzer entry (scripts/fuzz): the input is what a judge's program said. A value lies from 0 to 1. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_verdict v = {0};
    char *text = malloc(size + 1); /* exactly as large, so that a byte too far is seen */

    if (text == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    if (mg_verdict_parse(text, size, &v) == NULL && v.kind == MG_VERDICT_VALUE && !(v.value >= 0.0 && v.value <= 1.0))
        abort();
    free(text);
    return 0;
}
