/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

enum { WIDTH = 520, HEIGHT = 220, LEFT = 52, RIGHT = 12, TOP = 30, BOTTOM = 28, LETTER = 7, GAP = 12 };

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
    double size;

    for (unsigned k = 0; k < c->n_series; k++)
        for (size_t i = 0; i < c->n; i++) {
            const struct mg_series *series = &c->series[k];

            /* fmin and fmax pass over what is no number */
            s.y0 = fmin(s.y0, fmin(series->y[i], series->lo != NULL ? series->lo[i] : (double)NAN));
            s.y1 = fmax(s.y1, fmax(series->y[i], series->hi != NULL ? series->hi[i] : (double)NAN));
        }
    if (!(s.y0 <= s.y1))
        s.y0 = 0.0, s.y1 = 1.0;
    size = fmax(1.0, fabs(s.y0));
    if (s.y1 - s.y0 < 1e-9 * size)
        s.y0 -= 0.5 * size, s.y1 += 0.5 * size;
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
                fabs(y) < 1000.0 || fabs(y) > 1e9 ? "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>\n"
                                                  : "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n",
                LEFT - 6, py(s, y) + 4, y);
    }
    fprintf(to, "<text x=\"%d\" y=\"%d\">step %.0f</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.0f</text>\n",
            LEFT, HEIGHT - 8, s->x0, WIDTH - RIGHT, HEIGHT - 8, s->x1);
    fprintf(to, "<text class=\"title\" x=\"%d\" y=\"16\">%s%s%s%s</text>\n", LEFT, c->title,
            c->unit[0] != '\0' ? " (" : "", c->unit, c->unit[0] != '\0' ? ")" : "");
}

static bool
has_band(const struct mg_series *s, size_t i)
{
    return isfinite(s->y[i]) && isfinite(s->lo[i]) && isfinite(s->hi[i]);
}

static void
band(FILE *to, const struct mg_chart *c, const struct mg_series *series, const struct scale *s, unsigned color)
{
    fprintf(to, "<polygon class=\"band c%u\" points=\"", color);
    for (size_t i = 0; i < c->n; i++)
        if (has_band(series, i))
            fprintf(to, "%.1f,%.1f ", px(s, c->x[i]), py(s, series->hi[i]));
    for (size_t i = c->n; i-- > 0;)
        if (has_band(series, i))
            fprintf(to, "%.1f,%.1f ", px(s, c->x[i]), py(s, series->lo[i]));
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

/* From the right end to the left, each as wide as its letters, so that four names leave the title its place. */
static void
names(FILE *to, const struct mg_chart *c)
{
    int x = WIDTH - RIGHT;

    for (unsigned k = c->n_series; k-- > 0;) {
        fprintf(to, "<text class=\"key c%u\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", k, x, 16,
                c->series[k].name);
        x -= LETTER * (int)strlen(c->series[k].name) + GAP;
    }
}

void
mg_chart_svg(FILE *to, const struct mg_chart *c)
{
    struct scale s = fit(c);

    fprintf(to, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s by train step\"><title>%s</title>\n", WIDTH,
            HEIGHT, c->title, c->title);
    axes(to, c, &s);
    for (unsigned k = 0; k < c->n_series; k++) {
        if (c->series[k].lo != NULL)
            band(to, c, &c->series[k], &s, k);
        line(to, c, &c->series[k], &s, k);
    }
    if (c->n_series > 1)
        names(to, c);
    fprintf(to, "</svg>\n");
}
