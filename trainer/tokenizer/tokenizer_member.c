/* SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_internal.h"

enum mg_status
mg_tok_bool(const json_t *obj, const char *key, bool fallback, bool *value, const char *name, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *v = json_object_get(obj, key);

    *value = fallback;
    if (v == NULL || json_is_null(v))
        return MG_OK;
    MG_REQUIRE(json_is_boolean(v), MG_INPUT, "%s: %s is not true or false", name, key);
    *value = json_is_true(v);
out:
    return st;
}
