/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "run/start.h"

#include <time.h>

#include "clgrpo.h"
#include "run/metrics.h"

json_t *
mg_start_text(const char *text)
{
    json_t *string = json_string(text);

    return string != NULL ? string : json_string("?");
}

enum mg_status
mg_start_record(const char *path, json_t *more, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    time_t now = time(NULL);
    struct tm utc;
    char date[32] = "";
    json_t *line = NULL;

    if (gmtime_r(&now, &utc) != NULL)
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    line = json_pack("{s:s, s:s, s:s}", "date", date, "mgrpo", PACKAGE_VERSION, "clgrpo", clgrpo_version());
    MG_REQUIRE(line != NULL && more != NULL && json_object_update(line, more) == 0, MG_FAIL,
               "%s: out of memory: a line", path);
    st = mg_metrics_append(path, line, err);
    line = NULL;
out:
    json_decref(line);
    json_decref(more);
    return st;
}
