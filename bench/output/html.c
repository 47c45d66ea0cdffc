/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "output/html.h"
#include "output/output.h"

/* The page has no scripts and loads nothing. The charts are 400 units wide: as wide as a phone's screen, their text is
 * as large as the page's, and a wider window shows them larger. */
static const char style[] =
    ":root{color-scheme:light dark;--bg:#fbfbfa;--fg:#1c1e21;--dim:#666b73;--line:#d5d8dc;--limit:#9a3412;"
    "--c0:#2563a8;--c1:#b4560f;--c2:#20795a;--c3:#7a3fa0;--c4:#a02c4b}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#15171a;--fg:#e4e6e9;--dim:#9aa1ab;--line:#3a3f46;--limit:#f0a070;"
    "--c0:#6aa9ee;--c1:#f0a050;--c2:#5cc59b;--c3:#c495ea;--c4:#f0809c}}\n"
    "body{background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:0 auto;"
    "padding:1em}\n"
    "h1{font-size:1.5em;margin:0}h2{font-size:1.2em;margin:2em 0 .3em}p{margin:.4em 0}.dim{color:var(--dim)}\n"
    "svg{display:block;overflow:visible;width:100%;height:auto;margin:.5em 0}\n"
    "svg text{fill:var(--fg);font:9px system-ui,sans-serif}svg text.dim{fill:var(--dim)}\n"
    "svg .axis{stroke:var(--line);stroke-width:.6}svg .limit{stroke:var(--limit);fill:none;stroke-width:1.2}\n"
    "svg .roof{fill:var(--limit)}svg .peer{stroke-dasharray:3 2}svg .bar0{opacity:.55}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.8em;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.15em .6em;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}\n"
    "th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--bg)}\n"
    "td.peers{text-align:left}\n";

static void
write_head(FILE *f, const struct bench *b)
{
    const struct bench_machine *m = &b->machine;

    fprintf(f, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
               "content=\"width=device-width,initial-scale=1\">\n<title>clgrpo-bench: ");
    html_text(f, b->info.name);
    fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>clgrpo-bench %s</h1>\n<p>", style,
            clgrpo_version());
    html_text(f, b->info.platform);
    fputs(" / ", f);
    html_text(f, b->info.name);
    fputs(", driver ", f);
    html_text(f, b->info.driver);
    fprintf(f,
            "; %u compute units, native width %u, %s kernels</p>\n<p class=\"dim\">This machine's limits: %.1f GFLOP/s "
            "of fused multiply-adds, %.2f G exponentials/s, memory %.1f GB/s copied, %.1f read, %.1f written, %.1f "
            "uploaded, %.1f downloaded; a launch %.1f &#181;s in a row, %.1f &#181;s waited for.</p>\n",
            b->info.compute_units, b->info.vector_width, bench_family_name(b->info.family), m->fma_gflops, m->exp_gps,
            m->copy_gbs, m->read_gbs, m->write_gbs, m->upload_gbs, m->download_gbs, m->launch_us, m->launch_wait_us);
}

static void
table_row(FILE *f, const struct bench_row *r)
{
    fputs("<tr><td>", f);
    html_text(f, r->row);
    fprintf(f, "</td><td>%.4g %s</td><td>", r->value, r->unit);
    if (r->limit > 0.0)
        fprintf(f, "%.4g %s%s</td><td>%.2f</td>", r->limit, r->limit_name, r->cached ? "*" : "", r->ratio);
    else
        fputs("-</td><td>-</td>", f);
    fprintf(f, "<td>%.5g</td><td>", r->median_us);
    if (r->event_us > 0.0)
        fprintf(f, "%.5g", r->event_us);
    fprintf(f, "</td><td>%.0f%%</td><td>", 100.0 * r->spread);
    if (r->previous > 0.0)
        fprintf(f, "%.2fx", r->previous);
    fputs("</td><td class=\"peers\">", f);
    for (unsigned i = 0; i < r->n_peers; i++) {
        fputs(i > 0 ? "; " : "", f);
        html_text(f, r->peers[i].name);
        fprintf(f, " %.4g (ours %.2fx)", r->peers[i].value, r->peers[i].ratio);
    }
    fputs("</td></tr>\n", f);
}

static void
limits(FILE *f, const struct bench *b)
{
    fputs("<h2>Limits of the machine</h2>\n<div class=\"wide\"><table>\n<tr><th>limit</th><th>value</th><th>spread</th>"
          "<th>remark</th></tr>\n",
          f);
    for (unsigned i = 0; i < b->n_limits; i++) {
        const struct bench_row *r = &b->limits[i];

        fprintf(f, "<tr><td>%s</td><td>", r->row);
        if (strcmp(r->unit, "-") == 0)
            fputs("-</td><td>-</td><td class=\"peers\">", f);
        else
            fprintf(f, "%.4g %s</td><td>%.0f%%</td><td class=\"peers\">", r->value, r->unit, 100.0 * r->spread);
        html_text(f, r->note);
        fputs("</td></tr>\n", f);
    }
    fputs("</table></div>\n<p class=\"dim\">The best of what was measured before the rows and behind them; a remark "
          "where the two differ by more than 15%: the machine was disturbed.</p>\n",
          f);
}

static void
table(FILE *f, const struct bench *b)
{
    bool cached = false;

    fputs("<h2>All rows</h2>\n<div class=\"wide\"><table>\n<tr><th>row</th><th>value</th><th>limit</th><th>ratio</th>"
          "<th>median &#181;s</th><th>event &#181;s</th><th>spread</th><th>against</th><th>peers</th></tr>\n",
          f);
    for (unsigned i = 0; i < b->n_rows; i++) {
        table_row(f, &b->rows[i]);
        cached = cached || b->rows[i].cached;
    }
    fputs("</table></div>\n", f);
    if (cached)
        fputs("<p class=\"dim\">* what the row moves fits the caches: the rate of memory is no limit to it.</p>\n", f);
    fputs("<p class=\"dim\">ratio: value over limit, of times limit over value; spread: from the 10th to the 90th "
          "percentile over the median. Above 20% the machine was disturbed.</p>\n",
          f);
}

bool
output_html(FILE *f, const struct bench *b)
{
    write_head(f, b);
    html_roofline(f, b);
    for (unsigned g = 0; g < b->n_groups; g++)
        html_bars(f, b, g);
    html_scaling(f, b);
    limits(f, b);
    table(f, b);
    fputs("</body>\n</html>\n", f);
    return true;
}
