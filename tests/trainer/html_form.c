/* SPDX-License-Identifier: Apache-2.0 */
#include "html_form.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

void
html_is_well_formed(const char *text)
{
    char open[MAX_DEPTH][16];
    int depth = 0;

    for (const char *at = text; (at = strchr(at, '<')) != NULL; at++) {
        const char *stop = strchr(at, '>');
        bool closes = at[1] == '/';
        char name[16] = "";

        ck_assert_ptr_nonnull(stop);
        ck_assert_msg(memchr(at + 1, '<', (size_t)(stop - at - 1)) == NULL, "a sign that is no tag: %.40s", at);
        if (at[1] == '!')
            continue;
        ck_assert_int_eq(sscanf(at + 1 + closes, "%15[a-z0-9]", name), 1);
        if (stop[-1] == '/' || strcmp(name, "meta") == 0)
            continue;
        if (!closes) {
            ck_assert_int_lt(depth, MAX_DEPTH);
            strcpy(open[depth++], name);
            continue;
        }
        ck_assert_msg(depth > 0 && strcmp(open[depth - 1], name) == 0, "</%s> ends <%s>: %.40s", name,
                      depth > 0 ? open[depth - 1] : "nothing", at);
        depth--;
    }
    ck_assert_msg(depth == 0, "<%s> has no end", depth > 0 ? open[depth - 1] : "");
}
