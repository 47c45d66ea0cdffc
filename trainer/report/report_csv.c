/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "report/report_line.h"

static bool
is_scalar(const json_t *value)
{
    return !json_is_array(value) && !json_is_object(value);
}

/* The keys of lines that are not among the columns yet. */
static enum mg_status
add_columns(json_t *columns, const json_t *lines, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *line;
    const char *key;
    json_t *value;
    size_t i;

    json_array_foreach(lines, i, line)
    {
        json_object_foreach((json_t *)line, key, value)
        {
            if (is_scalar(value))
                MG_REQUIRE(json_object_set_new(columns, key, json_true()) == 0, MG_FAIL, "out of memory: columns");
        }
    }
out:
    return st;
}

/* A field, quoted where it has to be. */
static void
text_field(FILE *to, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

static void
field(FILE *to, const json_t *value)
{
    if (json_is_string(value))
        text_field(to, json_string_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "true" : "false", to);
    else if (json_is_number(value))
        json_dumpf(value, to, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
}

static void
rows(FILE *to, const char *agent, const json_t *lines, const json_t *times, json_t *columns)
{
    const json_t *line;
    const char *key;
    json_t *unused;
    size_t i, from = 0;

    json_array_foreach(lines, i, line)
    {
        const json_t *time = mg_line_of_phase(times, line, &from);

        text_field(to, agent);
        json_object_foreach(columns, key, unused)
        {
            const json_t *value = json_object_get(line, key);

            fputc(',', to);
            field(to, value != NULL ? value : json_object_get(time, key));
        }
        fputs("\r\n", to);
    }
}

static void
header(FILE *to, json_t *columns)
{
    const char *key;
    json_t *unused;

    fputs("agent", to);
    json_object_foreach(columns, key, unused)
    {
        fputc(',', to);
        text_field(to, key);
    }
    fputs("\r\n", to);
}

enum mg_status
mg_report_csv(const struct mg_report *r, struct mg_file_new *f, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *columns = json_object();
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    MG_REQUIRE(columns != NULL && to != NULL, MG_FAIL, "out of memory: the metrics as text");
    for (uint32_t i = 0; i < r->config.n_agents; i++)
        MG_TRY(add_columns(columns, r->metrics[i], err));
    for (uint32_t i = 0; i < r->config.n_agents; i++)
        MG_TRY(add_columns(columns, r->timing[i], err));
    header(to, columns);
    for (uint32_t i = 0; i < r->config.n_agents; i++)
        rows(to, r->config.agent[i].name, r->metrics[i], r->timing[i], columns);
    MG_REQUIRE(fflush(to) == 0, MG_FAIL, "out of memory: the metrics as text");
    MG_TRY(mg_file_new_write(f, text, len, err));
out:
    json_decref(columns);
    if (to != NULL)
        fclose(to);
    free(text);
    return st;
}
