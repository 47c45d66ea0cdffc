/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "output/html.h"

/* Rate over arithmetic intensity, both logarithmic. The data of a dot above the sloped lines come from the caches. */

enum { WIDTH = 400, HEIGHT = 270, LEFT = 34, RIGHT = 8, TOP = 10, BOTTOM = 30 };

struct range {
    double x0, x1, y0, y1; /* decimal logarithms */
};

static bool
has_dot(const struct bench_row *r)
{
    return r->flop > 0.0 && r->bytes > 0.0 && r->median_us > 0.0;
}

static double
intensity(const struct bench_row *r)
{
    return r->flop / r->bytes;
}

static double
gflops(const struct bench_row *r)
{
    return 1e-3 * r->flop / r->median_us;
}

static double
at_x(const struct range *g, double intensity_value)
{
    return LEFT + (log10(intensity_value) - g->x0) / (g->x1 - g->x0) * (WIDTH - LEFT - RIGHT);
}

static double
at_y(const struct range *g, double rate)
{
    return TOP + (g->y1 - log10(rate)) / (g->y1 - g->y0) * (HEIGHT - TOP - BOTTOM);
}

/* Whole decades that hold all dots, and the ridge, where a copy and the arithmetic take equal time. False if there is
 * no dot. */
static bool
find_range(const struct bench *b, struct range *g)
{
    double ridge = b->machine.fma_gflops / b->machine.copy_gbs, low = b->machine.fma_gflops;
    bool any = false;

    *g = (struct range){log10(ridge), log10(ridge), 0.0, 0.0};
    for (unsigned i = 0; i < b->n_rows; i++) {
        const struct bench_row *r = &b->rows[i];

        if (!has_dot(r))
            continue;
        any = true;
        g->x0 = fmin(g->x0, log10(intensity(r)));
        g->x1 = fmax(g->x1, log10(intensity(r)));
        low = fmin(low, gflops(r));
    }
    g->x0 = floor(g->x0 - 0.2);
    g->x1 = ceil(g->x1 + 0.2);
    g->y0 = floor(fmin(log10(low), log10(b->machine.copy_gbs) + g->x0));
    g->y1 = ceil(log10(b->machine.fma_gflops) + 0.1);
    return any;
}

static void
axes(FILE *f, const struct range *g)
{
    for (double d = g->x0; d <= g->x1; d++) {
        double x = at_x(g, pow(10.0, d));

        fprintf(f,
                "<path class=\"axis\" d=\"M%.1f %dV%d\"/><text class=\"dim\" x=\"%.1f\" y=\"%d\" "
                "text-anchor=\"middle\">%g</text>\n",
                x, TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 11, pow(10.0, d));
    }
    for (double d = g->y0; d <= g->y1; d++) {
        double y = at_y(g, pow(10.0, d));

        fprintf(f,
                "<path class=\"axis\" d=\"M%d %.1fH%d\"/><text class=\"dim\" x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%g</text>\n",
                LEFT, y, WIDTH - RIGHT, LEFT - 4, y + 3.0, pow(10.0, d));
    }
    fprintf(f,
            "<text class=\"dim\" x=\"%d\" y=\"%d\" text-anchor=\"end\">flop per byte that must move</text>\n"
            "<text class=\"dim\" x=\"%d\" y=\"%d\">GFLOP/s</text>\n",
            WIDTH - RIGHT, HEIGHT - 6, LEFT + 4, TOP + 9);
}

/* The sloped line of a memory rate, from the left or lower edge to the flat part. */
static void
slope(FILE *f, const struct range *g, double gbs, double fma, const char *name, bool below)
{
    double start = fmax(pow(10.0, g->x0), pow(10.0, g->y0) / gbs), ridge = fma / gbs, label = sqrt(start * ridge);

    fprintf(f, "<path class=\"limit\" d=\"M%.1f %.1fL%.1f %.1f\"/>", at_x(g, start), at_y(g, start * gbs),
            at_x(g, ridge), at_y(g, fma));
    fprintf(f, "<text class=\"roof\" x=\"%.1f\" y=\"%.1f\"%s>%s %.1f GB/s</text>\n",
            at_x(g, label) + (below ? 6.0 : -6.0), at_y(g, label * gbs) + (below ? 8.0 : -4.0),
            below ? "" : " text-anchor=\"end\"", name, gbs);
}

static void
dot(FILE *f, const struct range *g, const struct bench_row *r)
{
    fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.2\" fill=\"var(--c%u)\" fill-opacity=\".8\"><title>",
            at_x(g, intensity(r)), at_y(g, gflops(r)), r->group);
    html_text(f, r->row);
    fprintf(f, ": %.1f GFLOP/s at %.3g flop per byte; %.2f of %s</title></circle>\n", gflops(r), intensity(r), r->ratio,
            r->limit_name);
}

void
html_roofline(FILE *f, const struct bench *b)
{
    const struct bench_machine *m = &b->machine;
    struct range g;
    bool seen[BENCH_MAX_GROUPS] = {false};
    unsigned left_out = 0;

    if (m->fma_gflops <= 0.0 || m->copy_gbs <= 0.0 || m->read_gbs <= 0.0 || !find_range(b, &g))
        return;
    fprintf(f, "<h2>Roofline</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"roofline\">\n", WIDTH, HEIGHT);
    axes(f, &g);
    slope(f, &g, m->copy_gbs, m->fma_gflops, "copy", m->copy_gbs <= m->read_gbs);
    slope(f, &g, m->read_gbs, m->fma_gflops, "read", m->read_gbs < m->copy_gbs);
    fprintf(f,
            "<path class=\"limit\" d=\"M%.1f %.1fH%d\"/><text class=\"roof\" x=\"%d\" y=\"%.1f\" "
            "text-anchor=\"end\">fma %.0f GFLOP/s</text>\n",
            at_x(&g, m->fma_gflops / fmax(m->copy_gbs, m->read_gbs)), at_y(&g, m->fma_gflops), WIDTH - RIGHT,
            WIDTH - RIGHT - 2, at_y(&g, m->fma_gflops) - 4.0, m->fma_gflops);
    for (unsigned i = 0; i < b->n_rows; i++) {
        if (has_dot(&b->rows[i])) {
            dot(f, &g, &b->rows[i]);
            seen[b->rows[i].group] = true;
        } else {
            left_out++;
        }
    }
    fputs("</svg>\n<p class=\"dim\">", f);
    for (unsigned i = 0; i < b->n_groups; i++)
        if (seen[i])
            fprintf(f, "<span style=\"color:var(--c%u)\">&#9679;</span> %s ", i, b->group_titles[i]);
    fputs("</p>\n<p class=\"dim\">A dot on a line has reached that limit. Left of the ridge memory binds, right of it "
          "arithmetic. Dots have "
          "their names as tooltips",
          f);
    if (left_out > 0)
        fprintf(f, "; %u rows whose arithmetic or traffic is not counted are in the table alone", left_out);
    fputs(".</p>\n", f);
}
