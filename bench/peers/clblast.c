/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include <stdio.h>

#include "peers/peers.h"

#ifdef HAVE_CLBLAST
#include <clblast_c.h>

static struct bench *user; /* a peer's `run` is given its arguments alone */

static void
run_clblast(void *arg)
{
    const struct clgrpo_gemm_args *a = arg;
    size_t k = a->a.shape[a->trans_a ? 0 : 1];
    cl_command_queue queue = user->queue;

    if (CLBlastSgemm(CLBlastLayoutRowMajor, a->trans_a ? CLBlastTransposeYes : CLBlastTransposeNo,
                     a->trans_b ? CLBlastTransposeYes : CLBlastTransposeNo, a->c.shape[0], a->c.shape[1], k, 1.0f,
                     a->a.buf, 0, a->a.shape[1], a->b.buf, 0, a->b.shape[1], a->accumulate ? 1.0f : 0.0f, a->c.buf, 0,
                     a->c.shape[1], &queue, NULL) != CLBlastSuccess)
        bench_fail(user, "CLBlast computes no product of %zux%zux%zu", a->c.shape[0], a->c.shape[1], k);
    clFinish(queue);
}

void
peer_add_clblast(struct bench *b, struct bench_case *c, struct clgrpo_gemm_args *args, size_t args_bytes)
{
    /* on a processor it is slower than 20 GFLOP/s: small rows suffice to show it, the others would take minutes */
    bool cpu = (b->info.type & CL_DEVICE_TYPE_CPU) != 0;

    if (cpu && 2.0 * (double)(args->c.shape[0] * args->c.shape[1] * args->a.shape[args->trans_a ? 0 : 1]) > 3e8)
        return;
    user = b;
    snprintf(c->peers[c->n_peers].name, sizeof c->peers[0].name, "CLBlast (default parameters)");
    c->peers[c->n_peers].run = run_clblast;
    c->peers[c->n_peers].arg = args;
    c->peers[c->n_peers].arg_bytes = args_bytes;
    c->n_peers++;
}
#else
void
peer_add_clblast(struct bench *b, struct bench_case *c, struct clgrpo_gemm_args *args, size_t args_bytes)
{
    (void)b;
    (void)c;
    (void)args;
    (void)args_bytes;
}
#endif
