/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "world/facts.h"
#include "memory_file.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a fact table, as text. Of an accepted one every value can be shown, and
 * what a value names is there.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_facts facts = {0};
    struct mg_err err = {0};

    if (mg_facts_read(&facts, memory_file(data, size), &err) != MG_OK) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    for (uint32_t i = 0; i < facts.n_entities; i++) {
        const struct mg_entity *e = &facts.entity[i];

        if (e->kind >= MG_KINDS || e->id[0] == '\0' || e->title[0] == '\0')
            abort();
        for (uint32_t a = 0; a < e->n_attr; a++)
            if (e->attr[a].key[0] == '\0' || mg_facts_value(&facts, &e->attr[a]) == NULL ||
                (e->attr[a].ref != MG_NO_ENTITY && e->attr[a].ref >= facts.n_entities))
                abort();
    }
    mg_facts_free(&facts);
    return 0;
}
