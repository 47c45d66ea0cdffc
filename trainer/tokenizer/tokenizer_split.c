/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

static enum mg_status split_stage(struct mg_tokenizer *tok, int stage, const char *text, size_t len,
                                  struct mg_token_list *ids, struct mg_err *err);

/* The next match at or after `from`; *start = len where there is none. */
static enum mg_status
next_match(struct mg_tokenizer *tok, const pcre2_code *code, const char *text, size_t len, size_t from, size_t *start,
           size_t *end, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    PCRE2_UCHAR reason[120];
    const PCRE2_SIZE *found;
    int rc = pcre2_match(code, (PCRE2_SPTR)text, len, from, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, tok->match_data,
                         tok->match_context);

    *start = *end = len;
    if (rc == PCRE2_ERROR_NOMATCH)
        return MG_OK;
    if (rc < 0)
        pcre2_get_error_message(rc, reason, sizeof reason);
    MG_REQUIRE(rc >= 0, MG_INPUT, "a regular expression of the tokenizer fails on a text of %zu bytes: %s", len,
               (const char *)reason);
    found = pcre2_get_ovector_pointer(tok->match_data);
    *start = found[0];
    *end = found[1];
out:
    return st;
}

/* Cuts text[0..len) so that each match and each gap between matches is a piece for the next stage. */
static enum mg_status
cut(struct mg_tokenizer *tok, int stage, const char *text, size_t len, struct mg_token_list *ids, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t from = 0, start, end;

    while (from < len) {
        MG_TRY(next_match(tok, tok->stage[stage].code, text, len, from, &start, &end, err));
        if (start > from)
            MG_TRY(split_stage(tok, stage + 1, text + from, start - from, ids, err));
        if (end > start)
            MG_TRY(split_stage(tok, stage + 1, text + start, end - start, ids, err));
        from = end;
    }
out:
    return st;
}

/* The same on a copy with one space in front. */
static enum mg_status
cut_spaced(struct mg_tokenizer *tok, int stage, const char *text, size_t len, struct mg_token_list *ids,
           struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *copy = NULL;

    MG_ALLOC(copy, len + 1);
    copy[0] = ' ';
    memcpy(copy + 1, text, len);
    if (tok->stage[stage].code)
        MG_TRY(cut(tok, stage, copy, len + 1, ids, err));
    else
        MG_TRY(split_stage(tok, stage + 1, copy, len + 1, ids, err));
out:
    free(copy);
    return st;
}

static enum mg_status
split_stage(struct mg_tokenizer *tok, int stage, const char *text, size_t len, struct mg_token_list *ids,
            struct mg_err *err)
{
    if (stage == tok->n_stages)
        return mg_tok_word(tok, text, len, ids, err);
    if (tok->stage[stage].prefix_space && text[0] != ' ')
        return cut_spaced(tok, stage, text, len, ids, err);
    if (!tok->stage[stage].code)
        return split_stage(tok, stage + 1, text, len, ids, err);
    return cut(tok, stage, text, len, ids, err);
}

enum mg_status
mg_tok_split(struct mg_tokenizer *tok, const char *text, size_t len, struct mg_token_list *ids, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t at = 0, n;

    while (at < len) {
        n = mg_tok_utf8_valid(text + at, len - at);
        if (n > 0)
            MG_TRY(split_stage(tok, 0, text + at, n, ids, err));
        at += n;
        n = mg_tok_utf8_invalid(text + at, len - at);
        if (n > 0)
            MG_TRY(mg_tok_word(tok, text + at, n, ids, err));
        at += n;
    }
out:
    return st;
}
