/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_GEMM_CASE_H
#define CLGRPO_TESTS_GEMM_CASE_H

#include "fixture.h"
#include "ref_gemm.h"

struct gemm_shape {
    size_t m, n, k;
};

/* One product on host and device: reference arrays, device views with row strides `pad` longer than the rows. */
struct gemm_product {
    struct ref_gemm_args ref;
    float *a, *b, *c;
    struct clgrpo_gemm_args args;
};

/* flags: 1 a is transposed, 2 b, 4 accumulate. */
struct gemm_product gemm_product_make(struct clgrpo_context *ctx, struct gemm_shape s, unsigned flags, float alpha,
                                      size_t pad);
/* c in storage of this type. */
void gemm_product_store_c(struct clgrpo_context *ctx, struct gemm_product *p, enum clgrpo_dtype dtype);
/* b in packed form, of elements of this type, in place of b. */
void gemm_product_pack(struct clgrpo_context *ctx, struct gemm_product *p, enum clgrpo_dtype dtype);
/* c, malloc'ed. */
float *gemm_product_run(struct clgrpo_context *ctx, struct gemm_product *p);
/* The truth within the error of k roundings, whatever their order. */
void gemm_product_verify_near(const struct gemm_product *p, const float *got);
/* That, and the promised chain, bit by bit. */
void gemm_product_verify(const struct gemm_product *p, const float *got);
void gemm_product_free(struct gemm_product *p);
/* Runs it, verifies the result, and frees it. */
void gemm_product_check(struct clgrpo_context *ctx, struct gemm_product *p);

/* A queue that runs commands as their events allow, where the device has such. */
cl_command_queue gemm_queue_out_of_order(struct clgrpo_context *ctx);

#endif
