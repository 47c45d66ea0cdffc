/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "tools/tool_kind.h"

enum { DEPTH = 16 };

static const struct {
    const char *name;
    json_type type;
} plain[] = {{"string", JSON_STRING},
             {"integer", JSON_INTEGER},
             {"array", JSON_ARRAY},
             {"object", JSON_OBJECT},
             {"null", JSON_NULL}};
enum { N_PLAIN = sizeof plain / sizeof plain[0] };

static bool
is_type(const char *type, const json_t *value)
{
    for (size_t i = 0; i < N_PLAIN; i++)
        if (strcmp(type, plain[i].name) == 0)
            return json_typeof(value) == plain[i].type;
    if (strcmp(type, "number") == 0)
        return json_is_number(value);
    return strcmp(type, "boolean") == 0 && json_is_boolean(value);
}

static bool
fits_type(const json_t *schema, const json_t *value, const char *name, char why[MG_SCHEMA_WHY])
{
    const json_t *type = json_object_get(schema, "type"), *one;
    size_t i;

    if (type == NULL || (json_is_string(type) && is_type(json_string_value(type), value)))
        return true;
    json_array_foreach(type, i, one) if (json_is_string(one) && is_type(json_string_value(one), value)) return true;
    snprintf(why, MG_SCHEMA_WHY, "%.40s must be of type %.40s", name,
             json_is_string(type) ? json_string_value(type) : "that the schema names");
    return false;
}

static bool
fits_enum(const json_t *schema, const json_t *value, const char *name, char why[MG_SCHEMA_WHY])
{
    const json_t *choices = json_object_get(schema, "enum"), *one;
    size_t i;

    json_array_foreach(choices, i, one) if (json_equal(one, value)) return true;
    snprintf(why, MG_SCHEMA_WHY, "%.40s is none of the values that it may have", name);
    return choices == NULL;
}

static bool fits(const json_t *schema, const json_t *value, const char *name, unsigned depth, char why[MG_SCHEMA_WHY]);

static bool
fits_members(const json_t *schema, json_t *value, const char *name, unsigned depth, char why[MG_SCHEMA_WHY])
{
    const json_t *properties = json_object_get(schema, "properties"), *required = json_object_get(schema, "required");
    json_t *one;
    const char *key;
    size_t i;

    json_array_foreach(required, i, one)
    {
        if (json_is_string(one) && json_object_get(value, json_string_value(one)) == NULL) {
            snprintf(why, MG_SCHEMA_WHY, "%.40s is missing in %.40s", json_string_value(one), name);
            return false;
        }
    }
    json_object_foreach(value, key, one)
    {
        const json_t *rule = json_object_get(properties, key);

        if (rule == NULL && json_is_false(json_object_get(schema, "additionalProperties"))) {
            snprintf(why, MG_SCHEMA_WHY, "%.40s is not among what %.40s may hold", key, name);
            return false;
        }
        if (rule != NULL && !fits(rule, one, key, depth + 1, why))
            return false;
    }
    return true;
}

static bool
fits(const json_t *schema, const json_t *value, const char *name, unsigned depth, char why[MG_SCHEMA_WHY])
{
    const json_t *items = json_object_get(schema, "items"), *one;
    size_t i;

    if (depth > DEPTH) {
        snprintf(why, MG_SCHEMA_WHY, "%.40s is nested more than %d deep", name, (int)DEPTH);
        return false;
    }
    if (!fits_type(schema, value, name, why) || !fits_enum(schema, value, name, why))
        return false;
    if (json_is_object(value) && !fits_members(schema, (json_t *)value, name, depth, why))
        return false;
    if (items != NULL)
        json_array_foreach(value, i, one) if (!fits(items, one, name, depth + 1, why)) return false;
    return true;
}

bool
mg_schema_fits(const json_t *schema, const json_t *value, char why[MG_SCHEMA_WHY])
{
    return fits(schema, value, "the arguments", 0, why);
}

/* ---- The schema itself ---- */

static bool
is_type_name(const json_t *name)
{
    const char *text = json_is_string(name) ? json_string_value(name) : "";

    for (size_t i = 0; i < N_PLAIN; i++)
        if (strcmp(text, plain[i].name) == 0)
            return true;
    return strcmp(text, "number") == 0 || strcmp(text, "boolean") == 0;
}

static bool
is_type_word(const json_t *type)
{
    const json_t *one;
    size_t i;

    if (!json_is_array(type))
        return is_type_name(type);
    json_array_foreach(type, i, one) if (!is_type_name(one)) return false;
    return json_array_size(type) > 0;
}

static bool
is_list_of_names(const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one) if (!json_is_string(one)) return false;
    return json_is_array(list);
}

/* A schema within another may be true or false, too. */
static bool
is_schema(const json_t *value)
{
    return json_is_object(value) || json_is_boolean(value);
}

static const struct {
    const char *name, *need;
    bool (*is_good)(const json_t *value);
} words[] = {
    {"type", "string, integer, number, boolean, array, object or null, or a list of these", is_type_word},
    {"required", "a list of names", is_list_of_names},
    {"additionalProperties", "true, false or an object", is_schema},
    {"items", "an object", is_schema},
};

static bool sound(const json_t *schema, const char *name, unsigned depth, char why[MG_SCHEMA_WHY]);

static bool
sound_properties(const json_t *properties, const char *name, unsigned depth, char why[MG_SCHEMA_WHY])
{
    const char *key;
    json_t *one;

    if (properties != NULL && !json_is_object(properties)) {
        snprintf(why, MG_SCHEMA_WHY, "properties of %.40s: need an object", name);
        return false;
    }
    json_object_foreach((json_t *)properties, key, one) if (!sound(one, key, depth + 1, why)) return false;
    return true;
}

static bool
sound(const json_t *schema, const char *name, unsigned depth, char why[MG_SCHEMA_WHY])
{
    const json_t *items = json_object_get(schema, "items"), *choices = json_object_get(schema, "enum");

    if (!is_schema(schema) || depth > DEPTH) {
        snprintf(why, MG_SCHEMA_WHY, "%.40s: need an object, nested at most %d deep", name, (int)DEPTH);
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const json_t *value = json_object_get(schema, words[i].name);

        if (value != NULL && !words[i].is_good(value)) {
            snprintf(why, MG_SCHEMA_WHY, "%s of %.40s: need %s", words[i].name, name, words[i].need);
            return false;
        }
    }
    if (choices != NULL && json_array_size(choices) == 0) {
        snprintf(why, MG_SCHEMA_WHY, "enum of %.40s: need a list of values", name);
        return false;
    }
    return sound_properties(json_object_get(schema, "properties"), name, depth, why) &&
           (items == NULL || sound(items, name, depth + 1, why));
}

bool
mg_schema_sound(const json_t *schema, char why[MG_SCHEMA_WHY])
{
    json_t *none = json_object();
    bool good = sound(schema, "the arguments", 0, why);

    if (good && !fits_type(schema, none, "the arguments", why)) {
        snprintf(why, MG_SCHEMA_WHY, "type of the arguments: need object");
        good = false;
    }
    json_decref(none);
    return good;
}
