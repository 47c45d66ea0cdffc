/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest.h"

#include <stdio.h>
#include <string.h>

enum { MAX = 40 };

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The number of edits from a to b (Damerau and Levenshtein; no part is edited twice), row by row. */
static size_t
distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t row[3][MAX + 1];

    for (size_t j = 0; j <= m; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i % 3];
        const size_t *before = row[(i + 2) % 3], *swapped = row[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], swapped[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

void
names_try(struct names_nearest *n, const char *name)
{
    size_t a = strlen(n->wanted), b = strlen(name), d;

    if (a > MAX || b > MAX || a == 0)
        return;
    d = distance(n->wanted, a, name, b);
    if (d > 1 + least(a, b) / 4 || d >= b || (n->name != NULL && d >= n->distance))
        return;
    n->name = name;
    n->distance = d;
}

struct names_hint
names_hint_of(const struct names_nearest *n, const char *mark)
{
    struct names_hint hint = {""};

    if (n->name != NULL)
        snprintf(hint.text, sizeof hint.text, "; did you mean %s%s?", mark, n->name);
    return hint;
}
