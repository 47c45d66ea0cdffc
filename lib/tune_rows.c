/* SPDX-License-Identifier: Apache-2.0 */
#include "tune.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum column { AT_OP, AT_TYPE, AT_CLASS, AT_DEVICE, AT_VALUES, AT_MEDIAN, AT_RATIO, AT_DRIVER, AT_VERSION, N_COLUMNS };
enum { MAX_LINE = 1024 };

/* A whole decimal number of at most nine digits. */
static bool
parse_int(const char *text, int *value)
{
    size_t n = strspn(text, "0123456789");

    *value = n > 0 && n <= 9 ? atoi(text) : 0;
    return n > 0 && n <= 9 && text[n] == '\0';
}

static const char *
set_value(size_t op, char *assignment, int *values)
{
    size_t first = clg_tune_first(op), n = clg_tune_count(op);
    char *eq = strchr(assignment, '=');
    int value;

    if (eq == NULL)
        return "a parameter is not NAME=VALUE";
    *eq = '\0';
    if (!parse_int(eq + 1, &value))
        return "a parameter's value is no number";
    for (size_t i = 0; i < n; i++) {
        const struct clg_tune_param *p = &clg_tune_params[first + i];

        if (strcmp(p->name, assignment) != 0)
            continue;
        if (values[i] != CLG_TUNE_UNSET)
            return "a parameter is given twice";
        values[i] = value;
        for (size_t j = 0; j < p->n_allowed; j++)
            if (p->allowed[j] == value)
                return NULL;
        return "a parameter's value is not among those allowed";
    }
    return "the operation has no such parameter";
}

const char *
clg_tune_parse_values(size_t op, char *text, char separator, int *values)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < CLG_TUNE_MAX_SET; i++)
        values[i] = CLG_TUNE_UNSET;
    while (wrong == NULL && text != NULL) {
        char *end = strchr(text, separator);

        if (end != NULL)
            *end = '\0';
        wrong = set_value(op, text, values);
        text = end != NULL ? end + 1 : NULL;
    }
    return wrong;
}

/* Digits, perhaps with a point among them: strtod would follow the program's locale. */
static bool
parse_positive(const char *text, double *value)
{
    double unit = 0.0;

    *value = 0.0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '.' && unit == 0.0 && c != text)
            unit = 1.0;
        else if (isdigit((unsigned char)*c) && c - text < 18)
            *value = unit > 0.0 ? *value + (*c - '0') * (unit /= 10.0) : *value * 10.0 + (*c - '0');
        else
            return false;
    }
    return *value > 0.0;
}

/* "arch:sm_90" */
static const char *
parse_key(const char *text, struct clg_tune_row *row)
{
    for (unsigned link = 0; link < CLG_TUNE_N_LINKS; link++) {
        const char *name = clg_tune_link_name((enum clg_tune_link)link);
        size_t n = strlen(name);

        if (strncmp(text, name, n) != 0 || text[n] != ':')
            continue;
        row->link = (enum clg_tune_link)link;
        if (text[n + 1] == '\0' || strlen(text + n + 1) >= sizeof row->key)
            return "the device key is empty or too long";
        snprintf(row->key, sizeof row->key, "%s", text + n + 1);
        return NULL;
    }
    return "the device does not begin with device:, arch:, vendor: or class:";
}

/* Columns that mean the same in every version, then the rest if the row is of this one. */
static const char *
parse_columns(char **column, struct clg_tune_row *row)
{
    const char *wrong = parse_key(column[AT_DEVICE], row);

    if (wrong != NULL)
        return wrong;
    if (!parse_positive(column[AT_MEDIAN], &row->median_us) || !parse_positive(column[AT_RATIO], &row->ratio))
        return "the median or the ratio is no positive number";
    if (column[AT_DRIVER][0] == '\0' || strlen(column[AT_DRIVER]) >= sizeof row->driver)
        return "the driver is empty or too long";
    snprintf(row->driver, sizeof row->driver, "%s", column[AT_DRIVER]);
    row->current = strcmp(column[AT_VERSION], PACKAGE_VERSION) == 0;
    if (!row->current)
        return column[AT_VERSION][0] == '\0' ? "the version is empty" : NULL;
    if (!clg_tune_find_op(column[AT_OP], &row->op))
        return "there is no such operation";
    if (strcmp(clg_tune_ops[row->op].type, column[AT_TYPE]) != 0)
        return "the operation has no such type";
    if (!clg_tune_find_class(row->op, column[AT_CLASS], &row->shape_class))
        return "the operation has no such class";
    return clg_tune_parse_values(row->op, column[AT_VALUES], ' ', row->values);
}

static const char *
parse_line(char *line, struct clg_tune_row *row)
{
    char *column[N_COLUMNS], *at = line;
    int n = 0;

    for (const char *c = line; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c) && *c != '\t')
            return "there is a control character";
    while (n < N_COLUMNS && at != NULL) {
        column[n++] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    if (n < N_COLUMNS || at != NULL)
        return "there are not nine columns with tabs between";
    return parse_columns(column, row);
}

static bool
fail(char *error, size_t error_bytes, const char *name, unsigned line, const char *wrong)
{
    snprintf(error, error_bytes, "%s: line %u: %s", name, line, wrong);
    return false;
}

bool
clg_tune_parse(const char *name, const char *text, size_t bytes, clg_tune_visit *visit, void *arg, char *error,
               size_t error_bytes)
{
    unsigned number = 0;

    for (size_t at = 0, n; at < bytes; at += n + 1) {
        const char *end = memchr(text + at, '\n', bytes - at), *wrong;
        struct clg_tune_row row = {.line = ++number};
        char line[MAX_LINE];

        n = end != NULL ? (size_t)(end - text) - at : bytes - at;
        if (n == 0 || text[at] == '#')
            continue;
        if (n >= sizeof line)
            return fail(error, error_bytes, name, number, "the line is too long");
        if (memchr(text + at, '\0', n) != NULL)
            return fail(error, error_bytes, name, number, "there is a control character");
        memcpy(line, text + at, n);
        line[n] = '\0';
        wrong = parse_line(line, &row);
        if (wrong != NULL)
            return fail(error, error_bytes, name, number, wrong);
        visit(arg, &row);
    }
    return true;
}
