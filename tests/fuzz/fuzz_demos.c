/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/demo_file.h"
#include "memory_file.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a file of demonstrations, read twice as training does. What is accepted
 * must hold ids of the vocabulary and keep within its length. Run in the source folder.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_LEN = 64 };

/* Reads to the end or to the first fault. Returns the number of demonstrations. */
static size_t
read_all(struct mg_demo_file *f, struct mg_tokenizer *tok)
{
    struct mg_err err = {0};
    struct mg_example e = {0};
    enum mg_status st;
    size_t n = 0;
    bool more = true;

    while ((st = mg_demo_file_next(f, MAX_LEN, &e, &more, &err)) == MG_OK && more) {
        n++;
        if (e.t.len < 1 || e.t.len > MAX_LEN || e.t.mask[0] != 0)
            abort();
        for (uint32_t i = 0; i < e.t.len; i++)
            if (e.t.ids[i] < 0 || e.t.ids[i] >= mg_tokenizer_vocab_size(tok) || e.t.mask[i] > 1 ||
                e.role[i] > MG_N_ROLES)
                abort();
    }
    if (st != MG_OK && err.text[0] == '\0')
        abort();
    mg_example_free(&e);
    return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const agents[] = {NULL, "main"};
    static struct mg_tokenizer *tok;
    struct mg_err err = {0};
    const char *path = memory_file(data, size);

    if (tok == NULL && mg_tokenizer_load("data/tokenizer.json", &tok, &err) != MG_OK)
        abort();
    for (int i = 0; i < 2; i++) {
        struct mg_demo_file *f = NULL;
        size_t first;

        if (mg_demo_file_open(path, agents[i], tok, &f, &err) != MG_OK)
            abort();
        first = read_all(f, tok);
        if (mg_demo_file_rewind(f, &err) != MG_OK || read_all(f, tok) != first)
            abort();
        mg_demo_file_close(f);
    }
    return 0;
}
