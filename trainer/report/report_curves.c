/* SPDX-License-Identifier: Apache-2.0 */
/* The charts of a run's page: which keys of which agents' metrics are drawn. */
#include <math.h>
#include <stdlib.h>

#include "report/report.h"

enum { MAX_KEYS = 3 };

/* Whose key a chart draws, a series for each agent; or the keys of one agent, in a chart for each. */
enum who { ALL, ROOT, CALLED, EACH };

struct curve {
    const char *title, *unit;
    enum who who;
    struct {
        const char *key, *name; /* NULL: the agent's */
    } part[MAX_KEYS];
    bool timing, share; /* of the file of times; a share of trajectories: gets a 95% band */
};

static const struct curve curves[] = {
    {"Reward", "", ALL, {{"reward", NULL}}, false, true},
    {"Answer right", "share of rollouts", ROOT, {{"success", NULL}}, false, true},
    {"Result right", "expert score", CALLED, {{"expert", NULL}}, false, true},
    {"Subtasks per rollout", "", ROOT, {{"calls", NULL}}, false, false},
    {"Well-formed dialogues", "share", ALL, {{"format", NULL}}, false, true},
    {"Entropy of a token", "nats", ALL, {{"entropy", NULL}}, false, false},
    {"Importance ratio", "1 on-policy", EACH, {{"ratio_min", "min"}, {"ratio_max", "max"}}, false, false},
    {"Norm of the gradient", "", ALL, {{"grad_norm", NULL}}, false, false},
    {"Groups without signal", "share", ALL, {{"no_signal", NULL}}, false, false},
    {"Tokens that taught", "", ALL, {{"tokens_trained", NULL}}, false, false},
    {"Trajectories cut", "", EACH, {{"cut_length", "length"}, {"cut_context", "context"}}, false, false},
    {"Tokens through the model", "", ALL, {{"tokens_forward", NULL}}, false, false},
    {"Tokens generated", "", ALL, {{"tokens_generated", NULL}}, false, false},
    {"Staleness of the weights", "steps", ALL, {{"staleness", NULL}}, false, false},
    {"Time of a step", "s", EACH, {{"rollout", "rollouts"}, {"wait", "waiting"}, {"learn", "learning"}}, true, false},
};

static bool
is_train(const json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "name"));

    return name != NULL && name[0] == 't';
}

/* Values of one key at the train steps; returns how many. `half` is 1.96 standard errors of a share over the step's
 * trajectories. */
static size_t
collect(const json_t *lines, const char *key, bool share, double *x, double *y, double *half)
{
    const json_t *entry;
    size_t i, n = 0;

    json_array_foreach(lines, i, entry)
    {
        const json_t *value = json_object_get(entry, key);
        double count = json_number_value(json_object_get(entry, "trajectories")), v;

        if (!is_train(entry))
            continue;
        v = json_is_number(value) ? json_number_value(value) : NAN;
        x[n] = json_number_value(json_object_get(entry, "step"));
        half[n] = share && count > 0.0 && v >= 0.0 && v <= 1.0 ? 1.96 * sqrt(v * (1.0 - v) / count) : 0.0;
        y[n++] = v;
    }
    return n;
}

/* A chart as it is put together; the values of its series are its own. */
struct drawing {
    struct mg_chart chart;
    double *x, *y[MG_CHART_SERIES], *half[MG_CHART_SERIES];
};

static void
free_drawing(struct drawing *d)
{
    free(d->x);
    for (unsigned k = 0; k < MG_CHART_SERIES; k++) {
        free(d->y[k]);
        free(d->half[k]);
    }
}

/* One more series; lines without train steps, or fewer than the others have, add none. */
static enum mg_status
add_series(struct drawing *d, const json_t *lines, const char *key, const char *name, bool share, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_chart *c = &d->chart;
    unsigned k = c->n_series;
    size_t n = json_array_size(lines), got;

    if (n == 0 || k == MG_CHART_SERIES || (k > 0 && n < c->n))
        return MG_OK;
    free(d->x);
    d->x = NULL;
    MG_ALLOC(d->x, n);
    MG_ALLOC(d->y[k], n);
    MG_ALLOC(d->half[k], n);
    got = collect(lines, key, share, d->x, d->y[k], d->half[k]);
    c->n = k > 0 && c->n < got ? c->n : got;
    c->x = d->x;
    c->series[c->n_series++] = (struct mg_series){name, d->y[k], share ? d->half[k] : NULL};
out:
    return st;
}

/* The chart of agents first .. end - 1. */
static enum mg_status
draw(FILE *to, const struct mg_report *r, const struct curve *c, uint32_t first, uint32_t end, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct drawing d = {.chart = {.title = c->title, .unit = c->unit}};
    char title[96];

    if (c->who == EACH) {
        snprintf(title, sizeof title, "%s, %s", c->title, r->config.agent[first].name);
        d.chart.title = title;
    }
    for (uint32_t i = first; i < end; i++)
        for (int k = 0; k < MAX_KEYS && c->part[k].key != NULL; k++)
            MG_TRY(add_series(&d, c->timing ? r->timing[i] : r->metrics[i], c->part[k].key,
                              c->part[k].name != NULL ? c->part[k].name : r->config.agent[i].name, c->share, err));
    if (d.chart.n_series > 0 && d.chart.n > 0)
        mg_chart_svg(to, &d.chart);
out:
    free_drawing(&d);
    return st;
}

enum mg_status
mg_report_charts(FILE *to, const struct mg_report *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t n = r->config.n_agents;

    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        const struct curve *c = &curves[i];

        for (uint32_t a = 0; c->who == EACH && a < n; a++)
            MG_TRY(draw(to, r, c, a, a + 1, err));
        if (c->who != EACH)
            MG_TRY(draw(to, r, c, c->who == CALLED ? 1 : 0, c->who == ROOT ? 1 : n, err));
    }
out:
    return st;
}
