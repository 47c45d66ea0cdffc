/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "question/scorer.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is an answer. Its plain form is UTF-8 with one space between words and none at
 * the ends, and it is right as an answer to itself, unless it is empty or "none".
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_err err = {0};
    char *text = malloc(size + 1), *plain = NULL;
    bool right = false, counts;
    size_t n;

    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (mg_answer_normalise(text, strlen(text), &plain, &err) != MG_OK)
        abort();
    n = strlen(plain);
    if (!mg_text_valid(plain, n) || strstr(plain, "  ") != NULL || plain[0] == ' ' || (n > 0 && plain[n - 1] == ' '))
        abort();
    counts = n > 0 && strcmp(plain, "none") != 0;
    if (mg_answer_matches(text, strlen(text), text, NULL, 0, &right, &err) != MG_OK || right != counts)
        abort();
    free(plain);
    free(text);
    return 0;
}
