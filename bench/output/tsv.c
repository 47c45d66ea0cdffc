/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output.h"

bool
output_tsv(FILE *f, const struct bench *b)
{
    fprintf(f, "row\tvalue\tunit\tlimit\tlimit_name\tratio\tmedian_us\tevent_us\tspread\tdevice\tfamily\tpeers\n");
    for (unsigned i = 0; i < b->n_rows; i++) {
        const struct bench_row *r = &b->rows[i];

        fprintf(f, "%s\t%.6g\t%s\t%.6g\t%s\t%.4f\t%.6g\t%.6g\t%.4f\t%s\t%s\t", r->row, r->value, r->unit, r->limit,
                r->limit_name, r->ratio, r->median_us, r->event_us, r->spread, b->info.key,
                bench_family_name(b->info.family));
        for (unsigned p = 0; p < r->n_peers; p++)
            fprintf(f, "%s%s=%.6g", p > 0 ? "," : "", r->peers[p].name, r->peers[p].value);
        fputc('\n', f);
    }
    return true;
}
