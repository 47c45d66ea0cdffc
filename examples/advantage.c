/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group-relative advantages of two groups of rollouts, on the default OpenCL device.
 *
 *   cc advantage.c $(pkg-config --cflags --libs clgrpo) -o advantage && ./advantage
 */
#include <clgrpo.h>
#include <stdio.h>

enum { REWARDS = 7, GROUPS = 2 };

static int
fail(const struct clgrpo_context *ctx, const char *what)
{
    fprintf(stderr, "%s: %s\n", what, clgrpo_error_text(ctx));
    return 1;
}

static enum clgrpo_status
upload(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t n, const void *host, struct clgrpo_tensor *out)
{
    enum clgrpo_status st = clgrpo_tensor_create(ctx, dtype, 1, &n, out);

    return st != CLGRPO_OK ? st : clgrpo_tensor_write(ctx, clgrpo_context_queue(ctx), out, host, n * 4);
}

int
main(void)
{
    /* four rollouts of one question, three of another, which all did equally well */
    const float reward[REWARDS] = {1.0f, 0.1f, 0.1f, 1.0f, 0.1f, 0.1f, 0.1f};
    const cl_int offsets[GROUPS + 1] = {0, 4, 7};
    struct clgrpo_advantage_args args = CLGRPO_ADVANTAGE_ARGS_INIT;
    struct clgrpo_context *ctx = NULL;
    float advantage[REWARDS];
    char error[256];

    if (clgrpo_context_open(NULL, NULL, &ctx, error, sizeof error) != CLGRPO_OK) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    if (upload(ctx, CLGRPO_F32, REWARDS, reward, &args.reward) != CLGRPO_OK ||
        upload(ctx, CLGRPO_I32, GROUPS + 1, offsets, &args.offsets) != CLGRPO_OK)
        return fail(ctx, "upload");
    args.advantage = args.reward; /* in place */
    if (clgrpo_advantage(ctx, &args, clgrpo_context_queue(ctx), 0, NULL, NULL) != CLGRPO_OK ||
        clgrpo_tensor_read(ctx, clgrpo_context_queue(ctx), &args.advantage, advantage, sizeof advantage) != CLGRPO_OK)
        return fail(ctx, "advantage");
    for (int i = 0; i < REWARDS; i++)
        printf("group %d  reward %.1f  advantage %+.4f\n", i >= offsets[1], (double)reward[i], (double)advantage[i]);
    clgrpo_tensor_destroy(&args.reward);
    clgrpo_tensor_destroy(&args.offsets);
    clgrpo_context_destroy(ctx);
    return 0;
}
