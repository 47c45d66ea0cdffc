/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy without a device, behind the same header: 9 x 10 logits say which turn follows the turn last read,
 * everything else copies text that was read. It samples, learns by the policy gradient, saves and loads, and it refuses
 * feeds that a KV cache could not serve; so rollouts, agents, the store and resuming can be tested in milliseconds.
 */
#include "fake_policy_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialogue/roles.h"
#include "base/hash.h"
#include "base/file.h"
#include "policy/policy.h"
#include "base/rng.h"

bool
mg_fake_is_role(int32_t id)
{
    return id >= MG_FAKE_ROLE && id < MG_FAKE_ROLE + MG_N_ROLES;
}

int
mg_fake_last_read(const int32_t *ids, uint32_t before, uint32_t *first, uint32_t *end)
{
    uint32_t i = before;

    *end = before > 0 ? before - 1 : 0;
    while (i > 0 && !mg_fake_is_role(ids[i - 1]))
        i--;
    *first = i;
    return i > 0 ? ids[i - 1] - MG_FAKE_ROLE : 0;
}

void
mg_fake_log_softmax(const float *w, double out[N_CHOICES])
{
    double sum = 0.0;

    for (int i = 0; i < N_CHOICES; i++)
        sum += exp((double)w[i]);
    for (int i = 0; i < N_CHOICES; i++)
        out[i] = (double)w[i] - log(sum);
}

static void
add_token(struct mg_policy *p, const struct mg_train_row *row, uint32_t i, const struct mg_loss_params *o,
          struct mg_train_stats *s)
{
    double weight = (double)row->weight[i], ratio = 1.0, lp[N_CHOICES];
    uint32_t first, end;
    int read, choice;

    s->tokens += 1.0;
    s->weight_sum += weight;
    if (row->ids[i - 1] != MG_FAKE_END)
        return;
    read = mg_fake_last_read(row->ids, i, &first, &end);
    choice = mg_fake_is_role(row->ids[i]) ? row->ids[i] - MG_FAKE_ROLE : MG_N_ROLES;
    mg_fake_log_softmax(p->w + read * N_CHOICES, lp);
    if (o->loss == MG_LOSS_POLICY) {
        ratio = exp((double)((float)lp[choice] - row->old_logprob[i]));
        weight *= (double)row->advantage * ratio;
    }
    s->ratio_min = fmin(s->ratio_min, ratio);
    s->ratio_max = fmax(s->ratio_max, ratio);
    for (int c = 0; c < N_CHOICES; c++) {
        p->grad[read * N_CHOICES + c] -= weight * ((c == choice ? 1.0 : 0.0) - exp(lp[c]));
        s->entropy_sum -= exp(lp[c]) * lp[c];
    }
}

enum mg_status
mg_policy_gradient(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows,
                   const struct mg_loss_params *objective, struct mg_train_stats *stats, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *stats = (struct mg_train_stats){.ratio_min = 1.0, .ratio_max = 1.0};
    for (size_t r = 0; r < n_rows; r++) {
        MG_REQUIRE(rows[r].len <= p->limits.context, MG_FAIL, "a trajectory of %u tokens, the context is %u",
                   rows[r].len, p->limits.context);
        stats->forward_tokens += rows[r].len;
        for (uint32_t i = 1; i < rows[r].len; i++)
            if (rows[r].weight[i] > 0.0f)
                add_token(p, &rows[r], i, objective, stats);
    }
    stats->ratio_sum = stats->tokens;
out:
    return st;
}

enum mg_status
mg_policy_logprobs(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows, float temperature,
                   float **logprob, struct mg_err *err)
{
    (void)p, (void)temperature, (void)err;
    for (size_t r = 0; r < n_rows; r++)
        memcpy(logprob[r], rows[r].old_logprob, rows[r].len * sizeof(float));
    return MG_OK;
}

enum mg_status
mg_policy_step(struct mg_policy *p, const struct mg_adam *adam, double *grad_norm, struct mg_err *err)
{
    double sum = 0.0;

    (void)err;
    for (int i = 0; i < N_WEIGHTS; i++)
        sum += p->grad[i] * p->grad[i];
    *grad_norm = sqrt(sum);
    for (int i = 0; i < N_WEIGHTS; i++) {
        p->w[i] -= (float)(1e3 * (double)adam->lr * p->grad[i]);
        p->grad[i] = 0.0;
    }
    p->version++;
    return MG_OK;
}

/* ---- Files ---- */

struct state {
    char magic[8];
    uint64_t version, extra_bytes;
    float w[N_WEIGHTS];
};

enum mg_status
mg_policy_save_state(struct mg_policy *p, const char *path, const char *extra, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct state s = {.magic = "fake", .version = p->version, .extra_bytes = strlen(extra)};
    struct mg_file_new *f = NULL;

    memcpy(s.w, p->w, sizeof s.w);
    MG_TRY(mg_file_new_open(path, &f, err));
    MG_TRY(mg_file_new_write(f, &s, sizeof s, err));
    MG_TRY(mg_file_new_write(f, extra, strlen(extra), err));
    MG_TRY(mg_file_new_commit(&f, err));
out:
    mg_file_new_abort(f);
    return st;
}

enum mg_status
mg_policy_load_state(struct mg_policy *p, const char *path, char **extra, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct state s = {.version = 0};
    char *data = NULL, *text = NULL;
    size_t len = 0;

    MG_TRY(mg_file_read(path, 1 << 20, &data, &len, err));
    if (len >= sizeof s)
        memcpy(&s, data, sizeof s);
    MG_REQUIRE(strcmp(s.magic, "fake") == 0 && sizeof s + s.extra_bytes == len, MG_INPUT, "%s: not a state", path);
    MG_ALLOC(text, s.extra_bytes + 1);
    memcpy(text, data + sizeof s, s.extra_bytes);
    memcpy(p->w, s.w, sizeof p->w);
    p->version = s.version;
    *extra = text;
    text = NULL;
out:
    free(data);
    free(text);
    return st;
}

enum mg_status
mg_policy_save_model(struct mg_policy *p, const char *dir, const char *dtype, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char path[512];

    (void)dtype;
    MG_TRY(mg_dir_make(dir, err));
    snprintf(path, sizeof path, "%s/model.fake", dir);
    MG_TRY(mg_policy_save_state(p, path, "", err));
out:
    return st;
}

enum mg_status
mg_policy_digest(struct mg_policy *p, uint64_t *digest, struct mg_err *err)
{
    (void)err;
    *digest = mg_hash(p->w, sizeof p->w);
    return MG_OK;
}

/* ---- Opening ---- */

/* Mostly well behaved: the turns that make sense are likely, all others happen. */
static void
initial(float w[N_WEIGHTS], uint64_t seed)
{
    static const float likely[MG_N_ROLES][N_CHOICES] = {
        [MG_ROLE_USER] = {[MG_ROLE_SUB] = 4, [MG_ROLE_SEARCH] = 2, [MG_ROLE_ANSWER] = 4},
        [MG_ROLE_RESULT] = {[MG_ROLE_SUB] = 4, [MG_ROLE_ANSWER] = 4},
        [MG_ROLE_TASK] = {[MG_ROLE_SEARCH] = 5, [MG_ROLE_ANSWER] = 3},
        [MG_ROLE_HITS] = {[MG_ROLE_OPEN] = 5, [MG_ROLE_ANSWER] = 3},
        [MG_ROLE_PAGE] = {[MG_ROLE_ANSWER] = 5, [MG_ROLE_OPEN] = 2},
    };

    memcpy(w, likely, sizeof likely);
    for (int i = 0; i < N_WEIGHTS; i++)
        w[i] += 0.1f * (float)(mg_rng_mix(seed + (uint64_t)i) >> 40) * 0x1p-24f;
}

enum mg_status
mg_policy_init(const struct mg_model_config *config, uint64_t seed, const struct mg_policy_limits *limits,
               struct mg_policy **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_policy *p = NULL;

    MG_ALLOC(p, 1);
    p->config = *config;
    p->limits = *limits;
    initial(p->w, seed);
    MG_ALLOC(p->slot, limits->slots);
    for (uint32_t i = 0; i < limits->slots; i++)
        MG_ALLOC(p->slot[i].ids, limits->context);
    *out = p;
    p = NULL;
out:
    mg_policy_close(p);
    return st;
}

/* Any device will do. */
enum mg_status
mg_policy_try(const struct mg_policy_limits *limits, struct mg_err *err)
{
    (void)limits;
    (void)err;
    return MG_OK;
}

/* A model's weights, if the folder has some. */
static enum mg_status
read_model(struct mg_policy *p, const char *dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char path[512], *extra = NULL;

    snprintf(path, sizeof path, "%s/model.fake", dir);
    if (access(path, F_OK) == 0)
        st = mg_policy_load_state(p, path, &extra, err);
    p->version = 0;
    free(extra);
    return st;
}

enum mg_status
mg_policy_open(const char *dir, const struct mg_policy_limits *limits, struct mg_policy **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_model_config config = {.vocab_size = MG_FAKE_VOCAB};
    struct mg_policy *p = NULL;

    MG_TRY(mg_policy_init(&config, 1, limits, &p, err));
    st = read_model(p, dir, err);
    if (st == MG_OK)
        *out = p;
    else
        mg_policy_close(p);
out:
    return st;
}

void
mg_policy_close(struct mg_policy *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; p->slot != NULL && i < p->limits.slots; i++)
        free(p->slot[i].ids);
    free(p->slot);
    free(p);
}

const struct mg_model_config *
mg_policy_config(const struct mg_policy *p)
{
    return &p->config;
}

enum mg_status
mg_policy_prepare(struct mg_policy *p, const struct mg_sampling *how, size_t n_how, const struct mg_loss_params *loss,
                  struct mg_err *err)
{
    (void)p, (void)how, (void)n_how, (void)loss, (void)err;
    return MG_OK;
}

size_t
mg_policy_bytes(struct mg_policy *p)
{
    return sizeof *p;
}

struct clgrpo_context *
mg_policy_context(struct mg_policy *p)
{
    (void)p;
    return NULL;
}

uint64_t
mg_policy_version(const struct mg_policy *p)
{
    return p->version;
}
