/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

static const char *
family_name(const struct bench *b)
{
    return b->info.family == CLGRPO_FAMILY_CPU ? "cpu" : "simt";
}

void
bench_print_machine(const struct bench *b)
{
    printf("device      %s / %s (%s), %u compute units, native width %u, kernels: %s\n", b->info.platform, b->info.name,
           b->info.driver, b->info.compute_units, b->info.vector_width, family_name(b));
    printf(
        "limits      fma %.1f GFLOP/s, copy %.1f GB/s, read %.1f GB/s, launch %.1f us in a row, %.1f us waited for\n",
        b->machine.fma_gflops, b->machine.copy_gbs, b->machine.read_gbs, b->machine.launch_us,
        b->machine.launch_wait_us);
}

void
bench_print_header(void)
{
    printf("\n%-46s %10s %-8s %9s %6s %11s %7s  %s\n", "row", "value", "unit", "limit", "ratio", "median us", "spread",
           "peers (ours / theirs)");
}

void
bench_print_row(const struct bench *b, const struct bench_row *r)
{
    char limit[32] = "-", ratio[16] = "-";

    (void)b;
    if (r->limit > 0.0) {
        snprintf(limit, sizeof limit, "%.0f %s", r->limit, r->limit_name);
        snprintf(ratio, sizeof ratio, "%.2f", r->ratio);
    }
    printf("%-46s %10.1f %-8s %9s %6s %11.1f %6.0f%%", r->row, r->value, r->unit, limit, ratio, r->median_us,
           100.0 * r->spread);
    for (unsigned i = 0; i < r->n_peers; i++)
        printf("  %s %.1f (%.2fx)", r->peers[i].name, r->peers[i].value, r->peers[i].ratio);
    putchar('\n');
    fflush(stdout);
}

static json_t *
row_to_json(const struct bench *b, const struct bench_row *r)
{
    json_t *peers = json_array();

    for (unsigned i = 0; i < r->n_peers; i++)
        json_array_append_new(peers, json_pack("{s:s, s:f, s:f}", "name", r->peers[i].name, "value", r->peers[i].value,
                                               "ratio", r->peers[i].ratio));
    return json_pack("{s:s, s:f, s:s, s:f, s:s, s:f, s:f, s:f, s:s, s:s, s:o}", "row", r->row, "value", r->value,
                     "unit", r->unit, "limit", r->limit, "limit_name", r->limit_name, "ratio", r->ratio, "median_us",
                     r->median_us, "spread", r->spread, "device", b->info.key, "family", family_name(b), "peers",
                     peers);
}

static void
machine_rows(const struct bench *b, json_t *all)
{
    const struct {
        const char *row, *unit;
        double value;
    } table[] = {{"machine.fma.f32", "GFLOP/s", b->machine.fma_gflops},
                 {"machine.copy", "GB/s", b->machine.copy_gbs},
                 {"machine.read", "GB/s", b->machine.read_gbs},
                 {"machine.launch", "us", b->machine.launch_us},
                 {"machine.launch.waited", "us", b->machine.launch_wait_us}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct bench_row r = {.value = table[i].value, .unit = table[i].unit, .limit_name = "-"};

        snprintf(r.row, sizeof r.row, "%s", table[i].row);
        json_array_append_new(all, row_to_json(b, &r));
    }
}

int
bench_write_json(const struct bench *b, const char *path)
{
    json_t *all = json_array();
    int rc;

    machine_rows(b, all);
    for (unsigned i = 0; i < b->n_rows; i++)
        json_array_append_new(all, row_to_json(b, &b->rows[i]));
    rc = json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    json_decref(all);
    if (rc != 0)
        fprintf(stderr, "clgrpo-bench: %s: %s\n", path, strerror(errno));
    return rc != 0;
}

int
bench_write_tsv(const struct bench *b, const char *path)
{
    FILE *f = fopen(path, "w");

    if (f == NULL) {
        fprintf(stderr, "clgrpo-bench: %s: %s\n", path, strerror(errno));
        return 1;
    }
    fprintf(f, "row\tvalue\tunit\tlimit\tlimit_name\tratio\tmedian_us\tspread\tdevice\tfamily\tpeers\n");
    for (unsigned i = 0; i < b->n_rows; i++) {
        const struct bench_row *r = &b->rows[i];

        fprintf(f, "%s\t%.6g\t%s\t%.6g\t%s\t%.4f\t%.6g\t%.4f\t%s\t%s\t", r->row, r->value, r->unit, r->limit,
                r->limit_name, r->ratio, r->median_us, r->spread, b->info.key, family_name(b));
        for (unsigned p = 0; p < r->n_peers; p++)
            fprintf(f, "%s%s=%.6g", p > 0 ? "," : "", r->peers[p].name, r->peers[p].value);
        fputc('\n', f);
    }
    return fclose(f) != 0;
}

/* Horizontal bars: each row's share of its limit, and the same for its best peer. */
int
bench_write_svg(const struct bench *b, const char *path)
{
    enum { LEFT = 330, WIDTH = 440, STEP = 24, TOP = 56 };
    FILE *f = fopen(path, "w");
    int y = TOP;

    if (f == NULL) {
        fprintf(stderr, "clgrpo-bench: %s: %s\n", path, strerror(errno));
        return 1;
    }
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
        for (unsigned p = 0; p < r->n_peers; p++)
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
    return fclose(f) != 0;
}
