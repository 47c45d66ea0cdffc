/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "run/config.h"
#include "memory_file.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a configuration file, and a recorded configuration. A file that is read
 * must come back from its record without a difference; one that is refused must be refused with a sentence.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_back(struct mg_config *c)
{
    struct mg_err err = {0};
    struct mg_config again = {0};
    char *before = mg_config_to_json(c), *after, *difference;

    if (before == NULL || mg_config_from_json(before, &again, &err) != MG_OK)
        abort();
    after = mg_config_to_json(&again);
    difference = mg_config_difference(after, before);
    if (difference != NULL || strcmp(before, after) != 0)
        abort();
    free(before);
    free(after);
    mg_config_free(&again);
    mg_config_free(c);
}

static void
as_record(const uint8_t *data, size_t size)
{
    struct mg_err err = {0};
    struct mg_config c = {0};
    char *text = calloc(size + 1, 1);

    if (text == NULL)
        abort();
    memcpy(text, data, size);
    if (mg_config_from_json(text, &c, &err) == MG_OK)
        read_back(&c);
    else if (err.text[0] == '\0')
        abort();
    free(mg_config_difference(text, "{}"));
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_err err = {0};
    struct mg_config c = {0};
    const char *path = memory_file(data, size);

    if (mg_config_load(path, &c, &err) == MG_OK)
        read_back(&c);
    else if (err.text[0] == '\0')
        abort();
    as_record(data, size);
    return 0;
}
