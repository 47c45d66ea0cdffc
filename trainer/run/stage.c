/* SPDX-License-Identifier: Apache-2.0 */
#include "run/stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/metrics.h"

/* Success of the last `room` train steps, as a ring. */
struct window {
    const struct mg_config *c;
    uint32_t before; /* train steps from this one on do not count */
    double *success;
    uint32_t n; /* that were seen */
    struct mg_stage *stage;
};

static double
mean(const struct window *w)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < w->c->first_window; i++)
        sum += w->success[i];
    return sum / w->c->first_window;
}

static enum mg_status
look(void *arg, json_t *line, struct mg_err *err)
{
    struct window *w = arg;
    const struct mg_config *c = w->c;
    const char *name = json_string_value(json_object_get(line, "name"));
    const json_t *success = json_object_get(line, "success");
    const json_int_t step = json_integer_value(json_object_get(line, "step"));

    (void)err;
    if (name == NULL || strcmp(name, "train") != 0 || step < 0 || step >= (json_int_t)w->before ||
        w->stage->number == 2)
        return MG_OK;
    w->success[w->n++ % c->first_window] = json_is_number(success) ? json_number_value(success) : 0.0;
    if (w->n >= c->first_window)
        w->stage->success = mean(w);
    if ((c->first_success > 0.0 && w->n >= c->first_window && w->stage->success >= c->first_success) ||
        (c->first_steps > 0 && w->n >= c->first_steps)) {
        w->stage->number = 2;
        w->stage->begun = (uint32_t)step + 1;
    }
    return MG_OK;
}

enum mg_status
mg_stage_find(const struct mg_config *c, const char *metrics, uint32_t step, struct mg_stage *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct window w = {.c = c, .before = step, .stage = out};

    *out = (struct mg_stage){.number = c->first_hops > 0 ? 1 : 2, .success = (double)NAN};
    if (c->first_hops == 0 || access(metrics, F_OK) != 0)
        return MG_OK;
    MG_ALLOC(w.success, c->first_window);
    MG_TRY(mg_metrics_each(metrics, look, &w, err));
out:
    free(w.success);
    return st;
}
