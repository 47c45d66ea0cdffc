/* SPDX-License-Identifier: Apache-2.0 */
#include "run/best.h"

#include <string.h>
#include <unistd.h>

#include "run/metrics.h"

static bool
is_sampled_evaluation(const json_t *line)
{
    static const char *const names[] = {"before", "during", "after"};
    const char *name = json_string_value(json_object_get(line, "name"));

    for (int i = 0; name != NULL && i < 3; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

struct search {
    const char *path;
    struct mg_best *best;
};

static enum mg_status
look(void *arg, json_t *line, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct search *search = arg;
    struct mg_best *best = search->best;
    const json_t *success = json_object_get(line, "success");
    json_int_t phase = json_integer_value(json_object_get(line, "phase")),
               step = json_integer_value(json_object_get(line, "step"));

    if (!is_sampled_evaluation(line) || !json_is_number(success) ||
        (best->there && json_number_value(success) <= best->success))
        return MG_OK;
    MG_REQUIRE(phase >= 0 && phase < UINT32_MAX && step >= 0 && step <= UINT32_MAX, MG_INPUT,
               "%s: an evaluation is of phase %lld and step %lld", search->path, (long long)phase, (long long)step);
    *best = (struct mg_best){true, (uint32_t)phase, (uint32_t)step, json_number_value(success)};
out:
    return st;
}

enum mg_status
mg_best_find(const char *metrics, struct mg_best *out, struct mg_err *err)
{
    struct search search = {metrics, out};

    *out = (struct mg_best){.there = false};
    return access(metrics, F_OK) == 0 ? mg_metrics_each(metrics, look, &search, err) : MG_OK;
}
