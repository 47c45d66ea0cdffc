/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output.h"

/* Horizontal bars: each row's share of its limit, and the same for its best peer. */
bool
output_svg(FILE *f, const struct bench *b)
{
    enum { LEFT = 330, WIDTH = 440, STEP = 24, TOP = 56 };
    int y = TOP;

    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
            "font-size=\"12\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"10\" y=\"20\" "
            "font-size=\"15\">clgrpo-bench: share of "
            "the machine's limit</text>\n<text x=\"10\" y=\"38\" fill=\"#555\">%s; fma %.0f GFLOP/s, copy %.1f "
            "GB/s</text>\n",
            LEFT + WIDTH + 150, TOP + STEP * (int)(b->n_rows + 1), b->info.name, b->machine.fma_gflops,
            b->machine.copy_gbs);
    for (unsigned i = 0; i < b->n_rows; i++) {
        const struct bench_row *r = &b->rows[i];
        double best = 0.0;

        if (r->limit <= 0.0)
            continue;
        for (unsigned p = 0; p < r->n_peers && !bench_is_time(r->unit); p++)
            best = r->peers[p].value > best ? r->peers[p].value : best;
        fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", LEFT - 8, y + 13, r->row);
        fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"11\" fill=\"#2b6cb0\"/>\n", LEFT, y,
                r->ratio * WIDTH);
        if (best > 0.0)
            fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"5\" fill=\"#c05621\"/>\n", LEFT, y + 12,
                    best / r->limit * WIDTH);
        fprintf(f, "<text x=\"%.1f\" y=\"%d\">%.2f of %s</text>\n", LEFT + r->ratio * WIDTH + 6, y + 11, r->ratio,
                r->limit_name);
        y += STEP;
    }
    fprintf(f, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#888\" stroke-dasharray=\"3\"/>\n</svg>\n",
            LEFT + WIDTH, TOP - 8, LEFT + WIDTH, y);
    return true;
}
