/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/* The memory-bound operations, on arrays beyond the caches: bytes are those that must move. */

#define RUNNER(name)                                                                                                   \
    static enum clgrpo_status run_##name(struct bench *b, void *arg)                                                   \
    {                                                                                                                  \
        return clgrpo_##name(b->ctx, arg, b->queue, 0, NULL, NULL);                                                    \
    }
RUNNER(rmsnorm)
RUNNER(rmsnorm_backward)
RUNNER(rope)
RUNNER(swiglu)
RUNNER(swiglu_backward)
RUNNER(add)
RUNNER(embedding)
RUNNER(global_norm)
RUNNER(adamw)
RUNNER(cast)
RUNNER(sample)
RUNNER(advantage)
RUNNER(policy_loss)

static void
plain(struct bench *b, const char *row, enum bench_kind kind, double work,
      enum clgrpo_status (*run)(struct bench *, void *), void *arg)
{
    struct bench_case c = {.kind = kind, .work = work, .run = run, .arg = arg};

    snprintf(c.row, sizeof c.row, "%s", row);
    bench_run(b, &c);
}

enum { N = 8192, E = 1024, F = 1024, P = 8 << 20 };
static const double matrix = 4.0 * N * E;

static void
norm_rows(struct bench *b)
{
    struct clgrpo_rmsnorm_args fwd = CLGRPO_RMSNORM_ARGS_INIT;
    struct clgrpo_rmsnorm_backward_args bwd = CLGRPO_RMSNORM_BACKWARD_ARGS_INIT;
    struct clgrpo_add_args add = CLGRPO_ADD_ARGS_INIT;
    size_t bytes = 0;

    fwd.x = bwd.x = add.a = bench_random(b, 2, BENCH_SHAPE(N, E));
    fwd.w = bwd.w = bench_random(b, 1, BENCH_SHAPE(E));
    fwd.y = bwd.dx = add.y = bench_random(b, 2, BENCH_SHAPE(N, E));
    fwd.rstd = bwd.rstd = bench_random(b, 1, BENCH_SHAPE(N));
    bwd.dy = add.b = bench_random(b, 2, BENCH_SHAPE(N, E));
    bwd.dw = bench_random(b, 1, BENCH_SHAPE(E));
    bench_ok(b, clgrpo_rmsnorm_backward_workspace(b->ctx, &bwd, &bytes), "rmsnorm");
    bwd.workspace = bench_workspace(b, bytes);
    plain(b, "rmsnorm.fwd.f32.8192x1024", BENCH_COPY, 2.0 * matrix, run_rmsnorm, &fwd);
    plain(b, "rmsnorm.bwd.f32.8192x1024", BENCH_COPY, 3.0 * matrix, run_rmsnorm_backward, &bwd);
    plain(b, "add.f32.8192x1024", BENCH_COPY, 3.0 * matrix, run_add, &add);
    bench_release(&fwd.x);
    bench_release(&fwd.w);
    bench_release(&fwd.y);
    bench_release(&fwd.rstd);
    bench_release(&bwd.dy);
    bench_release(&bwd.dw);
    bench_release_workspace(&bwd.workspace);
}

static void
layer_rows(struct bench *b)
{
    struct clgrpo_rope_args rope = CLGRPO_ROPE_ARGS_INIT;
    struct clgrpo_swiglu_args fwd = CLGRPO_SWIGLU_ARGS_INIT;
    struct clgrpo_swiglu_backward_args bwd = CLGRPO_SWIGLU_BACKWARD_ARGS_INIT;
    struct clgrpo_embedding_args embedding = CLGRPO_EMBEDDING_ARGS_INIT;
    cl_int *position = malloc(N * sizeof *position);

    for (int i = 0; position != NULL && i < N; i++)
        position[i] = (cl_int)(i * 131 % 1024);
    rope.x = bench_random(b, 3, BENCH_SHAPE(N, 16, 64));
    rope.position = embedding.index = bench_ints(b, N, position);
    rope.table = bench_random(b, 2, BENCH_SHAPE(1024, 64));
    fwd.gate_up = bwd.gate_up = bench_random(b, 2, BENCH_SHAPE(N, 2 * F));
    fwd.y = bwd.dy = embedding.y = bench_random(b, 2, BENCH_SHAPE(N, F));
    bwd.dgate_up = bench_random(b, 2, BENCH_SHAPE(N, 2 * F));
    embedding.table = bench_random(b, 2, BENCH_SHAPE(1024, F));
    plain(b, "rope.f32.8192x16x64", BENCH_COPY, 2.0 * matrix, run_rope, &rope);
    plain(b, "swiglu.fwd.f32.8192x1024", BENCH_COPY, 3.0 * matrix, run_swiglu, &fwd);
    plain(b, "swiglu.bwd.f32.8192x1024", BENCH_COPY, 5.0 * matrix, run_swiglu_backward, &bwd);
    plain(b, "embedding.f32.8192x1024", BENCH_COPY, 2.0 * matrix, run_embedding, &embedding);
    bench_release(&rope.x);
    bench_release(&rope.position);
    bench_release(&rope.table);
    bench_release(&fwd.gate_up);
    bench_release(&fwd.y);
    bench_release(&bwd.dgate_up);
    bench_release(&embedding.table);
    free(position);
}

static void
optimiser_rows(struct bench *b)
{
    struct clgrpo_global_norm_args norm = CLGRPO_GLOBAL_NORM_ARGS_INIT;
    struct clgrpo_adamw_args adamw = CLGRPO_ADAMW_ARGS_INIT;
    struct clgrpo_cast_args cast = CLGRPO_CAST_ARGS_INIT;
    struct clgrpo_tensor half = {0};
    size_t bytes = 0;

    adamw.param = bench_random(b, 1, BENCH_SHAPE(P));
    adamw.grad = norm.grad = cast.x = bench_random(b, 1, BENCH_SHAPE(P));
    adamw.m = bench_random(b, 1, BENCH_SHAPE(P));
    adamw.v = bench_random(b, 1, BENCH_SHAPE(P));
    norm.out = bench_random(b, 1, BENCH_SHAPE(2));
    if (!b->failed)
        bench_ok(b, clgrpo_tensor_create(b->ctx, CLGRPO_BF16, 1, BENCH_SHAPE(P), &half), "tensor");
    if (!b->failed)
        bench_ok(b, clgrpo_tensor_zero(b->ctx, &adamw.v, b->queue, 0, NULL, NULL), "zero");
    cast.y = half;
    adamw.lr = 1e-6f;
    adamw.step = 1;
    bench_ok(b, clgrpo_global_norm_workspace(b->ctx, &norm, &bytes), "global_norm");
    norm.workspace = bench_workspace(b, bytes);
    plain(b, "adamw.f32.8M", BENCH_COPY, 28.0 * P, run_adamw, &adamw);
    plain(b, "global_norm.f32.8M", BENCH_READ, 4.0 * P, run_global_norm, &norm);
    plain(b, "cast.f32-bf16.8M", BENCH_COPY, 6.0 * P, run_cast, &cast);
    bench_release(&adamw.param);
    bench_release(&adamw.grad);
    bench_release(&adamw.m);
    bench_release(&adamw.v);
    bench_release(&norm.out);
    bench_release(&half);
    bench_release_workspace(&norm.workspace);
}

static void
sample_row(struct bench *b, size_t rows, size_t vocab)
{
    struct clgrpo_sample_args args = CLGRPO_SAMPLE_ARGS_INIT;
    struct bench_case c = {.kind = BENCH_READ, .run = run_sample, .arg = &args, .work = 4.0 * (double)(rows * vocab)};
    size_t bytes = 0;

    snprintf(c.row, sizeof c.row, "sample.f32.%zux%zu", rows, vocab);
    if (!bench_wanted(b, c.row))
        return;
    args.logits = bench_random(b, 2, BENCH_SHAPE(rows, vocab));
    args.logprob = bench_random(b, 1, BENCH_SHAPE(rows));
    bench_ok(b, clgrpo_tensor_create(b->ctx, CLGRPO_U64, 2, BENCH_SHAPE(rows, 2), &args.key), "tensor");
    bench_ok(b, clgrpo_tensor_create(b->ctx, CLGRPO_I32, 1, BENCH_SHAPE(rows), &args.token), "tensor");
    bench_ok(b, clgrpo_tensor_zero(b->ctx, &args.key, b->queue, 0, NULL, NULL), "zero");
    bench_ok(b, clgrpo_sample_workspace(b->ctx, &args, &bytes), "sample");
    args.workspace = bench_workspace(b, bytes);
    bench_run(b, &c);
    bench_release(&args.logits);
    bench_release(&args.logprob);
    bench_release(&args.key);
    bench_release(&args.token);
    bench_release_workspace(&args.workspace);
}

static void
group_rows(struct bench *b)
{
    enum { GROUPS = 64, PER_GROUP = 8, TOKENS = 16384 };
    struct clgrpo_advantage_args adv = CLGRPO_ADVANTAGE_ARGS_INIT;
    struct clgrpo_policy_loss_args loss = CLGRPO_POLICY_LOSS_ARGS_INIT;
    cl_int offsets[GROUPS + 1];
    size_t bytes = 0;

    for (int i = 0; i <= GROUPS; i++)
        offsets[i] = i * PER_GROUP;
    adv.reward = bench_random(b, 1, BENCH_SHAPE(GROUPS * PER_GROUP));
    adv.advantage = bench_random(b, 1, BENCH_SHAPE(GROUPS * PER_GROUP));
    adv.offsets = bench_ints(b, GROUPS + 1, offsets);
    loss.logprob = bench_random(b, 1, BENCH_SHAPE(TOKENS));
    loss.old_logprob = bench_random(b, 1, BENCH_SHAPE(TOKENS));
    loss.advantage = bench_random(b, 1, BENCH_SHAPE(TOKENS));
    loss.weight = bench_random(b, 1, BENCH_SHAPE(TOKENS));
    loss.dlogprob = bench_random(b, 1, BENCH_SHAPE(TOKENS));
    loss.stats = bench_random(b, 1, BENCH_SHAPE(CLGRPO_POLICY_STATS));
    bench_ok(b, clgrpo_policy_loss_workspace(b->ctx, &loss, &bytes), "policy_loss");
    loss.workspace = bench_workspace(b, bytes);
    plain(b, "advantage.f32.64x8", BENCH_TIME, 0.0, run_advantage, &adv);
    plain(b, "policy_loss.f32.16384", BENCH_TIME, 0.0, run_policy_loss, &loss);
    bench_release(&adv.reward);
    bench_release(&adv.advantage);
    bench_release(&adv.offsets);
    bench_release(&loss.logprob);
    bench_release(&loss.old_logprob);
    bench_release(&loss.advantage);
    bench_release(&loss.weight);
    bench_release(&loss.dlogprob);
    bench_release(&loss.stats);
    bench_release_workspace(&loss.workspace);
}

void
bench_small(struct bench *b)
{
    norm_rows(b);
    layer_rows(b);
    optimiser_rows(b);
    sample_row(b, 256, 1024);
    sample_row(b, 64, 151936);
    group_rows(b);
}
