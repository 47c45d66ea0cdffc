/* SPDX-License-Identifier: Apache-2.0 */
#include "tune_rows.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum column { AT_OP, AT_TYPE, AT_CLASS, AT_DEVICE, AT_VALUES, AT_MEDIAN, AT_RATIO, AT_DRIVER, AT_VERSION, N_COLUMNS };
enum { MAX_LINE = 1024 };

/* Every failure is of one status; `place` begins the sentence. */
#define REQUIRE(cond, ...) CLG_REQUIRE(ctx, cond, CLGRPO_E_TUNING, "%s: " __VA_ARGS__)

/* A whole decimal number of at most nine digits. */
static bool
parse_int(const char *text, int *value)
{
    size_t n = strspn(text, "0123456789");

    *value = n > 0 && n <= 9 ? atoi(text) : 0;
    return n > 0 && n <= 9 && text[n] == '\0';
}

static bool
is_allowed(const struct clg_tune_param *p, int value)
{
    for (size_t i = 0; i < p->n_allowed; i++)
        if (p->allowed[i] == value)
            return true;
    return false;
}

static enum clgrpo_status
set_value(struct clgrpo_context *ctx, const char *place, size_t op, char *assignment, int *values)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t n = clg_tune_count(op);
    const struct clg_tune_param *p = &clg_tune_params[clg_tune_first(op)];
    char *eq = strchr(assignment, '=');
    int value;
    size_t i = 0;

    REQUIRE(eq != NULL, "a parameter is not NAME=VALUE", place);
    *eq = '\0';
    REQUIRE(parse_int(eq + 1, &value), "a parameter's value is no number", place);
    while (i < n && strcmp(p[i].name, assignment) != 0)
        i++;
    REQUIRE(i < n, "%s has no such parameter", place, clg_tune_ops[op].name);
    REQUIRE(values[i] == CLG_TUNE_UNSET, "%s is given twice", place, p[i].name);
    REQUIRE(is_allowed(&p[i], value), "%d is not among those allowed of %s", place, value, p[i].name);
    values[i] = value;
out:
    return st;
}

enum clgrpo_status
clg_tune_parse_values(struct clgrpo_context *ctx, const char *place, size_t op, char *text, char separator, int *values)
{
    enum clgrpo_status st = CLGRPO_OK;

    for (size_t i = 0; i < CLG_TUNE_MAX_SET; i++)
        values[i] = CLG_TUNE_UNSET;
    while (text != NULL) {
        char *end = strchr(text, separator);

        if (end != NULL)
            *end = '\0';
        CLG_TRY(set_value(ctx, place, op, text, values));
        text = end != NULL ? end + 1 : NULL;
    }
out:
    return st;
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
static enum clgrpo_status
parse_key(struct clgrpo_context *ctx, const char *place, const char *text, struct clg_tune_row *row)
{
    enum clgrpo_status st = CLGRPO_OK;
    unsigned link = 0;
    size_t n = 0;

    for (; link < CLG_TUNE_N_LINKS; link++) {
        const char *name = clg_tune_link_name((enum clg_tune_link)link);

        n = strlen(name);
        if (strncmp(text, name, n) == 0 && text[n] == ':')
            break;
    }
    REQUIRE(link < CLG_TUNE_N_LINKS, "the device does not begin with device:, arch:, vendor: or class:", place);
    row->link = (enum clg_tune_link)link;
    n = strlen(text += n + 1);
    REQUIRE(n > 0 && n < sizeof row->key, "the device key is empty or over %zu bytes", place, sizeof row->key - 1);
    memcpy(row->key, text, n + 1);
out:
    return st;
}

/* Columns that mean the same in every version, then the rest if the row is of this one. */
static enum clgrpo_status
parse_columns(struct clgrpo_context *ctx, const char *place, char **column, struct clg_tune_row *row)
{
    enum clgrpo_status st = CLGRPO_OK;
    const size_t driver_bytes = strlen(column[AT_DRIVER]);

    CLG_TRY(parse_key(ctx, place, column[AT_DEVICE], row));
    REQUIRE(parse_positive(column[AT_MEDIAN], &row->median_us), "the median is no positive number", place);
    REQUIRE(parse_positive(column[AT_RATIO], &row->ratio), "the ratio is no positive number", place);
    REQUIRE(driver_bytes > 0 && driver_bytes < sizeof row->driver, "the driver is empty or over %zu bytes", place,
            sizeof row->driver - 1);
    memcpy(row->driver, column[AT_DRIVER], driver_bytes + 1);
    REQUIRE(column[AT_VERSION][0] != '\0', "the version is empty", place);
    row->current = strcmp(column[AT_VERSION], PACKAGE_VERSION) == 0;
    if (!row->current)
        goto out;
    REQUIRE(clg_tune_find_op(column[AT_OP], &row->op), "there is no such operation", place);
    REQUIRE(strcmp(clg_tune_ops[row->op].type, column[AT_TYPE]) == 0, "%s has no such type", place,
            clg_tune_ops[row->op].name);
    REQUIRE(clg_tune_find_class(row->op, column[AT_CLASS], &row->shape_class), "%s has no such class", place,
            clg_tune_ops[row->op].name);
    CLG_TRY(clg_tune_parse_values(ctx, place, row->op, column[AT_VALUES], ' ', row->values));
out:
    return st;
}

static enum clgrpo_status
parse_line(struct clgrpo_context *ctx, const char *place, const char *text, size_t bytes, struct clg_tune_row *row)
{
    enum clgrpo_status st = CLGRPO_OK;
    char line[MAX_LINE], *column[N_COLUMNS], *at = line;
    int n = 0;

    REQUIRE(bytes < sizeof line, "the line is too long: %zu bytes, at most %zu", place, bytes, sizeof line - 1);
    REQUIRE(memchr(text, '\0', bytes) == NULL, "there is a control character", place);
    memcpy(line, text, bytes);
    line[bytes] = '\0';
    for (const char *c = line; *c != '\0'; c++)
        REQUIRE(!iscntrl((unsigned char)*c) || *c == '\t', "there is a control character", place);
    while (n < N_COLUMNS && at != NULL) {
        column[n++] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    REQUIRE(n == N_COLUMNS && at == NULL, "there are not nine columns with tabs between", place);
    CLG_TRY(parse_columns(ctx, place, column, row));
out:
    return st;
}

enum clgrpo_status
clg_tune_parse(struct clgrpo_context *ctx, const char *name, const char *text, size_t bytes, clg_tune_visit *visit,
               clg_tune_complain *malformed, void *arg)
{
    enum clgrpo_status st = CLGRPO_OK;
    unsigned number = 0;

    for (size_t at = 0, n; at < bytes && st == CLGRPO_OK; at += n + 1) {
        const char *end = memchr(text + at, '\n', bytes - at);
        struct clg_tune_row row = {.line = ++number};
        char place[256];

        n = end != NULL ? (size_t)(end - text) - at : bytes - at;
        if (n == 0 || text[at] == '#')
            continue;
        snprintf(place, sizeof place, "%.200s: line %u", name, number);
        st = parse_line(ctx, place, text + at, n, &row);
        if (st == CLGRPO_OK) {
            visit(arg, &row);
        } else if (malformed != NULL) {
            malformed(arg, ctx->error.text);
            clgrpo_error_clear(ctx);
            st = CLGRPO_OK;
        }
    }
    return st;
}
