/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/rng.h"

/* Both hashes are mixed, so that every bit of the input reaches the low bits, which are the index. */
static uint32_t
hash_bytes(const char *p, size_t len)
{
    return (uint32_t)mg_rng_mix(mg_hash(p, len));
}

static uint32_t
hash_pair(int32_t left, int32_t right)
{
    return (uint32_t)mg_rng_mix(((uint64_t)(uint32_t)left << 32) | (uint32_t)right);
}

uint32_t
mg_tok_table_mask(size_t n)
{
    size_t size = 16;

    while (size < 2 * n)
        size *= 2;
    return (uint32_t)(size - 1);
}

int32_t
mg_tok_names_find(const struct mg_tokenizer *tok, const char *spelling, size_t len)
{
    const struct tok_names *names = &tok->names;
    uint32_t i = hash_bytes(spelling, len) & names->mask;

    for (; names->slot[i] != 0; i = (i + 1) & names->mask) {
        const struct tok_piece *p = &tok->piece[names->slot[i] - 1];

        if (p->spelling_len == len && memcmp(p->spelling, spelling, len) == 0)
            return (int32_t)(names->slot[i] - 1);
    }
    return -1;
}

enum mg_status
mg_tok_names_add(struct mg_tokenizer *tok, int32_t id, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct tok_names *names = &tok->names;
    const struct tok_piece *p = &tok->piece[id];
    uint32_t i = hash_bytes(p->spelling, p->spelling_len) & names->mask;
    int probes = 0;

    for (; names->slot[i] != 0; i = (i + 1) & names->mask)
        MG_REQUIRE(++probes < TOK_PROBES, MG_INPUT, "the vocabulary is crafted: %d pieces share one hash", probes);
    names->slot[i] = (uint32_t)id + 1;
out:
    return st;
}

const struct tok_merge *
mg_tok_merges_find(const struct tok_merges *merges, int32_t left, int32_t right)
{
    uint32_t i = hash_pair(left, right) & merges->mask;

    for (; merges->slot[i].rank_plus_1 != 0; i = (i + 1) & merges->mask)
        if (merges->slot[i].left == left && merges->slot[i].right == right)
            return merges->slot[i].merged >= 0 ? &merges->slot[i] : NULL;
    return NULL;
}

void
mg_tok_merges_forbid(struct tok_merges *merges, int32_t merged)
{
    for (size_t i = 0; i <= merges->mask; i++)
        if (merges->slot[i].rank_plus_1 != 0 && merges->slot[i].merged == merged)
            merges->slot[i].merged = -1;
}

enum mg_status
mg_tok_merges_put(struct tok_merges *merges, struct tok_merge entry, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t i = hash_pair(entry.left, entry.right) & merges->mask;
    int probes = 0;

    for (; merges->slot[i].rank_plus_1 != 0; i = (i + 1) & merges->mask) {
        if (merges->slot[i].left == entry.left && merges->slot[i].right == entry.right)
            break;
        MG_REQUIRE(++probes < TOK_PROBES, MG_INPUT, "the merges are crafted: %d pairs share one hash", probes);
    }
    merges->slot[i] = entry;
out:
    return st;
}
