/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_internal.h"

#include <stdlib.h>

/* Made-up sequences that share the first tokens, and the forwards that decode them. */
enum { ROWS = 4, LENGTH = 96, SHARED = 64 };

struct rows {
    struct mg_train_row row[ROWS];
    int32_t ids[ROWS][LENGTH];
    float weight[LENGTH], logprob[LENGTH];
};

/* Of `length` tokens, the first `shared` of which are the same in each. */
static void
fill(struct rows *r, uint32_t length, uint32_t shared, uint32_t vocab)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t t = 0; t < length; t++)
            r->ids[i][t] = (int32_t)((t < shared ? t : t + i + 1) % vocab);
        r->row[i] = (struct mg_train_row){
            .ids = r->ids[i], .weight = r->weight, .old_logprob = r->logprob, .len = length, .advantage = 1.0f};
    }
    for (uint32_t t = 0; t < LENGTH; t++)
        r->weight[t] = 1.0f;
}

static enum mg_status
prepare_training(struct mg_policy *p, const struct mg_loss_params *loss, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_adam adam = {.lr = 1e-5f, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f, .max_norm = 1.0f};
    const uint32_t length = p->limits.context < LENGTH ? p->limits.context : LENGTH;
    struct mg_train_stats stats;
    struct rows *r = NULL;
    double norm;

    MG_ALLOC(r, 1);
    for (uint32_t shared = 0; shared <= SHARED; shared += SHARED) {
        fill(r, length, shared < length ? shared : 0, (uint32_t)p->params.dims.V);
        MG_TRY(mg_policy_gradient(p, r->row, ROWS, loss, &stats, err));
    }
    MG_TRY(mg_policy_step(p, &adam, &norm, err));
out:
    free(r);
    return st;
}

/* A token for each of n feeds, of the slots in turn: more than slots are a prefill. */
static enum mg_status
prepare_decoding(struct mg_policy *p, size_t n, const struct mg_sampling *how, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const uint32_t slots = p->limits.slots;
    struct mg_feed *feed = NULL;
    int32_t *token = NULL;
    float *logprob = NULL;

    MG_ALLOC(feed, n);
    MG_ALLOC(token, n);
    MG_ALLOC(logprob, n);
    for (size_t i = 0; i < n; i++)
        feed[i] = (struct mg_feed){.slot = (uint32_t)i % slots, .position = (uint32_t)i / slots, .sample = i < slots};
    MG_TRY(mg_policy_decode(p, feed, n, how, token, logprob, err));
out:
    free(feed);
    free(token);
    free(logprob);
    return st;
}

static enum mg_status
prepare_scoring(struct mg_policy *p, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const uint32_t length = p->limits.context < LENGTH ? p->limits.context : LENGTH;
    struct rows *r = NULL;
    float logprob[LENGTH], *to[ROWS] = {logprob, logprob, logprob, logprob};

    MG_ALLOC(r, 1);
    for (uint32_t shared = 0; shared <= SHARED; shared += SHARED) {
        fill(r, length, shared < length ? shared : 0, (uint32_t)p->params.dims.V);
        MG_TRY(mg_policy_logprobs(p, r->row, ROWS, 1.0f, to, err));
    }
out:
    free(r);
    return st;
}

static enum mg_status
run_all(struct mg_policy *p, const struct mg_sampling *how, size_t n_how, const struct mg_loss_params *loss,
        struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_fork fork = {.from = 0, .to = 1, .length = 1};
    const size_t slots = p->limits.slots;

    for (size_t i = 0; i < n_how && slots > 0; i++)
        MG_TRY(prepare_decoding(p, slots, &how[i], err));
    if (slots > 0 && n_how > 0)
        MG_TRY(prepare_decoding(p, slots + 1, &how[0], err));
    if (slots > 1)
        MG_TRY(mg_policy_fork(p, &fork, 1, err));
    if (p->limits.train)
        MG_TRY(prepare_training(p, loss, err));
    else if (slots == 0)
        MG_TRY(prepare_scoring(p, err));
out:
    return st;
}

enum mg_status
mg_policy_prepare(struct mg_policy *p, const struct mg_sampling *how, size_t n_how, const struct mg_loss_params *loss,
                  struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const uint64_t version = p->version;
    const bool packed_fresh = p->packed_fresh;
    enum clgrpo_status end;

    MG_TRY(mg_from_clgrpo(p, clgrpo_prepare_begin(p->ctx), err));
    st = run_all(p, how, n_how, loss, err);
    p->version = version; /* nothing ran */
    p->packed_fresh = packed_fresh;
    end = clgrpo_prepare_end(p->ctx);
    if (st == MG_OK)
        MG_TRY(mg_from_clgrpo(p, end, err));
out:
    return st;
}
