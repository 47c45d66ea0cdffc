/* SPDX-License-Identifier: Apache-2.0 */
#include "rows/row_groups.h"
#include "rows/step.h"

void
rows_step(struct bench *b)
{
    static struct step step;

    for (size_t i = 0; i < STEP_SHAPES; i++) {
        const struct step_shape *s = &step_shapes[i];
        struct bench_case c = {.kind = BENCH_FLOP, .run = plan_run, .arg = &step.plan, .work = step_flop(s)},
                          host = {.kind = BENCH_HOST, .run = plan_run, .arg = &step.plan};

        snprintf(c.row, sizeof c.row, "step.f32.%s", s->label);
        snprintf(host.row, sizeof host.row, "step.host.%s", s->label);
        if (!bench_wanted(b, c.row) && !bench_wanted(b, host.row))
            continue;
        step_prepare(b, s, 1e-5f, &step);
        bench_run(b, &c);
        bench_run(b, &host);
        plan_release(&step.plan);
    }
}
