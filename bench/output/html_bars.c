/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "output/html.h"

/* The share of the limit, ours and the peers'. */

enum { WIDTH = 400, NAME_STEP = 13, BAR_STEP = 11, BAR = 8, GAP = 5, FIGURES = 70 };

static double
widest(const struct bench *b, unsigned group)
{
    double most = 1.0;

    for (unsigned i = 0; i < b->n_rows; i++) {
        const struct bench_row *r = &b->rows[i];

        if (r->group != group || r->limit <= 0.0)
            continue;
        most = fmax(most, r->ratio);
        for (unsigned p = 0; p < r->n_peers; p++)
            if (r->peers[p].ratio > 0.0)
                most = fmax(most, r->ratio / r->peers[p].ratio);
    }
    return most;
}

/* To the right of the bar, or against the right edge if it would leave the picture. */
static void
label(FILE *f, double x, int y, const struct bench_peer_result *peer)
{
    const double letter = 4.7, figures = 60.0;
    bool fits = x + letter * (double)strlen(peer->name) + figures <= WIDTH;

    fprintf(f, "<text class=\"dim\" x=\"%.1f\" y=\"%d\"%s>", fits ? x : (double)WIDTH, y,
            fits ? "" : " text-anchor=\"end\"");
    html_text(f, peer->name);
    fprintf(f, " (ours %.2fx)</text>\n", peer->ratio);
}

static int
bars_of_row(FILE *f, const struct bench_row *r, double scale, int y)
{
    fprintf(f, "<text x=\"0\" y=\"%d\">", y + 9);
    html_text(f, r->row);
    y += NAME_STEP;
    fprintf(f,
            "</text>\n<rect x=\"0\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"var(--c0)\"><title>%.4g %s, spread "
            "%.0f%%</title></rect>"
            "<text x=\"%.1f\" y=\"%d\">%.2f of %s</text>\n",
            y, r->ratio * scale, BAR, r->value, r->unit, 100.0 * r->spread, r->ratio * scale + 4.0, y + 8, r->ratio,
            r->limit_name);
    for (unsigned p = 0; p < r->n_peers; p++) {
        const struct bench_peer_result *peer = &r->peers[p];
        double share = peer->ratio > 0.0 ? r->ratio / peer->ratio : 0.0;

        y += BAR_STEP;
        fprintf(f, "<rect class=\"bar0\" x=\"0\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"var(--c1)\"/>", y,
                share * scale, BAR);
        label(f, share * scale + 4.0, y + 8, peer);
    }
    return y + BAR_STEP + GAP;
}

static int
height_of_row(const struct bench_row *r)
{
    return NAME_STEP + BAR_STEP * (int)(1 + r->n_peers) + GAP;
}

void
html_bars(FILE *f, const struct bench *b, unsigned group)
{
    double scale = (WIDTH - FIGURES) / widest(b, group);
    int height = 0, y = 12;

    for (unsigned i = 0; i < b->n_rows; i++)
        if (b->rows[i].group == group && b->rows[i].limit > 0.0)
            height += height_of_row(&b->rows[i]);
    if (height == 0)
        return;
    fprintf(f,
            "<h2>%s: share of the limit</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n"
            "<path class=\"limit\" stroke-dasharray=\"3 3\" d=\"M%.1f 11V%d\"/><text class=\"roof\" x=\"%.1f\" y=\"8\" "
            "text-anchor=\"middle\">limit</text>\n",
            b->group_titles[group], WIDTH, height + 14, b->group_titles[group], scale, height + 12, scale);
    for (unsigned i = 0; i < b->n_rows; i++)
        if (b->rows[i].group == group && b->rows[i].limit > 0.0)
            y = bars_of_row(f, &b->rows[i], scale, y);
    fputs("</svg>\n", f);
}
