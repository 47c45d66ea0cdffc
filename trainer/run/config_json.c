/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a configuration: JSON text, and the comparison of two of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/config_keys.h"

enum { MAX_ITEMS = 64 };

static void
keys_to_json(json_t *to, const void *at, const struct mg_config_key *keys, size_t n, bool common)
{
    for (size_t i = 0; i < n; i++)
        if (!common || (keys[i].type != MG_KEY_PATH && keys[i].type != MG_KEY_HOST))
            json_object_set_new(to, keys[i].name, mg_config_get(at, &keys[i]));
}

static json_t *
extended_to_json(const struct mg_config *c)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < c->n_extended; i++)
        json_array_append_new(list, json_integer(c->extended[i]));
    return list;
}

static char *
to_json(const struct mg_config *c, bool common)
{
    json_t *root = json_object();
    char *text = NULL;

    keys_to_json(root, c, mg_config_keys, mg_n_config_keys, common);
    for (size_t i = 0; i < MG_N_SECTIONS; i++) {
        const struct mg_section *s = &mg_sections[i];
        json_t *array = json_array();

        for (uint32_t k = 0; k < mg_section_count(c, s); k++) {
            void *item = mg_section_item(c, s, k);
            json_t *object = json_object();

            json_object_set_new(object, "name", json_string(*(char **)item));
            keys_to_json(object, item, s->keys, s->n_keys, common);
            json_array_append_new(array, object);
        }
        json_object_set_new(root, s->name, array);
    }
    if (!common && c->n_extended > 0)
        json_object_set_new(root, MG_CONFIG_EXTENDED, extended_to_json(c));
    text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    return text;
}

char *
mg_config_to_json(const struct mg_config *c)
{
    return to_json(c, false);
}

char *
mg_config_common_json(const struct mg_config *c)
{
    return to_json(c, true);
}

static const char recorded[] = "the recorded configuration";

static enum mg_status
key_from_json(void *at, const json_t *object, const struct mg_config_key *key, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *value = json_object_get(object, key->name);
    const char *text[MAX_ITEMS];
    size_t n = key->type == MG_KEY_LIST ? json_array_size(value) : 1;

    MG_REQUIRE(value != NULL && json_is_array(value) == (key->type == MG_KEY_LIST) && n <= MAX_ITEMS, MG_INPUT,
               "%s lacks %s", recorded, key->name);
    for (size_t i = 0; i < n; i++) {
        text[i] = json_string_value(key->type == MG_KEY_LIST ? json_array_get(value, i) : value);
        MG_REQUIRE(text[i] != NULL, MG_INPUT, "%s: %s is no text", recorded, key->name);
    }
    MG_TRY(mg_config_set(at, key, text, (uint32_t)n, recorded, err));
out:
    return st;
}

static enum mg_status
keys_from_json(void *at, const json_t *object, const struct mg_config_key *keys, size_t n, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < n; i++)
        MG_TRY(key_from_json(at, object, &keys[i], err));
out:
    return st;
}

/* A key of a later version would change what the run does. */
static enum mg_status
check_known(const json_t *object, const struct mg_config_key *keys, size_t n, bool top, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    json_t *copy = json_copy((json_t *)object);

    MG_REQUIRE(copy != NULL, MG_FAIL, "out of memory: the recorded configuration");
    for (size_t i = 0; i < n; i++)
        json_object_del(copy, keys[i].name);
    for (size_t i = 0; top && i < MG_N_SECTIONS; i++)
        json_object_del(copy, mg_sections[i].name);
    json_object_del(copy, top ? MG_CONFIG_INPUTS : "name");
    if (top)
        json_object_del(copy, MG_CONFIG_EXTENDED);
    MG_REQUIRE(json_object_size(copy) == 0, MG_INPUT, "%s has the key %.60s, which this mgrpo does not know", recorded,
               json_object_iter_key(json_object_iter(copy)));
out:
    json_decref(copy);
    return st;
}

static enum mg_status
section_from_json(struct mg_config *c, const json_t *root, const struct mg_section *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *array = json_object_get(root, s->name);
    size_t n = json_array_size(array);

    MG_REQUIRE(json_is_array(array) && n <= s->most, MG_INPUT, "%s lacks %s", recorded, s->name);
    MG_TRY(mg_section_alloc(c, s, (uint32_t)n, err));
    for (size_t i = 0; i < n; i++) {
        const json_t *object = json_array_get(array, i);
        const char *name = json_string_value(json_object_get(object, "name"));
        void *item = mg_section_item(c, s, (uint32_t)i);

        MG_REQUIRE(name != NULL, MG_INPUT, "%s: %s %zu has no name", recorded, s->name, i);
        *(char **)item = strdup(name);
        MG_REQUIRE(*(char **)item != NULL, MG_FAIL, "out of memory: the name of a section %s", s->name);
        MG_TRY(keys_from_json(item, object, s->keys, s->n_keys, err));
        MG_TRY(check_known(object, s->keys, s->n_keys, false, err));
    }
out:
    return st;
}

static enum mg_status
extended_from_json(struct mg_config *c, const json_t *list, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = json_array_size(list);

    MG_REQUIRE(list == NULL || (json_is_array(list) && n <= MG_MAX_ENDS), MG_INPUT, "%s: %s is no list of up to %d",
               recorded, MG_CONFIG_EXTENDED, (int)MG_MAX_ENDS);
    for (size_t i = 0; i < n; i++) {
        json_int_t steps = json_integer_value(json_array_get(list, i));

        MG_REQUIRE(steps > (json_int_t)mg_config_steps(c) && steps <= MG_MAX_STEPS, MG_INPUT,
                   "%s: %s: %lld train steps after %u, at most %d", recorded, MG_CONFIG_EXTENDED, (long long)steps,
                   mg_config_steps(c), (int)MG_MAX_STEPS);
        c->extended[c->n_extended++] = (uint32_t)steps;
    }
out:
    return st;
}

enum mg_status
mg_config_from_json(const char *text, struct mg_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_config c = {0};
    json_t *root = json_loads(text, 0, NULL);

    MG_REQUIRE(root != NULL, MG_INPUT, "%s is not JSON", recorded);
    MG_TRY(keys_from_json(&c, root, mg_config_keys, mg_n_config_keys, err));
    for (size_t i = 0; i < MG_N_SECTIONS; i++)
        MG_TRY(section_from_json(&c, root, &mg_sections[i], err));
    MG_TRY(check_known(root, mg_config_keys, mg_n_config_keys, true, err));
    MG_TRY(extended_from_json(&c, json_object_get(root, MG_CONFIG_EXTENDED), err));
    MG_TRY(mg_config_settle(&c, recorded, err));
    *out = c;
    memset(&c, 0, sizeof c);
out:
    json_decref(root);
    mg_config_free(&c);
    return st;
}

/* ---- Comparison ---- */

/* A value for people: a text without its quotes; malloc'ed. */
static char *
value_text(const json_t *value)
{
    if (value == NULL)
        return strdup("nothing");
    if (json_is_string(value))
        return strdup(json_string_value(value));
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static char *
keys_difference(const json_t *a, const json_t *b, const char *where, const struct mg_config_key *keys, size_t n)
{
    char *out = NULL;

    for (size_t i = 0; out == NULL && i < n; i++) {
        const json_t *x = json_object_get(a, keys[i].name), *y = json_object_get(b, keys[i].name);
        char *now, *before;

        if (keys[i].type == MG_KEY_PATH || x == y || (x != NULL && y != NULL && json_equal(x, y)))
            continue;
        now = value_text(x);
        before = value_text(y);
        if (asprintf(&out, "%s%s: %s, was %s", where, keys[i].name, now, before) < 0)
            out = NULL;
        free(now);
        free(before);
    }
    return out;
}

static char *
section_difference(const json_t *a, const json_t *b, const struct mg_section *s)
{
    size_t n = json_array_size(a), was = json_array_size(b);
    char *out = NULL;

    for (size_t i = 0; out == NULL && i < (n > was ? n : was); i++) {
        const json_t *x = json_array_get(a, i), *y = json_array_get(b, i);
        const char *now = json_string_value(json_object_get(x, "name")),
                   *before = json_string_value(json_object_get(y, "name"));
        char where[96];

        if (now == NULL || before == NULL || strcmp(now, before) != 0) {
            if (asprintf(&out, "%s %zu: %s, was %s", s->name, i + 1, now != NULL ? now : "nothing",
                         before != NULL ? before : "nothing") < 0)
                out = NULL;
            break;
        }
        snprintf(where, sizeof where, "%s.%.64s.", s->name, now);
        out = keys_difference(x, y, where, s->keys, s->n_keys);
    }
    return out;
}

char *
mg_config_difference(const char *now, const char *before)
{
    json_t *a = json_loads(now, 0, NULL), *b = json_loads(before, 0, NULL);
    char *out = keys_difference(a, b, "", mg_config_keys, mg_n_config_keys);

    for (size_t i = 0; out == NULL && i < MG_N_SECTIONS; i++)
        out = section_difference(json_object_get(a, mg_sections[i].name), json_object_get(b, mg_sections[i].name),
                                 &mg_sections[i]);
    json_decref(a);
    json_decref(b);
    return out;
}
