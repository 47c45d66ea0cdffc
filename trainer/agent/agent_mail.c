/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_internal.h"

enum mg_status
mg_mailbox_add(struct mg_mailbox *m, const struct mg_key *key, const char *text, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *copy = text != NULL ? strdup(text) : NULL;

    MG_REQUIRE(text == NULL || copy != NULL, MG_FAIL, "out of memory: a text of the store");
    if (m->n == m->room) {
        size_t room = m->room > 0 ? 2 * m->room : 64;
        struct mg_mail *grown = realloc(m->mail, room * sizeof *grown);

        MG_REQUIRE(grown != NULL, MG_FAIL, "out of memory: %zu texts", room);
        m->mail = grown;
        m->room = room;
    }
    m->mail[m->n++] = (struct mg_mail){.key = *key, .text = copy};
    copy = NULL;
out:
    free(copy);
    return st;
}

void
mg_mailbox_clear(struct mg_mailbox *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->mail[i].text);
    m->n = 0;
}

void
mg_mailbox_free(struct mg_mailbox *m)
{
    mg_mailbox_clear(m);
    free(m->mail);
    *m = (struct mg_mailbox){0};
}
