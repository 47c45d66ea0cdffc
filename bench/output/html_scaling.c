/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/html.h"

/* The rate over the sequence length, one line for each kind of row. */

enum { WIDTH = 400, RIGHT = 8, HEIGHT = 240, LEFT = 34, TOP = 10, BOTTOM = 28, MAX_SERIES = 24, COLOURS = 5 };

struct point {
    char series[160];
    double length, value;
    bool peer;
};

struct points {
    struct point *all;
    size_t n;
};

/* Copies a name such as "attention.fwd.f32.d64.s1024.causal" without its part ".s1024", and returns 1024; 0 if it has
 * no such part or is not a row of attention. */
static double
take_length(const char *row, char *rest, size_t bytes)
{
    const char *part = strstr(row, ".s");
    char *end;
    double length;

    while (part != NULL && (part[2] < '0' || part[2] > '9'))
        part = strstr(part + 1, ".s");
    if (part == NULL || strncmp(row, "attention.", 10) != 0)
        return 0.0;
    length = (double)strtoul(part + 2, &end, 10);
    snprintf(rest, bytes, "%.*s%s", (int)(part - row), row, end);
    return length;
}

static int
by_series(const void *x, const void *y)
{
    const struct point *p = x, *q = y;
    int order = strcmp(p->series, q->series);

    return order != 0 ? order : (p->length > q->length) - (p->length < q->length);
}

static bool
collect(const struct bench *b, struct points *out)
{
    out->n = 0;
    out->all = calloc((size_t)b->n_rows * (1 + BENCH_MAX_PEERS) + 1, sizeof *out->all);
    for (unsigned i = 0; out->all != NULL && i < b->n_rows; i++) {
        const struct bench_row *r = &b->rows[i];
        char rest[80];
        double length = take_length(r->row, rest, sizeof rest);

        if (length <= 0.0 || bench_is_time(r->unit))
            continue;
        for (unsigned p = 0; p <= r->n_peers; p++) {
            struct point *at = &out->all[out->n++];

            *at = (struct point){.length = length, .peer = p > 0, .value = p > 0 ? r->peers[p - 1].value : r->value};
            snprintf(at->series, sizeof at->series, "%s%s%s", rest, p > 0 ? ", " : "",
                     p > 0 ? r->peers[p - 1].name : "");
        }
    }
    if (out->all != NULL)
        qsort(out->all, out->n, sizeof *out->all, by_series);
    return out->all != NULL;
}

/* How many points from i on belong to one line. */
static size_t
run_length(const struct points *p, size_t i)
{
    size_t n = 1;

    while (i + n < p->n && strcmp(p->all[i].series, p->all[i + n].series) == 0)
        n++;
    return n;
}

struct frame {
    double shortest, longest, most;
};

static double
at_x(const struct frame *g, double length)
{
    return LEFT + log2(length / g->shortest) / log2(g->longest / g->shortest) * (WIDTH - LEFT - RIGHT - 10) + 5;
}

static double
at_y(const struct frame *g, double value)
{
    return TOP + (1.0 - value / g->most) * (HEIGHT - TOP - BOTTOM);
}

static void
draw_frame(FILE *f, const struct bench *b, const struct frame *g)
{
    for (int i = 0; i <= 4; i++) {
        double value = g->most * i / 4.0;

        fprintf(f,
                "<path class=\"axis\" d=\"M%d %.1fH%d\"/><text class=\"dim\" x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%.3g</text>\n",
                LEFT, at_y(g, value), WIDTH - RIGHT, LEFT - 4, at_y(g, value) + 3.0, value);
    }
    for (double s = g->shortest; s <= g->longest * 1.01; s *= 2.0)
        fprintf(f, "<text class=\"dim\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n", at_x(g, s),
                HEIGHT - BOTTOM + 12, s);
    fprintf(f,
            "<path class=\"limit\" stroke-dasharray=\"3 3\" d=\"M%d %.1fH%d\"/><text class=\"roof\" x=\"%d\" "
            "y=\"%.1f\" text-anchor=\"end\">fma</text>\n",
            LEFT, at_y(g, b->machine.fma_gflops), WIDTH - RIGHT, WIDTH - RIGHT, at_y(g, b->machine.fma_gflops) - 3.0);
    fprintf(f, "<text class=\"dim\" x=\"%d\" y=\"%d\" text-anchor=\"end\">sequence length; GFLOP/s upwards</text>\n",
            WIDTH - RIGHT, HEIGHT - 5);
}

static void
line(FILE *f, const struct frame *g, const struct point *p, size_t n, unsigned colour)
{
    fprintf(f, "<path fill=\"none\" stroke=\"var(--c%u)\" stroke-width=\"1.6\"%s d=\"", colour,
            p->peer ? " class=\"peer\"" : "");
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%c%.1f %.1f", i == 0 ? 'M' : 'L', at_x(g, p[i].length), at_y(g, p[i].value));
    fputs("\"/>\n", f);
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\" fill=\"var(--c%u)\"><title>", at_x(g, p[i].length),
                at_y(g, p[i].value), colour);
        html_text(f, p[i].series);
        fprintf(f, ", length %.0f: %.1f GFLOP/s</title></circle>\n", p[i].length, p[i].value);
    }
}

static void
draw(FILE *f, const struct bench *b, const struct points *p, const struct frame *g)
{
    char legend[MAX_SERIES][160];
    unsigned colours[MAX_SERIES], n = 0, colour = COLOURS - 1;

    fprintf(f,
            "<h2>Attention over the sequence length</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"scaling "
            "of attention\">\n",
            WIDTH, HEIGHT);
    draw_frame(f, b, g);
    for (size_t i = 0, run; i < p->n; i += run) {
        run = run_length(p, i);
        colour = p->all[i].peer ? colour : (colour + 1) % COLOURS; /* a peer comes after its row and has its colour */
        if (run < 2 || n == MAX_SERIES)
            continue;
        line(f, g, &p->all[i], run, colour);
        memcpy(legend[n], p->all[i].series, sizeof legend[0]);
        colours[n++] = colour;
    }
    fputs("</svg>\n<p class=\"dim\">", f);
    for (unsigned i = 0; i < n; i++) {
        fprintf(f, "<span style=\"color:var(--c%u)\">&#9679;</span> ", colours[i]);
        html_text(f, legend[i]);
        fputs("<br>", f);
    }
    fputs("Peers are dashed, in the colour of the row above.</p>\n", f);
}

/* The smallest of 1, 2, 2.5, 5, 10, 20 ... that is not below x. */
static double
round_up(double x)
{
    static const double steps[] = {1.0, 2.0, 2.5, 5.0, 10.0};
    double decade = pow(10.0, floor(log10(x)));
    size_t i = 0;

    while (i < 4 && steps[i] * decade < x)
        i++;
    return steps[i] * decade;
}

void
html_scaling(FILE *f, const struct bench *b)
{
    struct points p;
    struct frame g = {.most = b->machine.fma_gflops};
    bool any = false;

    if (!collect(b, &p))
        return;
    for (size_t i = 0; i < p.n; i++) {
        g.shortest = i == 0 ? p.all[i].length : fmin(g.shortest, p.all[i].length);
        g.longest = fmax(g.longest, p.all[i].length);
        g.most = fmax(g.most, p.all[i].value);
        any = any || run_length(&p, i) > 1;
    }
    g.most = 4.0 * round_up(1.05 * g.most / 4.0);
    if (any && g.longest > g.shortest)
        draw(f, b, &p, &g);
    free(p.all);
}
