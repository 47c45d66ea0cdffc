/* SPDX-License-Identifier: Apache-2.0 */
/* What formats have in common: the text of a turn. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialogue/format_member.h"

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *
mg_text_trim(const char *text, size_t *len)
{
    while (*len > 0 && is_blank(text[*len - 1]))
        --*len;
    while (*len > 0 && is_blank(text[0])) {
        text++;
        --*len;
    }
    return text;
}

/* The JSON value of a property from a text: a string, or the text itself if it is JSON and the property is no
 * string. */
static char *
value_of(const json_t *property, const char *text)
{
    const char *type = json_string_value(json_object_get(property, "type"));
    bool bare = type != NULL && strcmp(type, "string") != 0;
    json_t *value = bare ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL, *string = json_string(text);
    char *out = value != NULL ? strdup(text) : json_dumps(string, JSON_ENCODE_ANY);

    json_decref(value);
    json_decref(string);
    return out;
}

char *
mg_arguments_of_text(const char *schema, const char *text)
{
    json_t *rules = json_loads(schema, 0, NULL), *properties = json_object_get(rules, "properties"), *key = NULL;
    void *only = json_object_size(properties) == 1 ? json_object_iter(properties) : NULL;
    char *arguments = NULL, *name = NULL, *value = NULL;

    if (only == NULL) {
        arguments = strdup(text);
    } else {
        key = json_string(json_object_iter_key(only));
        name = json_dumps(key, JSON_ENCODE_ANY);
        value = value_of(json_object_iter_value(only), text);
        if (name == NULL || value == NULL || asprintf(&arguments, "{%s: %s}", name, value) < 0)
            arguments = NULL;
    }
    free(name);
    free(value);
    json_decref(key);
    json_decref(rules);
    return arguments;
}
