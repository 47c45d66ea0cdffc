/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "run/start.h"

#include <time.h>

#include "clgrpo.h"
#include "run/metrics.h"

enum mg_status
mg_start_record(const char *path, json_t *more, struct mg_err *err)
{
    time_t now = time(NULL);
    struct tm utc;
    char date[32] = "";
    json_t *line;

    if (gmtime_r(&now, &utc) != NULL)
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    line = json_pack("{s:s, s:s, s:s}", "date", date, "mgrpo", PACKAGE_VERSION, "clgrpo", clgrpo_version());
    if (line != NULL && more != NULL)
        json_object_update(line, more);
    json_decref(more);
    return mg_metrics_append(path, line, err);
}
