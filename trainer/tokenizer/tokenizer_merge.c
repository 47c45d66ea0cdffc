/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"

static const uint32_t END = UINT32_MAX;

enum mg_status
mg_token_list_reserve(struct mg_token_list *ids, size_t more, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_GROW(ids->id, ids->n + more, ids->room);
out:
    return st;
}

/* A word of n bytes starts n - 1 heap entries; each of at most n - 1 merges takes one and adds up to two. */
static enum mg_status
work_reserve(struct tok_work *work, size_t n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t room = work->room ? work->room : 256;

    if (n <= work->room)
        return MG_OK;
    while (room < n)
        room *= 2;
    free(work->symbol);
    free(work->heap);
    work->symbol = NULL;
    work->heap = NULL;
    work->room = 0;
    MG_ALLOC(work->symbol, room);
    MG_ALLOC(work->heap, 2 * room);
    work->room = room;
out:
    return st;
}

static size_t
heap_push(uint64_t *heap, size_t n, uint64_t key)
{
    size_t i = n;

    while (i > 0 && heap[(i - 1) / 2] > key) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = key;
    return n + 1;
}

/* Takes the smallest of n >= 1 keys out. */
static uint64_t
heap_pop(uint64_t *heap, size_t n)
{
    uint64_t top = heap[0], key = heap[n - 1];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < n - 1) {
        if (child + 1 < n - 1 && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= key)
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = key;
    return top;
}

/* Queues the pair that starts at symbol `at`, if the file merges it. */
static size_t
pair_push(const struct mg_tokenizer *tok, uint32_t at, size_t n)
{
    const struct tok_symbol *left = &tok->work.symbol[at];
    const struct tok_merge *m;

    if (left->next == END)
        return n;
    m = mg_tok_merges_find(&tok->merges, left->id, tok->work.symbol[left->next].id);
    return m ? heap_push(tok->work.heap, n, ((uint64_t)m->rank_plus_1 << 32) | at) : n;
}

/* Applies merges by rank, then from the left. An entry whose pair has changed since it was queued has another rank:
 * skip it. */
static void
merge_all(const struct mg_tokenizer *tok, size_t n_queued)
{
    struct tok_symbol *symbol = tok->work.symbol;
    size_t n = n_queued;

    while (n > 0) {
        uint64_t key = heap_pop(tok->work.heap, n--);
        uint32_t at = (uint32_t)key;
        struct tok_symbol *left = &symbol[at], *right;
        const struct tok_merge *m;

        if (left->id < 0 || left->next == END)
            continue;
        right = &symbol[left->next];
        m = mg_tok_merges_find(&tok->merges, left->id, right->id);
        if (!m || m->rank_plus_1 != key >> 32)
            continue;
        left->id = m->merged;
        left->next = right->next;
        right->id = -1;
        if (left->next != END)
            symbol[left->next].prev = at;
        if (left->prev != END)
            n = pair_push(tok, left->prev, n);
        n = pair_push(tok, at, n);
    }
}

/* Symbols of the single bytes, and the first pairs. */
static enum mg_status
word_start(struct mg_tokenizer *tok, const char *word, size_t len, size_t *n_queued, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct tok_symbol *symbol;

    MG_TRY(work_reserve(&tok->work, len, err));
    symbol = tok->work.symbol;
    for (size_t i = 0; i < len; i++) {
        symbol[i].id = tok->byte_id[(uint8_t)word[i]];
        MG_REQUIRE(symbol[i].id >= 0, MG_INPUT, "the tokenizer has no piece for byte 0x%02x", (uint8_t)word[i]);
        symbol[i].prev = i == 0 ? END : (uint32_t)i - 1;
        symbol[i].next = i + 1 == len ? END : (uint32_t)i + 1;
    }
    *n_queued = 0;
    for (size_t i = 0; i < len; i++)
        *n_queued = pair_push(tok, (uint32_t)i, *n_queued);
out:
    return st;
}

static enum mg_status
word_merge(struct mg_tokenizer *tok, const char *word, size_t len, struct mg_token_list *ids, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n_queued = 0;

    MG_TRY(word_start(tok, word, len, &n_queued, err));
    merge_all(tok, n_queued);
    MG_TRY(mg_token_list_reserve(ids, len, err));
    for (uint32_t at = 0; at != END; at = tok->work.symbol[at].next)
        ids->id[ids->n++] = tok->work.symbol[at].id;
out:
    return st;
}

/* *id: the entry of the model's vocabulary that the whole word is, or -1. */
static enum mg_status
whole_word(const struct mg_tokenizer *tok, const char *word, size_t len, int32_t *id, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *spelling = NULL;
    size_t n = 0;

    MG_ALLOC(spelling, 2 * len);
    for (size_t i = 0; i < len; i++)
        n += mg_tok_byte_spell((uint8_t)word[i], spelling + n);
    *id = mg_tok_names_find(tok, spelling, n);
    if (*id >= 0 && !tok->piece[*id].in_model)
        *id = -1;
out:
    free(spelling);
    return st;
}

static enum mg_status
word_encode(struct mg_tokenizer *tok, const char *word, size_t len, struct mg_token_list *ids, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    int32_t id = -1;

    if (tok->ignore_merges)
        MG_TRY(whole_word(tok, word, len, &id, err));
    if (id < 0)
        return word_merge(tok, word, len, ids, err);
    MG_TRY(mg_token_list_reserve(ids, 1, err));
    ids->id[ids->n++] = id;
out:
    return st;
}

static uint32_t
cache_slot(const char *word, size_t len)
{
    uint64_t h = mg_hash(word, len);

    return (uint32_t)(h ^ (h >> 29)) & (TOK_CACHE_SLOTS - 1);
}

enum mg_status
mg_tok_word(struct mg_tokenizer *tok, const char *word, size_t len, struct mg_token_list *ids, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct tok_cached *c = NULL;
    size_t first = ids->n, n;

    if (len <= sizeof c->text) {
        c = &tok->cache[cache_slot(word, len)];
        if (c->n > 0 && c->len == len && memcmp(c->text, word, len) == 0) {
            MG_TRY(mg_token_list_reserve(ids, c->n, err));
            memcpy(ids->id + ids->n, c->id, c->n * sizeof *c->id);
            ids->n += c->n;
            goto out;
        }
    }
    MG_TRY(word_encode(tok, word, len, ids, err));
    n = ids->n - first;
    if (c && n <= sizeof c->id / sizeof *c->id) {
        memcpy(c->text, word, len);
        memcpy(c->id, ids->id + first, n * sizeof *c->id);
        c->len = (uint8_t)len;
        c->n = (uint8_t)n;
    }
out:
    return st;
}
