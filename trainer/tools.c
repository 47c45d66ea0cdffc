/* SPDX-License-Identifier: Apache-2.0 */
#include "tools.h"

#include <string.h>

enum mg_status
mg_tools_search(const struct mg_tools *t, const char *query, struct mg_hits *hits, char text[MG_HITS_TEXT_MAX],
                struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_corpus_search(t->corpus, query, strlen(query), hits, err));
    mg_corpus_hits_text(hits, text);
out:
    return st;
}

enum mg_status
mg_tools_open(const struct mg_tools *t, const struct mg_hits *hits, const char *number, char **page, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_page found = {0};
    int i = number[0] - '1';

    *page = NULL;
    if (number[0] == '\0' || number[1] != '\0' || i < 0 || i >= hits->n)
        return MG_OK;
    MG_TRY(mg_corpus_page(t->corpus, hits->hit[i].page, &found, err));
    *page = found.text;
    found.text = NULL;
out:
    mg_page_free(&found);
    return st;
}
