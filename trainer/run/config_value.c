/* SPDX-License-Identifier: Apache-2.0 */
/* The value of one key: set from text with its checks, and written as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/config_keys.h"

static enum mg_status
set_number(void *at, const struct mg_config_key *key, const char *text, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool whole = key->type != MG_KEY_REAL;
    char *end, most[32];
    double x = strtod(text, &end);

    if (text[0] == '\0' && key->missing != NULL && key->missing[0] == '\0' && !whole) { /* settled by other keys */
        *(double *)at = (double)NAN;
        return MG_OK;
    }
    snprintf(most, sizeof most, "%.10g", key->max);
    if (key->type == MG_KEY_U64)
        snprintf(most, sizeof most, "%" PRIu64, UINT64_MAX);
    MG_REQUIRE(end != text && *end == '\0' && x >= key->min && x <= key->max &&
                   (!whole || (x == floor(x) && text[0] != '-')),
               MG_INPUT, "%s: %s is \"%.60s\", need a %snumber from %.10g to %s", where, key->name, text,
               whole ? "whole " : "", key->min, most);
    if (key->type == MG_KEY_REAL)
        *(double *)at = x;
    else if (key->type == MG_KEY_UINT)
        *(uint32_t *)at = (uint32_t)x;
    else {
        errno = 0;
        *(uint64_t *)at = strtoull(text, &end, 10);
        MG_REQUIRE(*end == '\0' && errno == 0, MG_INPUT, "%s: %s is \"%.60s\", need a whole number of 64 bits", where,
                   key->name, text);
    }
out:
    return st;
}

static const char *
choice_name(const struct mg_config_key *key, int i)
{
    return *(const char *const *)((const char *)key->choice + (size_t)i * key->stride);
}

/* The place of `text` among the choices. */
static enum mg_status
choose(const struct mg_config_key *key, const char *text, const char *where, int *out, struct mg_err *err)
{
    char all[128] = "";
    const char *name;
    int i = 0;

    for (; (name = choice_name(key, i)) != NULL && strcmp(text, name) != 0; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", name);
    if (name == NULL)
        return mg_fail(err, MG_INPUT, "%s: %s is \"%.60s\", need one of: %s", where, key->name, text, all);
    *out = i;
    return MG_OK;
}

static enum mg_status
set_bool(bool *at, const struct mg_config_key *key, const char *text, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(strcmp(text, "true") == 0 || strcmp(text, "false") == 0, MG_INPUT,
               "%s: %s is \"%.60s\", need one of: false, true", where, key->name, text);
    *at = text[0] == 't';
out:
    return st;
}

/* Text must be UTF-8, since the record of a run is JSON. */
static enum mg_status
set_text(char **at, const struct mg_config_key *key, const char *text, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *recorded = json_string(text);
    char *copy = strdup(text);

    MG_REQUIRE(copy != NULL, MG_FAIL, "out of memory: %zu bytes of %s", strlen(text), key->name);
    MG_REQUIRE(recorded != NULL, MG_INPUT, "%s: %s is not UTF-8", where, key->name);
    free(*at);
    *at = copy;
    copy = NULL;
out:
    free(copy);
    json_decref(recorded);
    return st;
}

static enum mg_status
set_list(struct mg_list *at, const struct mg_config_key *key, const char *const *text, uint32_t n, const char *where,
         struct mg_err *err)
{
    enum mg_status st = MG_OK;

    mg_list_free(at);
    MG_ALLOC(at->item, n);
    for (uint32_t i = 0; i < n; i++) {
        MG_TRY(set_text(&at->item[i], key, text[i], where, err));
        at->n++;
    }
out:
    return st;
}

enum mg_status
mg_config_set(void *at, const struct mg_config_key *key, const char *const *text, uint32_t n, const char *where,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;
    void *value = (char *)at + key->offset;
    int which = 0;

    switch (key->type) {
    case MG_KEY_CHOICE:
        MG_TRY(choose(key, text[0], where, &which, err));
        *(int *)value = which;
        break;
    case MG_KEY_SPLIT:
        MG_TRY(choose(key, text[0], where, &which, err));
        st = set_text(value, key, text[0], where, err);
        break;
    case MG_KEY_BOOL:
        return set_bool(value, key, text[0], where, err);
    case MG_KEY_TEXT:
    case MG_KEY_HOST:
    case MG_KEY_PATH:
    case MG_KEY_PROSE:
        return set_text(value, key, text[0], where, err);
    case MG_KEY_LIST:
        return set_list(value, key, text, n, where, err);
    case MG_KEY_UINT:
    case MG_KEY_U64:
    case MG_KEY_REAL:
        return set_number(value, key, text[0], where, err);
    }
out:
    return st;
}

static json_t *
list_to_json(const struct mg_list *list)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < list->n; i++)
        json_array_append_new(array, json_string(list->item[i]));
    return array;
}

json_t *
mg_config_get(const void *at, const struct mg_config_key *key)
{
    const void *value = (const char *)at + key->offset;
    char text[64] = "";

    switch (key->type) {
    case MG_KEY_UINT:
        snprintf(text, sizeof text, "%u", *(const uint32_t *)value);
        break;
    case MG_KEY_U64:
        snprintf(text, sizeof text, "%llu", (unsigned long long)*(const uint64_t *)value);
        break;
    case MG_KEY_REAL:
        snprintf(text, sizeof text, "%.17g", *(const double *)value);
        break;
    case MG_KEY_BOOL:
        return json_string(*(const bool *)value ? "true" : "false");
    case MG_KEY_CHOICE:
        return json_string(choice_name(key, *(const int *)value));
    case MG_KEY_LIST:
        return list_to_json(value);
    case MG_KEY_SPLIT:
    case MG_KEY_TEXT:
    case MG_KEY_HOST:
    case MG_KEY_PATH:
    case MG_KEY_PROSE:
        return json_string(*(char *const *)value);
    }
    return json_string(text);
}

void
mg_config_place(const char *where, const struct mg_list *list, char place[MG_PLACE])
{
    if (list->line > 0)
        snprintf(place, MG_PLACE, "%.200s:%d", where, list->line);
    else
        snprintf(place, MG_PLACE, "%.200s", where);
}

void
mg_list_free(struct mg_list *list)
{
    for (uint32_t i = 0; i < list->n; i++)
        free(list->item[i]);
    free(list->item);
    *list = (struct mg_list){0};
}

void
mg_config_unset(void *at, const struct mg_config_key *key)
{
    void *value = (char *)at + key->offset;

    if (key->type == MG_KEY_TEXT || key->type == MG_KEY_HOST || key->type == MG_KEY_PATH || key->type == MG_KEY_PROSE ||
        key->type == MG_KEY_SPLIT) {
        free(*(char **)value);
        *(char **)value = NULL;
    } else if (key->type == MG_KEY_LIST) {
        mg_list_free(value);
    }
}
