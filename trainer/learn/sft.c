/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/sft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/clock.h"

/* A window of demonstrations in memory, in shuffled order. */
enum { WINDOW = 4096, MAX_BATCH_ROWS = 1024, WARM_UP_STEPS = 100 };

struct window {
    struct mg_example *examples;
    uint32_t *order;
    uint32_t n, next;
    uint64_t number; /* of windows read: keys the shuffle */
    bool taught;     /* some demonstration so far has a turn of the agent's own */
};

static void
window_free(struct window *w)
{
    for (uint32_t i = 0; w->examples != NULL && i < WINDOW; i++)
        mg_example_free(&w->examples[i]);
    free(w->examples);
    free(w->order);
}

/* Reads the next window, from the first line again at the end of the file. */
static enum mg_status
window_fill(struct window *w, struct mg_demo_file *demos, const struct mg_sft_config *c, uint64_t *epochs,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_rng rng;
    bool more = true;

    for (w->n = w->next = 0; w->n < WINDOW && more;) {
        MG_TRY(mg_demo_file_next(demos, c->max_len, &w->examples[w->n], &more, err));
        w->taught = w->taught || (more && mg_trajectory_written(&w->examples[w->n].t) > 0);
        w->n += more;
    }
    MG_REQUIRE(w->n == 0 || w->taught, MG_INPUT,
               "no turn of the first %u demonstrations of this agent has train 1: there is nothing to learn", w->n);
    if (!more) {
        ++*epochs;
        MG_TRY(mg_demo_file_rewind(demos, err));
    }
    for (uint32_t i = 0; i < w->n; i++)
        w->order[i] = i;
    mg_rng_init(&rng, c->seed, MG_RNG_SHUFFLE, (uint32_t)w->number++, 0, 0);
    mg_rng_shuffle(&rng, w->order, w->n);
out:
    return st;
}

struct rows {
    struct mg_train_row row[MAX_BATCH_ROWS];
    float *weight; /* of all rows, concatenated */
    uint32_t n, tokens;
    bool weighs; /* something in it is to be learnt */
};

/* Takes whole demonstrations up to batch_tokens; their weights add to one. */
static enum mg_status
next_batch(struct window *w, struct mg_demo_file *demos, const struct mg_sft_config *c, struct rows *b,
           uint64_t *epochs, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    double sum = 0.0;

    b->n = b->tokens = 0;
    for (int i = 0; i < 2 && w->next == w->n; i++) /* twice, since the first read may be at the end of the file */
        MG_TRY(window_fill(w, demos, c, epochs, err));
    MG_REQUIRE(w->n > 0, MG_INPUT, "there is no demonstration of this agent that has at most %u tokens", c->max_len);
    while (w->next < w->n && b->n < MAX_BATCH_ROWS) {
        const struct mg_example *e = &w->examples[w->order[w->next]];
        float *weight = b->weight + b->tokens;

        if (b->tokens + e->t.len > c->batch_tokens)
            break;
        for (uint32_t i = 0; i < e->t.len; i++) {
            weight[i] = i == 0 ? 0.0f : e->t.mask[i] ? 1.0f : c->context_weight;
            sum += (double)weight[i];
        }
        b->row[b->n++] = (struct mg_train_row){.ids = e->t.ids, .weight = weight, .len = e->t.len};
        b->tokens += e->t.len;
        w->next++;
    }
    for (uint32_t i = 0; i < b->tokens && sum > 0.0; i++)
        b->weight[i] = (float)((double)b->weight[i] / sum);
    b->weighs = sum > 0.0;
out:
    return st;
}

static float
learning_rate(const struct mg_sft_config *c, uint64_t step, double tokens)
{
    double warm = fmin(1.0, (double)(step + 1) / WARM_UP_STEPS);
    double left = fmax(0.0, 1.0 - tokens / c->tokens);

    return (float)((double)c->lr * warm * ((double)c->lr_end + (1.0 - (double)c->lr_end) * left));
}

/* One step of the optimiser, of a batch that has something to teach. */
static enum mg_status
learn(struct mg_policy *p, const struct rows *b, struct mg_adam *adam, struct mg_sft_progress *at, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_loss_params nll = {.loss = MG_LOSS_NLL, .temperature = 1.0f};
    struct mg_train_stats stats;
    double norm = 0.0;

    MG_TRY(mg_policy_gradient(p, b->row, b->n, &nll, &stats, err));
    st = mg_policy_step(p, adam, &norm, err);
    if (st == MG_END)
        mg_fail_at(err, "step %llu", (unsigned long long)at->steps);
    MG_TRY(st);
    at->steps++;
    at->loss = at->steps == 1 ? stats.loss : 0.98 * at->loss + 0.02 * stats.loss;
out:
    return st;
}

static enum mg_status
train(struct mg_policy *p, struct mg_demo_file *demos, const struct mg_sft_config *c, struct window *w, struct rows *b,
      mg_sft_watch *watch, void *arg, struct mg_sft_progress *at, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_adam adam = {
        .beta1 = 0.9f, .beta2 = 0.95f, .eps = 1e-8f, .weight_decay = c->weight_decay, .max_norm = 1.0f};
    double start = mg_clock();

    while (at->tokens < c->tokens) {
        MG_TRY(next_batch(w, demos, c, b, &at->epochs, err));
        adam.lr = learning_rate(c, at->steps, at->tokens);
        if (b->weighs)
            MG_TRY(learn(p, b, &adam, at, err));
        at->tokens += (double)b->tokens;
        at->seconds = mg_clock() - start;
        st = watch != NULL ? watch(arg, at) : MG_OK;
        if (st == MG_STOP)
            return MG_OK;
        MG_TRY(st);
    }
out:
    return st;
}

enum mg_status
mg_sft_run(struct mg_policy *p, struct mg_demo_file *demos, const struct mg_sft_config *config, mg_sft_watch *watch,
           void *arg, struct mg_sft_progress *done, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct window w = {0};
    struct rows b = {0};

    *done = (struct mg_sft_progress){0};
    MG_REQUIRE(config->batch_tokens >= config->max_len, MG_INPUT, "batches of %u tokens, demonstrations of up to %u",
               config->batch_tokens, config->max_len);
    MG_ALLOC(w.examples, WINDOW);
    MG_ALLOC(w.order, WINDOW);
    MG_ALLOC(b.weight, config->batch_tokens);
    MG_TRY(train(p, demos, config, &w, &b, watch, arg, done, err));
out:
    window_free(&w);
    free(b.weight);
    return st;
}

/* Counts turns and whole demonstrations whose own tokens are all right. */
static void
count_exact(const struct mg_example *e, const int32_t *argmax, const float *logprob, struct mg_sft_scores *s)
{
    bool all = true, turn = true;

    for (uint32_t i = 1; i < e->t.len; i++) {
        if (!e->t.mask[i])
            continue;
        bool first = !e->t.mask[i - 1] || e->role[i] != e->role[i - 1];
        bool last = i + 1 == e->t.len || !e->t.mask[i + 1] || e->role[i + 1] != e->role[i];

        turn = (first || turn) && argmax[i] == e->t.ids[i];
        all = all && argmax[i] == e->t.ids[i];
        s->own_tokens += 1.0;
        s->own_logprob += (double)logprob[i];
        if (last) {
            s->turns[e->role[i]]++;
            s->turns_exact[e->role[i]] += turn;
        }
    }
    s->n++;
    s->exact += all;
}

static enum mg_status
score_one(struct mg_policy *p, const struct mg_example *e, int32_t *argmax, float *logprob, struct mg_sft_scores *s,
          struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_train_row row = {.ids = e->t.ids, .len = e->t.len};

    MG_TRY(mg_policy_score(p, &row, 1, 1.0f, &logprob, &argmax, err));
    count_exact(e, argmax, logprob, s);
out:
    return st;
}

enum mg_status
mg_sft_score(struct mg_policy *p, struct mg_demo_file *demos, uint32_t max_len, uint32_t count,
             struct mg_sft_scores *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_example e = {0};
    int32_t *argmax = NULL;
    float *logprob = NULL;
    bool more = true;

    memset(out, 0, sizeof *out);
    MG_ALLOC(argmax, max_len);
    MG_ALLOC(logprob, max_len);
    MG_TRY(mg_demo_file_rewind(demos, err));
    while (out->n < count) {
        MG_TRY(mg_demo_file_next(demos, max_len, &e, &more, err));
        if (!more)
            break;
        MG_TRY(score_one(p, &e, argmax, logprob, out, err));
    }
    MG_REQUIRE(out->n == 0 || out->own_tokens > 0.0, MG_INPUT,
               "no turn of %u demonstrations has train 1: there is nothing to score", out->n);
out:
    mg_example_free(&e);
    free(argmax);
    free(logprob);
    return st;
}
