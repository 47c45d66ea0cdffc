/* SPDX-License-Identifier: Apache-2.0 */
#include "gemm_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stored.h"

struct gemm_product
gemm_product_make(struct clgrpo_context *ctx, struct gemm_shape s, unsigned flags, float alpha, size_t pad)
{
    struct gemm_product p = {.args = CLGRPO_GEMM_ARGS_INIT};
    bool ta = flags & 1, tb = flags & 2;

    p.a = fx_random(s.m * s.k, 1.0f, 11);
    p.b = fx_random(s.k * s.n, 0.5f, 12);
    p.c = fx_random(s.m * s.n, 2.0f, 13);
    p.ref = (struct ref_gemm_args){.m = s.m,
                                   .n = s.n,
                                   .k = s.k,
                                   .trans_a = ta,
                                   .trans_b = tb,
                                   .accumulate = flags & 4,
                                   .alpha = alpha,
                                   .a = p.a,
                                   .b = p.b,
                                   .c = p.c};
    p.args.a = fx_upload_strided(ctx, ta ? s.k : s.m, ta ? s.m : s.k, (ta ? s.m : s.k) + pad, p.a);
    p.args.b = fx_upload_strided(ctx, tb ? s.n : s.k, tb ? s.k : s.n, (tb ? s.k : s.n) + pad, p.b);
    p.args.c = fx_upload_strided(ctx, s.m, s.n, s.n + pad, p.ref.accumulate ? p.c : NULL);
    p.args.trans_a = ta;
    p.args.trans_b = tb;
    p.args.accumulate = p.ref.accumulate;
    p.args.alpha = alpha;
    return p;
}

void
gemm_product_store_c(struct clgrpo_context *ctx, struct gemm_product *p, enum clgrpo_dtype dtype)
{
    struct clgrpo_tensor *c = &p->args.c;
    const size_t m = c->shape[0], n = c->shape[1], stride = c->stride[0];

    fx_release(c);
    fx_round(dtype, p->c, m * n);
    *c = p->ref.accumulate ? fx_upload_strided_in(ctx, dtype, m, n, stride, p->c)
                           : fx_upload_strided_as(ctx, dtype, m, n, stride, NULL);
}

void
gemm_product_pack(struct clgrpo_context *ctx, struct gemm_product *p, enum clgrpo_dtype dtype)
{
    struct clgrpo_gemm_pack_args pack = CLGRPO_GEMM_PACK_ARGS_INIT;

    p->args.b_packed = fx_output(ctx, dtype, 1, FX_SHAPE(clgrpo_gemm_pack_elems(ctx, p->ref.k, p->ref.n)));
    pack.b = p->args.b;
    pack.trans_b = p->args.trans_b;
    pack.packed = p->args.b_packed;
    fx_ok(ctx, clgrpo_gemm_pack(ctx, &pack, clgrpo_context_queue(ctx), 0, NULL, NULL));
    {
        struct clgrpo_tensor gone = p->args.b;

        fx_release(&gone);
        p->args.b.buf = NULL;
    }
}

void
gemm_product_free(struct gemm_product *p)
{
    fx_release_all(&p->args.a, &p->args.b, &p->args.c, &p->args.b_packed);
    fx_workspace_release(&p->args.workspace);
    free(p->a);
    free(p->b);
    free(p->c);
}

void
gemm_product_check(struct clgrpo_context *ctx, struct gemm_product *p)
{
    float *got = gemm_product_run(ctx, p);

    gemm_product_verify(p, got);
    free(got);
    gemm_product_free(p);
}

float *
gemm_product_run(struct clgrpo_context *ctx, struct gemm_product *p)
{
    size_t bytes = 1;

    fx_ok(ctx, clgrpo_gemm_workspace(ctx, &p->args, &bytes));
    fx_workspace_release(&p->args.workspace);
    p->args.workspace = fx_workspace(ctx, bytes);
    fx_ok(ctx, clgrpo_gemm(ctx, &p->args, clgrpo_context_queue(ctx), 0, NULL, NULL));
    return fx_download_in(ctx, &p->args.c);
}

void
gemm_product_verify_near(const struct gemm_product *p, const float *got)
{
    size_t n = p->ref.m * p->ref.n;
    double *want = malloc(n * sizeof *want + 1), *magnitude = malloc(n * sizeof *magnitude + 1);
    char what[128];

    snprintf(what, sizeof what, "gemm %zu x %zu x %zu, trans %d %d, accumulate %d, alpha %g, packed %d", p->ref.m,
             p->ref.n, p->ref.k, p->ref.trans_a, p->ref.trans_b, p->ref.accumulate, (double)p->ref.alpha,
             p->args.b_packed.buf != NULL);
    ref_gemm(&p->ref, want, magnitude);
    fx_close_in(p->args.c.dtype, what, got, want, magnitude, n, 2.0, p->ref.k);
    free(want);
    free(magnitude);
}

void
gemm_product_verify(const struct gemm_product *p, const float *got)
{
    size_t n = p->ref.m * p->ref.n;
    float *chain = malloc(n * sizeof *chain + 1);

    gemm_product_verify_near(p, got);
    ref_gemm_chain(&p->ref, chain);
    fx_round(p->args.c.dtype, chain, n);
    fx_same_bits("the chain of a product", got, chain, n * sizeof *chain);
    free(chain);
}

cl_command_queue
gemm_queue_out_of_order(struct clgrpo_context *ctx)
{
    cl_command_queue_properties has = 0;
    cl_command_queue queue;
    cl_int code;

    ck_assert_int_eq(clGetDeviceInfo(clgrpo_context_device(ctx), CL_DEVICE_QUEUE_PROPERTIES, sizeof has, &has, NULL),
                     CL_SUCCESS);
    queue = clCreateCommandQueue(clgrpo_context_cl(ctx), clgrpo_context_device(ctx),
                                 has & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    return queue;
}
