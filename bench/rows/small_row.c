/* SPDX-License-Identifier: Apache-2.0 */
#include "rows/small_row.h"

static void
run_row(struct bench *b, const struct small_row *r)
{
    static struct plan p;
    struct bench_case c = {
        .kind = r->kind, .work = r->floats * 4.0 * (double)r->n * (double)r->e, .run = plan_run, .arg = &p};

    snprintf(c.row, sizeof c.row, "%s", r->name);
    if (!bench_wanted(b, c.row))
        return;
    p = (struct plan){.b = b};
    r->prepare(&p, r);
    bench_run(b, &c);
    plan_release(&p);
}

void
small_rows_run(struct bench *b, const struct small_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        run_row(b, &rows[i]);
}
