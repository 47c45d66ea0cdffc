/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "report/report.h"

enum { WIDTH = 520, HEIGHT = 220, LEFT = 52, RIGHT = 12, TOP = 30, BOTTOM = 28 };

static double
height_of(double share, double most)
{
    return most > 0.0 && share > 0.0 ? share / most * (HEIGHT - TOP - BOTTOM) : 0.0;
}

static void
axis(FILE *to, double most)
{
    for (int i = 0; i <= 2; i++) {
        double y = HEIGHT - BOTTOM - height_of(most * i / 2.0, most);

        fprintf(to,
                "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%.2f</text>\n",
                LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, most * i / 2.0);
    }
}

void
mg_bars_svg(FILE *to, const char *title, const char *const name[MG_BARS], const double *const share[MG_BARS], size_t n)
{
    unsigned samples = name[1] != NULL ? 2 : 1;
    double place = (double)(WIDTH - LEFT - RIGHT) / (double)(n > 0 ? n : 1), wide = 0.8 * place / samples, most = 0.0;

    for (unsigned k = 0; k < samples; k++)
        for (size_t i = 0; i < n; i++)
            most = fmax(most, share[k][i]);
    fprintf(to, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\"><title>%s</title>\n", WIDTH, HEIGHT, title,
            title);
    axis(to, most);
    fprintf(to, "<text class=\"title\" x=\"%d\" y=\"16\">%s</text>\n", LEFT, title);
    for (size_t i = 0; i < n; i++) {
        double x = LEFT + ((double)i + 0.1) * place;

        for (unsigned k = 0; k < samples; k++)
            fprintf(to, "<rect class=\"bar c%u\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", k,
                    x + k * wide, HEIGHT - BOTTOM - height_of(share[k][i], most), wide, height_of(share[k][i], most));
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%zu</text>\n", x + 0.4 * place, HEIGHT - 8, i);
    }
    for (unsigned k = 0; k < samples; k++)
        fprintf(to, "<text class=\"key c%u\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", k, WIDTH - RIGHT,
                TOP + 14 * (int)(k + 1), name[k]);
    fputs("</svg>\n", to);
}
