/* SPDX-License-Identifier: Apache-2.0 */
#include "world/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

const char *const mg_kind_name[MG_KINDS] = {
    [MG_COUNTRY] = "country",   [MG_CITY] = "city",      [MG_REGION] = "region",     [MG_CURRENCY] = "currency",
    [MG_LANGUAGE] = "language", [MG_SCRIPT] = "script",  [MG_TIMEZONE] = "timezone", [MG_ELEMENT] = "element",
    [MG_PERSON] = "person",     [MG_FEATURE] = "feature"};

enum { MAX_BYTES = 64 << 20, FIXED_FIELDS = 5 };

/* Reads the whole file, inflated, with a NUL behind it. */
static enum mg_status
slurp(char **text, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = 0, cap = 1 << 20;
    char *buf = NULL, *bigger;
    int got, code = Z_OK;
    gzFile f = gzopen(path, "rb");

    MG_REQUIRE(f, MG_INPUT, "cannot open the fact table %s: %s", path, strerror(errno));
    MG_ALLOC(buf, cap);
    while ((got = gzread(f, buf + n, (unsigned)(cap - n - 1))) > 0) {
        n += (size_t)got;
        MG_REQUIRE(n < MAX_BYTES, MG_INPUT, "the fact table %s is larger than %d bytes", path, MAX_BYTES);
        if (n + 1 < cap)
            continue;
        bigger = realloc(buf, cap * 2);
        MG_REQUIRE(bigger, MG_FAIL, "out of memory: %zu bytes", cap * 2);
        buf = bigger;
        cap *= 2;
    }
    gzerror(f, &code);
    MG_REQUIRE(got == 0 && code >= 0, MG_INPUT, "the fact table %s is damaged after %zu bytes", path, n);
    buf[n] = '\0';
    MG_REQUIRE(strlen(buf) == n, MG_INPUT, "the fact table %s holds a NUL byte", path);
    *text = buf;
    buf = NULL;
out:
    free(buf);
    if (f)
        gzclose(f);
    return st;
}

/* Cuts the next field off a row; NULL at the end of the row. */
static char *
field(char **row)
{
    char *start = *row;
    char *tab;

    if (!start)
        return NULL;
    tab = strchr(start, '\t');
    if (tab)
        *tab++ = '\0';
    *row = tab;
    return start;
}

static enum mg_status
parse_attr(struct mg_attr *a, char *text, size_t line, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *equals = strchr(text, '=');

    MG_REQUIRE(equals && equals > text && equals[1], MG_INPUT, "fact table line %zu: \"%.40s\" is not key=value", line,
               text);
    *equals = '\0';
    *a = (struct mg_attr){.key = text, .value = equals + 1, .ref = MG_NO_ENTITY};
    if (equals[-1] == '?') {
        equals[-1] = '\0';
        a->doubt = true;
    }
    if (text[0] == '.') {
        a->key++;
        a->hidden = true;
    }
    MG_REQUIRE(a->key[0] != '\0', MG_INPUT, "fact table line %zu: the value \"%.40s\" has no key", line, a->value);
out:
    return st;
}

static enum mg_status
parse_row(struct mg_facts *facts, struct mg_attr **next, char *row, size_t line, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_entity *e = &facts->entity[facts->n_entities];
    char *f[FIXED_FIELDS], *text;
    int kind = 0;

    for (int i = 0; i < FIXED_FIELDS; i++) {
        f[i] = field(&row);
        MG_REQUIRE(f[i] && f[i][0], MG_INPUT, "fact table line %zu: field %d of %d is missing", line, i + 1,
                   FIXED_FIELDS);
    }
    while (kind < MG_KINDS && strcmp(f[0], mg_kind_name[kind]) != 0)
        kind++;
    MG_REQUIRE(kind < MG_KINDS, MG_INPUT, "fact table line %zu: unknown kind \"%.40s\"", line, f[0]);
    MG_REQUIRE(strchr("+.-", f[2][0]) && !f[2][1], MG_INPUT, "fact table line %zu: flag \"%.40s\" is not + . or -",
               line, f[2]);
    *e = (struct mg_entity){.kind = kind, .flag = f[2][0], .id = f[1], .title = f[3], .phrase = f[4], .attr = *next};
    while ((text = field(&row)) != NULL) {
        MG_TRY(parse_attr(*next, text, line, err));
        (*next)++;
        e->n_attr++;
    }
    facts->n_entities++;
out:
    return st;
}

static int
by_id(const void *a, const void *b)
{
    return strcmp((*(struct mg_entity *const *)a)->id, (*(struct mg_entity *const *)b)->id);
}

static int
id_is(const void *key, const void *e)
{
    return strcmp(key, (*(struct mg_entity *const *)e)->id);
}

static enum mg_status
resolve(struct mg_facts *facts, size_t n_attrs, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_entity **sorted = NULL, **hit;
    uint32_t n = facts->n_entities;

    MG_ALLOC(sorted, n);
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = &facts->entity[i];
    qsort(sorted, n, sizeof *sorted, by_id);
    for (uint32_t i = 1; i < n; i++)
        MG_REQUIRE(by_id(&sorted[i - 1], &sorted[i]) != 0, MG_INPUT, "fact table: two rows have the id \"%.60s\"",
                   sorted[i]->id);
    for (size_t i = 0; i < n_attrs; i++) {
        struct mg_attr *a = &facts->attrs[i];

        if (a->value[0] != '@')
            continue;
        a->value++;
        hit = bsearch(a->value, sorted, n, sizeof *sorted, id_is);
        MG_REQUIRE(hit, MG_INPUT, "fact table: \"%.60s\" is named by a %.40s, and no row has that id", a->value,
                   a->key);
        a->ref = (uint32_t)(*hit - facts->entity);
    }
out:
    free(sorted);
    return st;
}

static enum mg_status
parse(struct mg_facts *facts, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t rows = 1, fields = 1, line = 0;
    struct mg_attr *next;

    for (const char *p = facts->text; *p; p++) {
        rows += *p == '\n';
        fields += *p == '\t';
    }
    MG_ALLOC(facts->entity, rows);
    MG_ALLOC(facts->attrs, fields);
    next = facts->attrs;
    for (char *row = facts->text, *end; *row; row = end) {
        end = row + strcspn(row, "\n");
        if (*end)
            *end++ = '\0';
        line++;
        if (row[0] != '#' && row[0] != '\0')
            MG_TRY(parse_row(facts, &next, row, line, err));
    }
    MG_REQUIRE(facts->n_entities > 0, MG_INPUT, "the fact table has no rows");
    MG_TRY(resolve(facts, (size_t)(next - facts->attrs), err));
out:
    return st;
}

enum mg_status
mg_facts_read(struct mg_facts *facts, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *facts = (struct mg_facts){0};
    MG_TRY(slurp(&facts->text, path, err));
    MG_TRY(parse(facts, err));
out:
    if (st != MG_OK)
        mg_facts_free(facts);
    return st;
}

void
mg_facts_free(struct mg_facts *facts)
{
    free(facts->text);
    free(facts->attrs);
    free(facts->entity);
    *facts = (struct mg_facts){0};
}

const char *
mg_facts_value(const struct mg_facts *facts, const struct mg_attr *attr)
{
    return attr->ref == MG_NO_ENTITY ? attr->value : facts->entity[attr->ref].title;
}
