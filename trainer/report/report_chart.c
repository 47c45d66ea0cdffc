/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "report/report.h"

enum { WIDTH = 520, HEIGHT = 220, LEFT = 52, RIGHT = 12, TOP = 30, BOTTOM = 28 };

struct scale {
    double x0, x1, y0, y1;
};

static double
px(const struct scale *s, double x)
{
    return LEFT + (x - s->x0) / (s->x1 - s->x0) * (WIDTH - LEFT - RIGHT);
}

static double
py(const struct scale *s, double y)
{
    return HEIGHT - BOTTOM - (y - s->y0) / (s->y1 - s->y0) * (HEIGHT - TOP - BOTTOM);
}

static struct scale
fit(const struct mg_chart *c)
{
    struct scale s = {c->n > 0 ? c->x[0] : 0.0, c->n > 0 ? c->x[c->n - 1] : 1.0, INFINITY, -INFINITY};

    for (unsigned k = 0; k < c->n_series; k++)
        for (size_t i = 0; i < c->n; i++) {
            double half = c->series[k].half != NULL ? c->series[k].half[i] : 0.0;

            s.y0 = fmin(s.y0, c->series[k].y[i] - half);
            s.y1 = fmax(s.y1, c->series[k].y[i] + half);
        }
    if (!(s.y0 <= s.y1))
        s.y0 = 0.0, s.y1 = 1.0;
    if (s.y1 - s.y0 < 1e-9)
        s.y0 -= 0.5, s.y1 += 0.5;
    if (s.x1 <= s.x0)
        s.x1 = s.x0 + 1.0;
    return s;
}

static void
axes(FILE *to, const struct mg_chart *c, const struct scale *s)
{
    for (int i = 0; i <= 4; i++) {
        double y = s->y0 + (s->y1 - s->y0) * i / 4.0;

        fprintf(to, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT, py(s, y),
                py(s, y));
        fprintf(to,
                fabs(y) < 1000.0 ? "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>\n"
                                 : "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n",
                LEFT - 6, py(s, y) + 4, y);
    }
    fprintf(to, "<text x=\"%d\" y=\"%d\">step %.0f</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.0f</text>\n",
            LEFT, HEIGHT - 8, s->x0, WIDTH - RIGHT, HEIGHT - 8, s->x1);
    fprintf(to, "<text class=\"title\" x=\"%d\" y=\"16\">%s%s%s%s</text>\n", LEFT, c->title,
            c->unit[0] != '\0' ? " (" : "", c->unit, c->unit[0] != '\0' ? ")" : "");
}

static void
band(FILE *to, const struct mg_chart *c, const struct mg_series *series, const struct scale *s, unsigned color)
{
    fprintf(to, "<polygon class=\"band c%u\" points=\"", color);
    for (size_t i = 0; i < c->n; i++)
        if (isfinite(series->y[i]))
            fprintf(to, "%.1f,%.1f ", px(s, c->x[i]), py(s, series->y[i] + series->half[i]));
    for (size_t i = c->n; i-- > 0;)
        if (isfinite(series->y[i]))
            fprintf(to, "%.1f,%.1f ", px(s, c->x[i]), py(s, series->y[i] - series->half[i]));
    fprintf(to, "\"/>\n");
}

static void
line(FILE *to, const struct mg_chart *c, const struct mg_series *series, const struct scale *s, unsigned color)
{
    fprintf(to, "<polyline class=\"line c%u\" points=\"", color);
    for (size_t i = 0; i < c->n; i++)
        if (isfinite(series->y[i]))
            fprintf(to, "%.1f,%.1f ", px(s, c->x[i]), py(s, series->y[i]));
    fprintf(to, "\"/>\n");
}

void
mg_chart_svg(FILE *to, const struct mg_chart *c)
{
    struct scale s = fit(c);

    fprintf(to, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s by train step\"><title>%s</title>\n", WIDTH,
            HEIGHT, c->title, c->title);
    axes(to, c, &s);
    for (unsigned k = 0; k < c->n_series; k++) {
        if (c->series[k].half != NULL)
            band(to, c, &c->series[k], &s, k);
        line(to, c, &c->series[k], &s, k);
    }
    for (unsigned k = 0; k < c->n_series && c->n_series > 1; k++)
        fprintf(to, "<text class=\"key c%u\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", k,
                WIDTH - RIGHT - 90 * (int)(c->n_series - 1 - k), 16, c->series[k].name);
    fprintf(to, "</svg>\n");
}

/* ---- What is drawn ---- */

struct curve {
    const char *title, *unit;
    struct {
        const char *name;
        enum mg_side side;
        const char *key;
        bool timing, share; /* of a file; a share of trajectories: gets a 95% band */
    } part[MG_CHART_SERIES];
};

static const struct curve curves[] = {
    {"Reward",
     "",
     {{"planner", MG_SIDE_MAIN, "reward", false, true}, {"search agent", MG_SIDE_SEARCH, "reward", false, true}}},
    {"Planner's answer right", "share of rollouts", {{"planner", MG_SIDE_MAIN, "success", false, true}}},
    {"Sub-agent's result right", "expert score", {{"search agent", MG_SIDE_SEARCH, "expert", false, true}}},
    {"Subtasks per rollout", "", {{"planner", MG_SIDE_MAIN, "calls", false, false}}},
    {"Well-formed dialogues",
     "share",
     {{"planner", MG_SIDE_MAIN, "format", false, true}, {"search agent", MG_SIDE_SEARCH, "format", false, true}}},
    {"Entropy of a token",
     "nats",
     {{"planner", MG_SIDE_MAIN, "entropy", false, false}, {"search agent", MG_SIDE_SEARCH, "entropy", false, false}}},
    {"Importance ratio",
     "1 on-policy",
     {{"min", MG_SIDE_SEARCH, "ratio_min", false, false}, {"max", MG_SIDE_SEARCH, "ratio_max", false, false}}},
    {"Norm of the gradient",
     "",
     {{"planner", MG_SIDE_MAIN, "grad_norm", false, false},
      {"search agent", MG_SIDE_SEARCH, "grad_norm", false, false}}},
    {"Tokens trained",
     "",
     {{"planner", MG_SIDE_MAIN, "tokens_forward", false, false},
      {"search agent", MG_SIDE_SEARCH, "tokens_forward", false, false}}},
    {"Tokens generated",
     "",
     {{"planner", MG_SIDE_MAIN, "tokens_generated", false, false},
      {"search agent", MG_SIDE_SEARCH, "tokens_generated", false, false}}},
    {"Staleness of the weights",
     "steps",
     {{"planner", MG_SIDE_MAIN, "staleness", false, false},
      {"search agent", MG_SIDE_SEARCH, "staleness", false, false}}},
    {"Step of the search agent",
     "s",
     {{"rollouts", MG_SIDE_SEARCH, "rollout", true, false},
      {"waiting", MG_SIDE_SEARCH, "wait", true, false},
      {"learning", MG_SIDE_SEARCH, "learn", true, false}}},
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

static enum mg_status
draw(FILE *to, const struct mg_report *r, const struct curve *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_chart chart = {.title = c->title, .unit = c->unit};
    double *x = NULL, *y[MG_CHART_SERIES] = {NULL}, *half[MG_CHART_SERIES] = {NULL};

    for (unsigned k = 0; k < MG_CHART_SERIES && c->part[k].name != NULL; k++) {
        const json_t *lines = c->part[k].timing ? r->timing[c->part[k].side] : r->metrics[c->part[k].side];
        size_t n = json_array_size(lines), got;

        if (n == 0 || (chart.n_series > 0 && n < chart.n))
            continue;
        free(x);
        MG_ALLOC(x, n);
        MG_ALLOC(y[k], n);
        MG_ALLOC(half[k], n);
        got = collect(lines, c->part[k].key, c->part[k].share, x, y[k], half[k]);
        chart.n = chart.n_series > 0 && chart.n < got ? chart.n : got;
        chart.series[chart.n_series++] = (struct mg_series){c->part[k].name, y[k], c->part[k].share ? half[k] : NULL};
    }
    chart.x = x;
    if (chart.n_series > 0 && chart.n > 0)
        mg_chart_svg(to, &chart);
out:
    free(x);
    for (int k = 0; k < MG_CHART_SERIES; k++) {
        free(y[k]);
        free(half[k]);
    }
    return st;
}

enum mg_status
mg_report_charts(FILE *to, const struct mg_report *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        MG_TRY(draw(to, r, &curves[i], err));
out:
    return st;
}
