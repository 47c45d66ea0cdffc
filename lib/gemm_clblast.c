/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm_kernel.h"

#include <clblast_c.h>

/* CLBlast takes no wait list: a barrier in the queue waits for the events instead. */
static enum clgrpo_status
wait_first(struct clg_seq *seq)
{
    enum clgrpo_status st = CLGRPO_OK;
    const cl_event *list;
    const cl_uint n_wait = clg_seq_wait_for(seq, &list);

    if (n_wait > 0)
        CLG_CL(seq->ctx, clEnqueueBarrierWithWaitList(seq->queue, n_wait, list, NULL));
out:
    return st;
}

/* A code above -1000 is OpenCL's and kept as such, one below is CLBlast's own. */
static enum clgrpo_status
fail_clblast(struct clgrpo_context *ctx, CLBlastStatusCode code)
{
    if (code > -1000)
        return clg_fail_cl(ctx, (cl_int)code, "CLBlastSgemm(");
    return clg_fail(ctx, CLGRPO_E_OPENCL, "gemm: CLBlastSgemm failed with code %d", (int)code);
}

enum clgrpo_status
clg_gemm_clblast_run(struct clg_seq *seq, const struct clgrpo_gemm_args *args)
{
    enum clgrpo_status st = CLGRPO_OK;
    const struct clgrpo_tensor *a = &args->a, *b = &args->b, *c = &args->c;
    cl_event done = NULL;
    CLBlastStatusCode code;

    if (seq->ctx->preparing)
        return CLGRPO_OK;
    CLG_TRY(wait_first(seq));
    code =
        CLBlastSgemm(CLBlastLayoutRowMajor, args->trans_a ? CLBlastTransposeYes : CLBlastTransposeNo,
                     args->trans_b ? CLBlastTransposeYes : CLBlastTransposeNo, c->shape[0], c->shape[1],
                     a->shape[args->trans_a ? 0 : 1], args->alpha, a->buf, a->offset, a->stride[0], b->buf, b->offset,
                     b->stride[0], args->accumulate ? 1.0f : 0.0f, c->buf, c->offset, c->stride[0], &seq->queue, &done);
    if (code != CLBlastSuccess) {
        st = fail_clblast(seq->ctx, code);
        goto out;
    }
    clg_gemm_work(seq, args, 1.0);
    clg_seq_advance(seq, "CLBlastSgemm", done);
out:
    return st;
}
