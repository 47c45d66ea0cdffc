/* SPDX-License-Identifier: Apache-2.0 */
/* A program of somebody else's, in what C and C++ have in common: y = a + b, and a norm whose default matters. */
#include <clgrpo.h>

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <math.h>
#include <stdio.h>

enum { N = 4 };

static int
fail(struct clgrpo_context *ctx, const char *what)
{
    fprintf(stderr, "%s: %s\n", what, clgrpo_error_text(ctx));
    return 1;
}

static int
compute(struct clgrpo_context *ctx)
{
    cl_command_queue queue = clgrpo_context_queue(ctx);
    struct clgrpo_add_args add = CLGRPO_ADD_ARGS_INIT;
    struct clgrpo_rmsnorm_args norm = CLGRPO_RMSNORM_ARGS_INIT;
    const size_t shape[2] = {1, N};
    const float a[N] = {1e-3f, 2e-3f, -1e-3f, 5e-4f}, one[N] = {1.0f, 1.0f, 1.0f, 1.0f};
    float y[N], square = 0.0f;

    if (clgrpo_tensor_create(ctx, CLGRPO_F32, 2, shape, &add.a) != CLGRPO_OK ||
        clgrpo_tensor_create(ctx, CLGRPO_F32, 2, shape, &add.b) != CLGRPO_OK ||
        clgrpo_tensor_create(ctx, CLGRPO_F32, 2, shape, &add.y) != CLGRPO_OK ||
        clgrpo_tensor_create(ctx, CLGRPO_F32, 1, shape + 1, &norm.w) != CLGRPO_OK ||
        clgrpo_tensor_create(ctx, CLGRPO_F32, 2, shape, &norm.y) != CLGRPO_OK)
        return fail(ctx, "tensors");
    if (clgrpo_tensor_write(ctx, queue, &add.a, a, sizeof a) != CLGRPO_OK ||
        clgrpo_tensor_write(ctx, queue, &add.b, a, sizeof a) != CLGRPO_OK ||
        clgrpo_tensor_write(ctx, queue, &norm.w, one, sizeof one) != CLGRPO_OK)
        return fail(ctx, "writes");
    norm.x = add.y;
    if (clgrpo_add(ctx, &add, queue, 0, NULL, NULL) != CLGRPO_OK ||
        clgrpo_rmsnorm(ctx, &norm, queue, 0, NULL, NULL) != CLGRPO_OK ||
        clgrpo_tensor_read(ctx, queue, &norm.y, y, sizeof y) != CLGRPO_OK)
        return fail(ctx, "operations");
    for (int i = 0; i < N; i++)
        square += 4.0f * a[i] * a[i] / (float)N;
    for (int i = 0; i < N; i++) {
        float want = 2.0f * a[i] / sqrtf(square + 1e-5f);

        if (fabsf(y[i] - want) > 1e-5f * fabsf(want)) {
            fprintf(stderr, "element %d is %g, not %g\n", i, (double)y[i], (double)want);
            return 1;
        }
    }
    clgrpo_tensor_destroy(&add.a);
    clgrpo_tensor_destroy(&add.b);
    clgrpo_tensor_destroy(&add.y);
    clgrpo_tensor_destroy(&norm.w);
    clgrpo_tensor_destroy(&norm.y);
    return 0;
}

int
main(void)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    struct clgrpo_context *ctx;
    char error[256] = "";
    int status;

    if (clgrpo_context_open(NULL, &config, &ctx, error, sizeof error) != CLGRPO_OK) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    status = compute(ctx);
    clgrpo_context_destroy(ctx);
    return status;
}
