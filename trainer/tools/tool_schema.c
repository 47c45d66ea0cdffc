/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "tools/tool_kind.h"

enum { DEPTH = 16 };

static bool
is_type(const char *type, const json_t *value)
{
    static const struct {
        const char *name;
        json_type type;
    } plain[] = {{"string", JSON_STRING},
                 {"integer", JSON_INTEGER},
                 {"array", JSON_ARRAY},
                 {"object", JSON_OBJECT},
                 {"null", JSON_NULL}};

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
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
