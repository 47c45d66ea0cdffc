/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tell.h"

#include <stdlib.h>

#include "report/report.h"

static void
tell_turn(const struct mg_teller *t, int role, const char *text, bool inner)
{
    if (!t->html) {
        fprintf(t->to, "%s%s%-8s", t->margin, inner ? "    " : "", mg_role_name((enum mg_role)role));
        mg_plain_text(t->to, text);
        fputc('\n', t->to);
        return;
    }
    fprintf(t->to, "<p class=\"%s\"><b>%s</b> ", inner ? "inner" : "outer", mg_role_name((enum mg_role)role));
    mg_html_text(t->to, text);
    fputs("</p>\n", t->to);
}

/* The text of n tokens, malloc'ed. */
static enum mg_status
text_of(const struct mg_teller *t, const int32_t *ids, uint32_t n, char **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *raw = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&raw, &len);

    MG_REQUIRE(to != NULL, MG_FAIL, "out of memory: the text of %u tokens", n);
    for (uint32_t i = 0; i < n; i++) {
        size_t bytes = 0;
        const char *piece = mg_tokenizer_piece(t->tok, ids[i], &bytes);

        if (piece == NULL)
            fputs(MG_NO_TEXT, to);
        else
            fwrite(piece, 1, bytes, to);
    }
    MG_REQUIRE(fclose(to) == 0, MG_FAIL, "out of memory: the text of %u tokens", n);
    *out = raw;
    raw = NULL;
out:
    free(raw);
    return st;
}

enum mg_status
mg_turns_each(const struct mg_teller *t, const int32_t *ids, uint32_t n, mg_turn_visit *visit, void *arg,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = NULL;

    for (uint32_t i = 0, end; i < n; i = end) {
        int role = 0;

        while (role < MG_N_ROLES && ids[i] != t->specials.role[role])
            role++;
        for (end = i + 1; end < n && !mg_specials_has(&t->specials, ids[end]);)
            end++;
        if (role == MG_N_ROLES)
            continue;
        MG_TRY(text_of(t, ids + i + 1, end - i - 1, &text, err));
        MG_TRY(visit(arg, (enum mg_role)role, text, err));
        free(text);
        text = NULL;
    }
out:
    free(text);
    return st;
}

struct telling {
    const struct mg_teller *teller;
    bool inner;
    mg_tell_call *call;
    void *arg;
    uint32_t calls;
};

static enum mg_status
tell_one(void *arg, enum mg_role role, const char *text, struct mg_err *err)
{
    struct telling *t = arg;

    tell_turn(t->teller, (int)role, text, t->inner);
    return role == MG_ROLE_SUB && t->call != NULL ? t->call(t->arg, t->calls++, err) : MG_OK;
}

enum mg_status
mg_tell(const struct mg_teller *t, const int32_t *ids, uint32_t n, bool inner, mg_tell_call *call, void *arg,
        struct mg_err *err)
{
    struct telling telling = {t, inner, call, arg, 0};

    return mg_turns_each(t, ids, n, tell_one, &telling, err);
}
