/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "output/output.h"

/* False if the text is too long. One that is not there is empty. */
static bool
read_text(const json_t *object, const char *key, char *out, size_t bytes)
{
    const char *text = json_string_value(json_object_get(object, key));

    return snprintf(out, bytes, "%s", text != NULL ? text : "") < (int)bytes;
}

static double
read_number(const json_t *object, const char *key)
{
    double x = json_number_value(json_object_get(object, key));

    return x > 0.0 ? x : 0.0;
}

static bool
read_row(const json_t *object, struct bench_row *row)
{
    const json_t *peers = json_object_get(object, "peers"), *peer;
    bool fits;
    size_t i;

    memset(row, 0, sizeof *row);
    fits = read_text(object, "row", row->row, sizeof row->row) &&
           read_text(object, "unit", row->unit, sizeof row->unit) &&
           read_text(object, "limit_name", row->limit_name, sizeof row->limit_name) &&
           read_text(object, "peer", row->source, sizeof row->source);
    if (row->source[0] == '\0')
        read_text(object, "device", row->source, sizeof row->source); /* a long one is cut: it is shown alone */
    row->value = read_number(object, "value");
    row->limit = read_number(object, "limit");
    row->ratio = read_number(object, "ratio");
    row->median_us = read_number(object, "median_us");
    row->event_us = read_number(object, "event_us");
    row->spread = read_number(object, "spread");
    row->kind = BENCH_OTHER;
    json_array_foreach(peers, i, peer)
    {
        if (row->n_peers == BENCH_MAX_PEERS)
            break;
        read_text(peer, "name", row->peers[row->n_peers].name, sizeof row->peers[0].name);
        row->peers[row->n_peers].value = read_number(peer, "value");
        row->peers[row->n_peers++].ratio = read_number(peer, "ratio");
    }
    return fits && row->row[0] != '\0' && row->unit[0] != '\0' && (row->value > 0.0 || bench_is_quality(row));
}

/* A row without a figure, which only has a note. */
static bool
is_remark(const json_t *object)
{
    const char *unit = json_string_value(json_object_get(object, "unit"));

    return unit != NULL && strcmp(unit, "-") == 0;
}

static bool
read_rows(const char *path, const json_t *all, struct bench_results *out)
{
    size_t i, n = json_array_size(all);
    const json_t *object;

    if (n == 0 || (out->rows = calloc(n, sizeof *out->rows)) == NULL) {
        fprintf(stderr, "clgrpo-bench: %s: no rows\n", path);
        return false;
    }
    json_array_foreach(all, i, object)
    {
        if (is_remark(object))
            continue;
        if (!read_row(object, &out->rows[out->n])) {
            fprintf(stderr,
                    "clgrpo-bench: %s: element %zu is no row: it needs row (at most %zu bytes), unit (%zu) and a value "
                    "above 0\n",
                    path, i, sizeof out->rows->row - 1, sizeof out->rows->unit - 1);
            output_free(out);
            return false;
        }
        out->n++;
    }
    return true;
}

bool
output_read(const char *path, struct bench_results *out)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    bool good;

    *out = (struct bench_results){0};
    if (root == NULL) {
        if (error.line < 0)
            fprintf(stderr, "clgrpo-bench: %s\n", error.text);
        else
            fprintf(stderr, "clgrpo-bench: %s: line %d: %s\n", path, error.line, error.text);
        return false;
    }
    good = read_rows(path, json_is_object(root) ? json_object_get(root, "rows") : root, out);
    json_decref(root);
    return good;
}

void
output_free(struct bench_results *r)
{
    free(r->rows);
    *r = (struct bench_results){0};
}
