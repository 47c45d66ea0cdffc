/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "base/doing.h"
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
    GEMM_RUNS = 7,
    MOST_COMMANDS = 1 << 20
};

struct batch {
    struct mg_train_row *row;
    int32_t *ids;
    float weight[LENGTH + 1];
    size_t n;
};

static void
batch_free(struct batch *b)
{
    free(b->row);
    free(b->ids);
}

static enum mg_status
batch_fill(struct batch *b, uint32_t max_tokens, int vocab, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rng rng;

    b->n = max_tokens / LENGTH;
    MG_ALLOC(b->row, b->n);
    MG_ALLOC(b->ids, b->n * (LENGTH + 1));
    mg_rng_init(&rng, 1, MG_RNG_SAMPLE, 0, 0, 0);
    for (size_t i = 0; i < b->n * (LENGTH + 1); i++)
        b->ids[i] = (int32_t)mg_rng_below(&rng, (uint32_t)vocab);
    for (size_t i = 0; i < b->n; i++) /* nothing in common, so that the host knows the work of attention */
        b->ids[i * (LENGTH + 1)] = (int32_t)(i % (size_t)vocab);
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

static double
rate(double work, double seconds)
{
    return seconds > 0.0 ? 1e-9 * work / seconds : 0.0;
}

/* "-" for a kernel that has none, or whose work the host does not know. */
static void
write_rate(double work, double seconds, char text[16])
{
    snprintf(text, 16, "-");
    if (work > 0.0)
        snprintf(text, 16, "%.1f", rate(work, seconds));
}

/* A row for each operation and kernel, of one step. Adds their flop to *flop, which is then not a number where the host
 * does not know them. */
static enum mg_status
print_kernels(struct clgrpo_profile *profile, size_t n, double wall, double *flop, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_profile_total t = CLGRPO_PROFILE_TOTAL_INIT;
    char flops[16], bytes[16];

    printf("  %-24s %-22s %8s %9s %7s %9s %8s\n", "operation", "kernel", "launches", "ms", "share", "GFLOP/s", "GB/s");
    for (size_t i = 0; i < n; i++) {
        MG_REQUIRE(clgrpo_profile_total_get(profile, i, &t) == CLGRPO_OK, MG_FAIL, "the profile has no total %zu", i);
        write_rate(t.flop, t.seconds, flops);
        write_rate(t.bytes, t.seconds, bytes);
        printf("  %-24s %-22s %8.1f %9.2f %6.1f%% %9s %8s\n", t.operation, t.kernel, (double)t.n / STEPS,
               1e3 * t.seconds / STEPS, 100.0 * t.seconds / STEPS / wall, flops, bytes);
        *flop += t.flop / STEPS;
    }
out:
    return st;
}

/* What a step of `wall` seconds is made of: the device's commands, and what lies between them. */
static enum mg_status
print_profile(struct clgrpo_context *ctx, struct clgrpo_profile *profile, double wall, double *flop, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_profile_counts c = CLGRPO_PROFILE_COUNTS_INIT;
    double device, host, starting;

    MG_REQUIRE(clgrpo_profile_finish(profile, &c) == CLGRPO_OK, MG_FAIL, "%s", clgrpo_error_text(ctx));
    device = c.seconds / STEPS;
    host = c.host / STEPS;
    starting = c.starting / STEPS;
    MG_TRY(print_kernels(profile, c.n_totals, wall, flop, err));
    printf("  a step of %.2f ms: %.2f ms (%.1f%%) in %.0f commands, %.2f ms (%.1f%%) while the device waited for the "
           "host, %.2f ms (%.1f%%) until a command started, %.2f ms (%.1f%%) before the first and after the last\n",
           1e3 * wall, 1e3 * device, 100.0 * device / wall, (double)c.n_records / STEPS, 1e3 * host,
           100.0 * host / wall, 1e3 * starting, 100.0 * starting / wall, 1e3 * (wall - device - host - starting),
           100.0 * (1.0 - (device + host + starting) / wall));
    if (c.n_lost > 0)
        printf("  %zu commands have no record, and are missing above\n", c.n_lost);
out:
    return st;
}

/* The steps once more with a profile. */
static enum mg_status
profile_steps(const struct mg_agent_config *c, struct mg_policy *p, const struct batch *b, double *flop,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_context *ctx = mg_policy_context(p);
    struct clgrpo_profile *profile = NULL;
    double wall = 0.0;

    MG_REQUIRE(clgrpo_profile_create(ctx, MOST_COMMANDS, &profile) == CLGRPO_OK, MG_FAIL, "%s", clgrpo_error_text(ctx));
    MG_TRY(train_steps(p, b, STEPS, &wall, err));
    mg_doing_hide();
    printf("%s: %s\n", c->name, c->model);
    MG_TRY(print_profile(ctx, profile, wall, flop, err));
out:
    clgrpo_profile_destroy(profile);
    return st;
}

static enum mg_status
profile_agent(const struct mg_agent_config *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_policy_limits limits = {.device = c->device[0] != '\0' ? c->device : NULL,
                                      .slots = c->slots,
                                      .context = c->context,
                                      .max_tokens = c->max_tokens,
                                      .train = true,
                                      .profile = true};
    struct mg_policy *p = NULL;
    struct batch b = {0}, alike = {0};
    double plain = 0.0, shared = 0.0, gemm = 0.0, decode = 0.0, flop = 0.0, tokens;
    int vocab;

    MG_REQUIRE(c->max_tokens >= LENGTH && c->context > LENGTH, MG_INPUT,
               "%s: context is %u, max_tokens %u: the profile needs more than %d", c->name, c->context, c->max_tokens,
               LENGTH);
    mg_doing("opening the model of %s", c->name);
    MG_TRY(mg_policy_open(c->model, &limits, &p, err));
    vocab = mg_policy_config(p)->vocab_size;
    MG_TRY(batch_fill(&b, c->max_tokens, vocab, err));
    MG_TRY(batch_fill(&alike, c->max_tokens, vocab, err));
    batch_share(&alike);
    mg_doing("the first steps of %s, which compile what they need", c->name);
    MG_TRY(train_steps(p, &b, WARM_UP, &plain, err));
    mg_doing("train steps of %s", c->name);
    MG_TRY(gemm_rate(mg_policy_context(p), &gemm, err));
    MG_TRY(train_steps(p, &b, STEPS, &plain, err));
    MG_TRY(train_steps(p, &alike, WARM_UP, &shared, err));
    MG_TRY(train_steps(p, &alike, STEPS, &shared, err));
    mg_doing("decoding with %s", c->name);
    MG_TRY(decode_rate(p, c->slots, vocab, &decode, err));
    mg_doing("train steps of %s with a profile", c->name);
    MG_TRY(profile_steps(c, p, &b, &flop, err));
    tokens = (double)(b.n * LENGTH);
    printf(
        "  training step: %.0f tokens in %.1f ms, %.0f tokens/s, %.1f GFLOP/s, %.2f of the GEMM rate (%.1f GFLOP/s at "
        "%d^3)\n",
        tokens, 1e3 * plain, tokens / plain, rate(flop, plain), rate(flop, plain) / gemm, gemm, GEMM_SIZE);
    printf("  groups of %d sequences with %d of %d tokens in common: %.0f tokens/s, %.2f times as many\n", ROLLOUTS,
           COMMON, LENGTH, tokens / shared, plain / shared);
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
