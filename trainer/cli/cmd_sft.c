/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/doing.h"
#include "base/file.h"
#include "cli/cmd.h"
#include "learn/sft.h"
#include "tokenizer/vocabulary.h"

struct sft_options {
    const char *init, *tokenizer, *demos, *agent, *out, *dtype, *eval, *device;
    struct mg_model_config shape;
    struct mg_sft_config config;
    uint32_t eval_count;
    bool json;
};

enum { WIDTH, LAYERS, HEADS, KV_HEADS, FEED_FORWARD, SHAPE_NUMBERS, SHAPE_MAX = 1 << 20 };

/* Whole numbers from 1 to SHAPE_MAX with commas between them, and nothing else. */
static bool
read_shape(const char *text, int n[SHAPE_NUMBERS])
{
    for (int i = 0; i < SHAPE_NUMBERS; i++) {
        char *end;
        unsigned long x = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;

        if (x == 0 || x > SHAPE_MAX || *end != (i + 1 < SHAPE_NUMBERS ? ',' : '\0'))
            return false;
        n[i] = (int)x;
        text = end + 1;
    }
    return true;
}

static enum mg_status
take_shape(void *at, const char *text, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_model_config *c = at;
    int n[SHAPE_NUMBERS], dim;

    MG_REQUIRE(read_shape(text, n) && n[WIDTH] % n[HEADS] == 0 && n[HEADS] % n[KV_HEADS] == 0, MG_INPUT,
               "--shape is \"%.60s\", need width,layers,heads,kv-heads,feed-forward that divide, 1 to %d each", text,
               SHAPE_MAX);
    dim = n[WIDTH] / n[HEADS];
    MG_REQUIRE(dim == 32 || dim == 64 || dim == 128, MG_INPUT,
               "--shape is \"%.60s\": width / heads is %d, need 32, 64 or 128", text, dim);
    c->hidden_size = n[WIDTH];
    c->num_hidden_layers = n[LAYERS];
    c->num_attention_heads = n[HEADS];
    c->num_key_value_heads = n[KV_HEADS];
    c->head_dim = dim;
    c->intermediate_size = n[FEED_FORWARD];
out:
    return st;
}

static enum mg_status
take_agent(void *at, const char *value, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(mg_is_agent_name(value), MG_INPUT, "--agent is \"%.60s\", which is no agent's name", value);
    *(const char **)at = value;
out:
    return st;
}

#define DEFAULT_SHAPE "128,4,4,2,352"
static const char *const dtypes[] = {"f32", "f16", "bf16", NULL};

#define AT(member) .offset = offsetof(struct sft_options, member)
static const struct mg_option option_rows[] = {
    MG_OPTION('i', "init", "DIR", "start from this model; without it, fresh weights", MG_OPTION_TEXT, AT(init)),
    MG_OPTION(0, "shape", "SPEC", "fresh weights: width,layers,heads,kv-heads,feed-forward (default " DEFAULT_SHAPE ")",
              MG_OPTION_TAKEN, AT(shape), .take = take_shape),
    MG_OPTION('t', "tokenizer", "FILE", "tokenizer.json", MG_OPTION_TEXT, AT(tokenizer)),
    MG_OPTION('d', "demos", "FILE", "demonstrations, JSON lines; - is standard input", MG_OPTION_TEXT, AT(demos)),
    MG_OPTION('a', "agent", "NAME", "whose demonstrations", MG_OPTION_TAKEN, AT(agent), .take = take_agent),
    MG_OPTION('o', "out", "DIR", "where the model goes", MG_OPTION_TEXT, AT(out)),
    MG_OPTION(0, "dtype", "TYPE", "f32, f16 or bf16 (default f32)", MG_OPTION_CHOICE_TEXT, AT(dtype), .choice = dtypes),
    MG_OPTION('n', "tokens", "N", "budget (default 10000000)", MG_OPTION_DOUBLE, AT(config.tokens), .max = 1e15),
    MG_OPTION('b', "batch", "N", "tokens per optimiser step (default 4096)", MG_OPTION_U32, AT(config.batch_tokens),
              .min = 16, .max = 1 << 20),
    MG_OPTION('l', "lr", "X", "peak learning rate (default 0.002)", MG_OPTION_FLOAT, AT(config.lr), .max = 1),
    MG_OPTION(0, "lr-end", "X", "share of it left at the end (default 0.05)", MG_OPTION_FLOAT, AT(config.lr_end),
              .max = 1),
    MG_OPTION(0, "context-weight", "X", "loss weight of what the agent reads (default 0.1)", MG_OPTION_FLOAT,
              AT(config.context_weight), .max = 1),
    MG_OPTION('c', "context", "N", "longest demonstration in tokens (default 512)", MG_OPTION_U32, AT(config.max_len),
              .min = 16, .max = 1 << 16),
    MG_OPTION('s', "seed", "N", "of the weights and of the order (default 1)", MG_OPTION_U64, AT(config.seed)),
    MG_OPTION('e', "eval", "FILE", "held-out demonstrations to score at the end", MG_OPTION_TEXT, AT(eval)),
    MG_OPTION(0, "eval-count", "N", "how many (default 400)", MG_OPTION_U32, AT(eval_count), .min = 1, .max = 1 << 20),
    MG_OPTION(0, "device", "SELECTOR", "OpenCL device", MG_OPTION_TEXT, AT(device)),
    MG_OPTION(0, "json", NULL, "the result as one JSON object on standard output", MG_OPTION_FLAG, AT(json)),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct sft_options *o = options;
    enum mg_status st = MG_OK;

    if (o->shape.hidden_size == 0)
        MG_TRY(take_shape(&o->shape, DEFAULT_SHAPE, err));
    MG_TRY(mg_no_arguments(options, n, argument, err));
    MG_REQUIRE(o->tokenizer != NULL && (o->demos != NULL || o->eval != NULL), MG_INPUT,
               "need --tokenizer, and --demos or --eval");
    MG_REQUIRE(o->demos == NULL || o->out != NULL, MG_INPUT, "--demos needs --out");
    MG_REQUIRE(o->demos != NULL || o->init != NULL, MG_INPUT, "--eval alone needs --init");
    MG_REQUIRE(o->config.batch_tokens >= o->config.max_len, MG_INPUT,
               "--batch is %u tokens, and a demonstration may have --context %u: it must fit into one",
               o->config.batch_tokens, o->config.max_len);
    MG_REQUIRE(o->demos == NULL || o->config.lr > 0.0f, MG_INPUT, "--lr is 0: nothing would be learnt");
out:
    return st;
}

struct watch {
    double next; /* seconds of the next line */
    double budget;
    bool terminal;
};

/* One line that is rewritten on a terminal, every two seconds; else a line every half minute. */
static enum mg_status
show(void *arg, const struct mg_sft_progress *now)
{
    struct watch *w = arg;
    double rate = now->tokens / (now->seconds + 1e-9), left = fmax(w->budget - now->tokens, 0.0) / rate;

    if (now->seconds < w->next)
        return MG_OK;
    mg_doing_hide();
    w->next = now->seconds + (w->terminal ? 2.0 : 30.0);
    fprintf(stderr, "%ssft %5.1f%%  %.2f M tokens  %.0f tokens/s  loss %.4f  ETA %.0f:%02.0f%s",
            w->terminal ? "\r" : "", 100.0 * fmin(now->tokens / w->budget, 1.0), now->tokens / 1e6, rate, now->loss,
            floor(left / 60.0), floor(fmod(left, 60.0)), w->terminal ? "  " : "\n");
    fflush(stderr);
    return MG_OK;
}

static enum mg_status
open_policy(const struct sft_options *o, struct mg_tokenizer *tok, struct mg_policy **p, struct mg_err *err)
{
    struct mg_policy_limits limits = {.device = o->device,
                                      .context = o->config.max_len,
                                      .max_tokens = o->config.batch_tokens,
                                      .train = o->demos != NULL};
    struct mg_model_config config = o->shape;

    if (o->init != NULL)
        return mg_policy_open(o->init, &limits, p, err);
    config.vocab_size = mg_tokenizer_vocab_size(tok);
    config.max_position_embeddings = (int)o->config.max_len;
    return mg_policy_init(&config, o->config.seed, &limits, p, err);
}

static void
print_scores(const struct mg_sft_scores *s)
{
    fprintf(stderr, "held out: %u of %u demonstrations exact (%.3f)", s->exact, s->n,
            s->n > 0 ? (double)s->exact / s->n : 0.0);
    for (int r = 0; r < MG_N_ROLES; r++)
        if (s->turns[r] > 0)
            fprintf(stderr, ", %s %.3f", mg_role_name((enum mg_role)r), (double)s->turns_exact[r] / s->turns[r]);
    fprintf(stderr, ", mean log p %.4f\n", s->own_tokens > 0 ? s->own_logprob / s->own_tokens : 0.0);
}

/* What a file held, and what of it was too long for the context. */
static void
print_count(const char *path, const struct mg_demo_count *n, uint32_t max_len)
{
    if (n->skipped > 0)
        fprintf(stderr, "%s: passed over %zu of %zu demonstrations, of more than %u tokens; the longest has %u\n", path,
                n->skipped, n->read, max_len, n->longest);
}

struct result {
    struct mg_sft_progress done;
    struct mg_sft_scores scores;
    struct mg_demo_count trained, scored;
};

static void
print_json(const struct result *r)
{
    const struct mg_sft_scores *s = &r->scores;
    json_t *turns = json_object();
    json_t *all;

    for (int i = 0; i < MG_N_ROLES; i++)
        if (s->turns[i] > 0)
            json_object_set_new(turns, mg_role_name((enum mg_role)i),
                                json_real((double)s->turns_exact[i] / s->turns[i]));
    all = json_pack("{s:f, s:f, s:I, s:f, s:I, s:i, s:f, s:I, s:o}", "tokens", r->done.tokens, "seconds",
                    r->done.seconds, "steps", (json_int_t)r->done.steps, "loss", r->done.loss, "skipped",
                    (json_int_t)r->trained.skipped, "n", (int)s->n, "exact", s->n > 0 ? (double)s->exact / s->n : 0.0,
                    "eval_skipped", (json_int_t)r->scored.skipped, "turns", turns);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static enum mg_status
train(const struct sft_options *o, struct mg_demo_file *demos, struct mg_policy *p, struct result *r,
      struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct watch w = {.budget = o->config.tokens, .terminal = isatty(STDERR_FILENO) != 0};
    const struct mg_sft_progress *done = &r->done;

    MG_TRY(mg_sft_run(p, demos, &o->config, show, &w, &r->done, err));
    fprintf(stderr, "%s%llu steps, %.2f M tokens, %.0f s, %.0f tokens/s, loss %.4f\n", w.terminal ? "\n" : "",
            (unsigned long long)done->steps, done->tokens / 1e6, done->seconds, done->tokens / (done->seconds + 1e-9),
            done->loss);
    r->trained = mg_demo_file_count(demos);
    print_count(o->demos, &r->trained, o->config.max_len);
    MG_TRY(mg_policy_save_model(p, o->out, o->dtype, err));
out:
    return st;
}

static enum mg_status
score(const struct sft_options *o, struct mg_demo_file *demos, struct mg_policy *p, struct result *r,
      struct mg_err *err)
{
    enum mg_status st = MG_OK;

    mg_doing("scoring held-out demonstrations");
    MG_TRY(mg_sft_score(p, demos, o->config.max_len, o->eval_count, &r->scores, err));
    mg_doing_hide();
    print_scores(&r->scores);
    r->scored = mg_demo_file_count(demos);
    print_count(o->eval, &r->scored, o->config.max_len);
out:
    return st;
}

static enum mg_status
run(const void *options, struct mg_err *err)
{
    const struct sft_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_tokenizer *tok = NULL;
    struct mg_policy *p = NULL;
    struct mg_demo_file *demos = NULL, *held_out = NULL;
    struct result r = {.done = {0}};

    MG_TRY(mg_tokenizer_load(o->tokenizer, &tok, err));
    mg_cmd_say_unicode(tok);
    mg_doing("reading the demonstrations, and compiling what the first step needs");
    if (o->demos != NULL)
        MG_TRY(mg_demo_file_open(o->demos, o->agent, tok, &demos, err));
    if (o->eval != NULL)
        MG_TRY(mg_demo_file_open(o->eval, o->agent, tok, &held_out, err));
    if (o->demos != NULL)
        MG_TRY(mg_dir_make_writable(o->out, err));
    MG_TRY(open_policy(o, tok, &p, err));
    MG_TRY(mg_vocabulary_check(mg_policy_config(p)->vocab_size, o->init != NULL ? o->init : "to be trained", tok,
                               o->tokenizer, err));
    if (o->demos != NULL)
        MG_TRY(train(o, demos, p, &r, err));
    if (o->eval != NULL)
        MG_TRY(score(o, held_out, p, &r, err));
    if (o->json)
        print_json(&r);
out:
    mg_policy_close(p);
    mg_demo_file_close(demos);
    mg_demo_file_close(held_out);
    mg_tokenizer_free(tok);
    return st;
}

int
mg_cmd_sft(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "sft",
        .arguments = "[OPTION]... --demos FILE --tokenizer FILE --out DIR",
        .about = "Warm-start a policy on demonstrations, or only score it on them (--eval without --demos).\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = run,
    };
    struct sft_options o = {.dtype = "f32",
                            .eval_count = 400,
                            .shape = {.rms_norm_eps = 1e-5, .rope_theta = 10000.0, .tie_word_embeddings = true},
                            .config = {.seed = 1,
                                       .tokens = 1e7,
                                       .batch_tokens = 4096,
                                       .max_len = 512,
                                       .context_weight = 0.1f,
                                       .lr = 2e-3f,
                                       .lr_end = 0.05f,
                                       .weight_decay = 0.05f}};

    return mg_cmd_run(&command, &o, argc, argv);
}
