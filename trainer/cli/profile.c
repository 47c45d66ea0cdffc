/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "base/rng.h"
#include "base/clock.h"

/* Lengths as in the main training job: of its sequences, and of the prefix that the rollouts of a question share. The
 * matrix product is larger than any cache. */
enum {
    LENGTH = 128,
    ROLLOUTS = 8,
    COMMON = 96,
    WARM_UP = 2,
    STEPS = 10,
    DECODE_STEPS = 24,
    GEMM_SIZE = 1024,
    GEMM_RUNS = 7
};

struct batch {
    struct mg_train_row *row;
    int32_t *ids;
    float *weight;
    size_t n;
};

static void
batch_free(struct batch *b)
{
    free(b->row);
    free(b->ids);
    free(b->weight);
}

static enum mg_status
batch_fill(struct batch *b, uint32_t max_tokens, int vocab, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rng rng;

    b->n = max_tokens / LENGTH;
    MG_ALLOC(b->row, b->n);
    MG_ALLOC(b->ids, b->n * (LENGTH + 1));
    MG_ALLOC(b->weight, LENGTH + 1);
    mg_rng_init(&rng, 1, MG_RNG_SAMPLE, 0, 0, 0);
    for (size_t i = 0; i < b->n * (LENGTH + 1); i++)
        b->ids[i] = (int32_t)mg_rng_below(&rng, (uint32_t)vocab);
    for (int i = 1; i <= LENGTH; i++)
        b->weight[i] = 1.0f / (float)(b->n * LENGTH);
    for (size_t i = 0; i < b->n; i++)
        b->row[i] = (struct mg_train_row){.ids = b->ids + i * (LENGTH + 1), .weight = b->weight, .len = LENGTH + 1};
out:
    return st;
}

/* Gives each ROLLOUTS rows a common prefix. */
static void
batch_share(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        memcpy(b->ids + i * (LENGTH + 1), b->ids + i / ROLLOUTS * ROLLOUTS * (LENGTH + 1), COMMON * sizeof *b->ids);
}

static enum mg_status
train_steps(struct mg_policy *p, const struct batch *b, int steps, double *seconds, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_loss_params nll = {.loss = MG_LOSS_NLL, .temperature = 1.0f};
    const struct mg_adam adam = {.lr = 1e-5f, .beta1 = 0.9f, .beta2 = 0.98f, .eps = 1e-8f, .max_norm = 1.0f};
    struct mg_train_stats stats;
    double norm, start = mg_clock();

    for (int i = 0; i < steps; i++) {
        MG_TRY(mg_policy_gradient(p, b->row, b->n, &nll, &stats, err));
        MG_TRY(mg_policy_step(p, &adam, &norm, err));
    }
    *seconds = (mg_clock() - start) / steps;
out:
    return st;
}

/* GFLOP/s of a square product on the policy's device: the best of a few after the first. */
static enum mg_status
gemm_rate(struct clgrpo_context *ctx, double *rate, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_gemm_args args = CLGRPO_GEMM_ARGS_INIT;
    struct clgrpo_tensor scratch = {0};
    const size_t shape[2] = {GEMM_SIZE, GEMM_SIZE};
    cl_command_queue queue = clgrpo_context_queue(ctx);
    double best = 1e30;
    size_t bytes = 0, elems;

    bool good = clgrpo_tensor_create(ctx, CLGRPO_F32, 2, shape, &args.a) == CLGRPO_OK &&
                clgrpo_tensor_create(ctx, CLGRPO_F32, 2, shape, &args.b) == CLGRPO_OK &&
                clgrpo_tensor_create(ctx, CLGRPO_F32, 2, shape, &args.c) == CLGRPO_OK &&
                clgrpo_tensor_zero(ctx, &args.a, queue, 0, NULL, NULL) == CLGRPO_OK &&
                clgrpo_tensor_zero(ctx, &args.b, queue, 0, NULL, NULL) == CLGRPO_OK &&
                clgrpo_gemm_workspace(ctx, &args, &bytes) == CLGRPO_OK;
    elems = bytes / 4 + 1;
    good = good && clgrpo_tensor_create(ctx, CLGRPO_F32, 1, &elems, &scratch) == CLGRPO_OK;
    args.workspace = (struct clgrpo_workspace){.buf = scratch.buf, .bytes = elems * 4};
    for (int i = 0; good && i < GEMM_RUNS; i++) {
        double start = mg_clock();

        good =
            clgrpo_gemm(ctx, &args, queue, 0, NULL, NULL) == CLGRPO_OK && clgrpo_queue_finish(ctx, queue) == CLGRPO_OK;
        if (i > 0 && mg_clock() - start < best)
            best = mg_clock() - start;
    }
    *rate = 2e-9 * GEMM_SIZE * (double)GEMM_SIZE * GEMM_SIZE / best;
    MG_REQUIRE(good, MG_FAIL, "%s", clgrpo_error_text(ctx));
out:
    clgrpo_tensor_destroy(&args.a);
    clgrpo_tensor_destroy(&args.b);
    clgrpo_tensor_destroy(&args.c);
    clgrpo_tensor_destroy(&scratch);
    return st;
}

static enum mg_status
decode_rate(struct mg_policy *p, uint32_t slots, int vocab, double *tokens_per_second, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_sampling how = {.temperature = 1.0f, .top_p = 1.0f};
    struct mg_feed *feed = NULL;
    int32_t *token = NULL;
    float *logprob = NULL;
    double start = 0.0;

    MG_ALLOC(feed, slots);
    MG_ALLOC(token, slots);
    MG_ALLOC(logprob, slots);
    for (uint32_t t = 0; t < DECODE_STEPS + WARM_UP; t++) {
        if (t == WARM_UP)
            start = mg_clock();
        for (uint32_t i = 0; i < slots; i++)
            feed[i] = (struct mg_feed){.token = t > 0 ? token[i] : (int32_t)(i % (uint32_t)vocab),
                                       .slot = i,
                                       .position = t,
                                       .sample = true,
                                       .key = {i, t}};
        MG_TRY(mg_policy_decode(p, feed, slots, &how, token, logprob, err));
    }
    *tokens_per_second = slots * (double)DECODE_STEPS / (mg_clock() - start);
out:
    free(feed);
    free(token);
    free(logprob);
    return st;
}

static void
print_table(const struct mg_profile *f, double step_seconds, double tokens, double gemm)
{
    double seconds = 0.0, flops = 0.0;

    for (unsigned i = 0; i < f->n; i++) {
        seconds += f->seconds[i];
        flops += f->flops[i];
    }
    printf("  %-20s %9s %7s %9s\n", "part of a step", "ms", "share", "GFLOP/s");
    for (unsigned i = 0; i < f->n; i++)
        printf("  %-20s %9.2f %6.1f%% %9.1f\n", f->name[i], 1e3 * f->seconds[i] / STEPS,
               100.0 * f->seconds[i] / seconds, 1e-9 * f->flops[i] / f->seconds[i]);
    printf("  training step: %.0f tokens in %.1f ms, %.0f tokens/s, %.1f GFLOP/s, %.2f of the GEMM rate (%.1f GFLOP/s "
           "at %d^3)\n",
           tokens, 1e3 * step_seconds, tokens / step_seconds, 1e-9 * flops / STEPS / step_seconds,
           1e-9 * flops / STEPS / step_seconds / gemm, gemm, GEMM_SIZE);
}

static enum mg_status
profile_agent(const struct mg_agent_config *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_policy_limits limits = {.device = c->device[0] != '\0' ? c->device : NULL,
                                      .slots = c->slots,
                                      .context = c->context,
                                      .max_tokens = c->max_tokens,
                                      .train = true};
    struct mg_policy *p = NULL;
    struct mg_profile profile;
    struct batch b = {0}, alike = {0};
    double plain = 0.0, shared = 0.0, profiled = 0.0, gemm = 0.0, decode = 0.0;
    int vocab;

    MG_REQUIRE(c->max_tokens >= LENGTH && c->context > LENGTH, MG_INPUT,
               "%s: context is %u, max_tokens %u: the profile needs more than %d", c->name, c->context, c->max_tokens,
               LENGTH);
    MG_TRY(mg_policy_open(c->model, &limits, &p, err));
    vocab = mg_policy_config(p)->vocab_size;
    MG_TRY(batch_fill(&b, c->max_tokens, vocab, err));
    MG_TRY(batch_fill(&alike, c->max_tokens, vocab, err));
    batch_share(&alike);
    MG_TRY(train_steps(p, &b, WARM_UP, &plain, err));
    MG_TRY(gemm_rate(mg_policy_context(p), &gemm, err));
    MG_TRY(train_steps(p, &b, STEPS, &plain, err));
    MG_TRY(train_steps(p, &alike, WARM_UP, &shared, err));
    MG_TRY(train_steps(p, &alike, STEPS, &shared, err));
    MG_TRY(decode_rate(p, c->slots, vocab, &decode, err));
    mg_policy_profile_start(p);
    MG_TRY(train_steps(p, &b, STEPS, &profiled, err));
    mg_policy_profile_get(p, &profile);
    printf("%s: %s\n", c->name, c->model);
    print_table(&profile, plain, (double)(b.n * LENGTH), gemm);
    printf("  groups of %d sequences with %d of %d tokens in common: %.0f tokens/s, %.2f times as many\n", ROLLOUTS,
           COMMON, LENGTH, (double)(b.n * LENGTH) / shared, plain / shared);
    printf("  decoding: %.0f tokens/s with %u sequences at once\n", decode, c->slots);
out:
    batch_free(&b);
    batch_free(&alike);
    mg_policy_close(p);
    return st;
}

enum mg_status
mg_profile_agents(const struct mg_config *config, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (uint32_t i = 0; i < config->n_agents; i++)
        MG_TRY(profile_agent(&config->agent[i], err));
out:
    return st;
}
