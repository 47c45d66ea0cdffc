/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/prefix.h"

#include <stdlib.h>

/* A shorter common prefix would save less than another sequence costs. */
enum { SHORTEST = 8 };

struct entry {
    const int32_t *ids;
    size_t fed, wanted, row;
    size_t common; /* with the entry before */
};

/* The best way to cut the first i entries into groups. */
struct choice {
    size_t best;         /* tokens that it saves */
    size_t from;         /* where its last group begins */
    size_t prefix, size; /* of that group */
};

void
mg_prefix_plan_free(struct mg_prefix_plan *plan)
{
    free(plan->order);
    free(plan->fed);
    free(plan->group);
}

bool
mg_prefix_plan_wants(const struct mg_prefix_plan *plan, const struct mg_train_row *row, size_t i)
{
    return plan->all || row->weight[i] != 0.0f;
}

static size_t
fed_length(const struct mg_train_row *row, bool all)
{
    size_t n = row->len;

    while (!all && n > 1 && row->weight[n - 1] == 0.0f)
        n--;
    return n > 0 ? n - 1 : 0;
}

size_t
mg_common_prefix(const int32_t *a, const int32_t *b, size_t most)
{
    size_t n = 0;

    while (n < most && a[n] == b[n])
        n++;
    return n;
}

static size_t
common_prefix(const struct entry *a, const struct entry *b)
{
    return mg_common_prefix(a->ids, b->ids, a->fed < b->fed ? a->fed : b->fed);
}

/* By the tokens that are fed, the shorter first; equal ones by row, so that the order depends on the data alone. */
static int
compare(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    size_t n = common_prefix(a, b);

    if (n < a->fed && n < b->fed)
        return a->ids[n] < b->ids[n] ? -1 : 1;
    if (a->fed != b->fed)
        return a->fed < b->fed ? -1 : 1;
    return a->row < b->row ? -1 : 1;
}

static enum mg_status
make_entries(struct mg_prefix_plan *plan, size_t n_rows, size_t max_tokens, size_t context, struct entry *e,
             size_t *n_entries, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = 0;

    for (size_t r = 0; r < n_rows; r++) {
        const struct mg_train_row *row = &plan->rows[r];
        size_t fed = fed_length(row, plan->all);

        MG_REQUIRE(fed <= context, MG_INPUT, "a sequence of %zu tokens, the context is %zu", fed + 1, context);
        MG_REQUIRE(fed <= max_tokens, MG_INPUT, "a sequence of %zu tokens, a micro-batch takes %zu", fed + 1,
                   max_tokens);
        plan->fed[r] = fed;
        if (fed == 0)
            continue;
        e[n] = (struct entry){.ids = row->ids, .fed = fed, .row = r};
        for (size_t i = 1; i <= fed; i++)
            e[n].wanted += mg_prefix_plan_wants(plan, row, i);
        n++;
    }
    *n_entries = n;
out:
    return st;
}

static size_t
larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/*
 * In sorted order entries with a common prefix are neighbours, a group is a run of entries, and its prefix is the
 * shortest that two neighbours in it have in common. The best cut of the first i entries is then the best cut of the
 * first j and one group of the others, for some j (dynamic programming). With a smaller j the prefix gets shorter and
 * the group larger: the search ends where either passes its limit.
 */
static void
choose(const struct entry *e, size_t n, size_t max_tokens, struct choice *c)
{
    c[0] = (struct choice){0};
    for (size_t i = 1; i <= n; i++) {
        size_t prefix = e[i - 1].fed, tokens = e[i - 1].fed, wanted = e[i - 1].wanted;

        c[i] = (struct choice){c[i - 1].best, i - 1, 0, larger(tokens, wanted)};
        for (size_t j = i - 1; j-- > 0;) {
            size_t common = e[j + 1].common, saved, size;

            prefix = common < prefix ? common : prefix;
            tokens += e[j].fed;
            wanted += e[j].wanted;
            saved = prefix * (i - j - 1);
            size = larger(tokens - saved, wanted);
            if (prefix < SHORTEST || size > max_tokens)
                break;
            if (c[j].best + saved > c[i].best)
                c[i] = (struct choice){c[j].best + saved, j, prefix, size};
        }
    }
}

/* The chosen groups, from the last to the first. */
static void
write_groups(struct mg_prefix_plan *plan, const struct entry *e, size_t n, const struct choice *c)
{
    size_t groups = 0, at;

    for (size_t i = n; i > 0; i = c[i].from)
        groups++;
    at = plan->n_groups = groups;
    for (size_t i = n; i > 0; i = c[i].from)
        plan->group[--at] = (struct mg_prefix_group){c[i].from, i - c[i].from, c[i].prefix, c[i].size};
    for (size_t i = 0; i < n; i++)
        plan->order[i] = e[i].row;
}

enum mg_status
mg_prefix_plan_make(const struct mg_train_row *rows, size_t n_rows, bool all, size_t max_tokens, size_t context,
                    struct mg_prefix_plan *plan, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct entry *e = NULL;
    struct choice *c = NULL;
    size_t n = 0;

    *plan = (struct mg_prefix_plan){.rows = rows, .all = all};
    MG_ALLOC(plan->order, n_rows);
    MG_ALLOC(plan->fed, n_rows);
    MG_ALLOC(plan->group, n_rows);
    MG_ALLOC(e, n_rows);
    MG_ALLOC(c, n_rows + 1);
    MG_TRY(make_entries(plan, n_rows, max_tokens, context, e, &n, err));
    if (!all)
        qsort(e, n, sizeof *e, compare);
    for (size_t i = 1; !all && i < n; i++)
        e[i].common = common_prefix(&e[i - 1], &e[i]);
    choose(e, n, max_tokens, c);
    write_groups(plan, e, n, c);
out:
    free(e);
    free(c);
    return st;
}
