/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>

#include "bench.h"

#ifdef HAVE_CLBLAST
#include <clblast_c.h>

struct clblast_peer {
    struct bench *b;
    const struct clgrpo_gemm_args *args;
};

static void
run_clblast(void *arg)
{
    const struct clblast_peer *p = arg;
    const struct clgrpo_gemm_args *a = p->args;
    size_t k = a->a.shape[a->trans_a ? 0 : 1];
    cl_command_queue queue = p->b->queue;

    if (CLBlastSgemm(CLBlastLayoutRowMajor, a->trans_a ? CLBlastTransposeYes : CLBlastTransposeNo,
                     a->trans_b ? CLBlastTransposeYes : CLBlastTransposeNo, a->c.shape[0], a->c.shape[1], k, 1.0f,
                     a->a.buf, 0, a->a.shape[1], a->b.buf, 0, a->b.shape[1], a->accumulate ? 1.0f : 0.0f, a->c.buf, 0,
                     a->c.shape[1], &queue, NULL) != CLBlastSuccess)
        p->b->failed = true;
    clFinish(queue);
}

void
bench_add_clblast(struct bench *b, struct bench_case *c, const struct clgrpo_gemm_args *args)
{
    static struct clblast_peer peer;
    /* on a CPU device it is slower than 20 GFLOP/s: one small row says so, the others would take minutes */
    bool cpu = (b->info.type & CL_DEVICE_TYPE_CPU) != 0;

    if (cpu && c->work > 3e8)
        return;
    peer = (struct clblast_peer){b, args};
    snprintf(c->peers[c->n_peers].name, sizeof c->peers[0].name, "CLBlast (default parameters)");
    c->peers[c->n_peers].run = run_clblast;
    c->peers[c->n_peers].arg = &peer;
    c->n_peers++;
}
#else
void
bench_add_clblast(struct bench *b, struct bench_case *c, const struct clgrpo_gemm_args *args)
{
    (void)b;
    (void)c;
    (void)args;
}
#endif
