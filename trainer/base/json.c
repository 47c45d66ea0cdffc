/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum mg_status
mg_json_write_line(struct mg_file_new *f, json_t *object, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

    MG_REQUIRE(line != NULL, MG_FAIL, "out of memory: a line of JSON");
    MG_TRY(mg_file_new_write(f, line, strlen(line), err));
    MG_TRY(mg_file_new_write(f, "\n", 1, err));
out:
    free(line);
    json_decref(object);
    return st;
}

json_t *
mg_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *
mg_json_share(const struct mg_share *s)
{
    if (!isfinite(s->mean))
        return json_null();
    return json_pack("{s:I, s:f, s:f, s:f}", "n", (json_int_t)s->n, "mean", s->mean, "lo", s->lo, "hi", s->hi);
}
