/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/bench.h"

void *
bench_next(void *arg, size_t arg_bytes, unsigned copies, unsigned *turn)
{
    unsigned i = copies > 1 && arg_bytes > 0 ? (*turn)++ % copies : 0;

    return (char *)arg + i * arg_bytes;
}

bool
bench_enqueue(struct bench *b, const struct bench_case *c, unsigned *turn)
{
    return bench_ok(b, c->run(b, bench_next(c->arg, c->arg_bytes, c->copies, turn)), c->row);
}
