/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_POLICY_H
#define MGRPO_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model_config.h"
#include "base/status.h"
#include "run/objective.h"

/*
 * One agent's policy on one device: weights, optimiser state, KV cache. The same forward serves sampling and training,
 * so a token's log-probability has the same bits in both while the weights are the same.
 */
struct mg_policy;
struct clgrpo_context;

struct mg_policy_limits {
    const char *device;        /* selector of clgrpo_context_open; NULL: default */
    uint32_t slots;            /* sequences that decode at once; 0: no KV cache */
    uint32_t context;          /* longest sequence, in tokens */
    uint32_t max_tokens;       /* tokens of one training micro-batch, or of one decoding forward */
    bool train;                /* gradients and optimiser state are wanted */
    enum clgrpo_dtype storage; /* of matrices: f32, or, to score alone (no slots, no training), f16 or bf16 */
    bool profile;              /* the library's profile will be used: its queue has times */
};

/* Whether a policy within these limits could be opened on the device; no model is looked at. MG_INPUT: a limit or the
 * device's name is wrong. */
enum mg_status mg_policy_try(const struct mg_policy_limits *limits, struct mg_err *err);
/* Opens a model directory (config.json, model.safetensors or its shards); or fresh weights drawn from `seed`. */
enum mg_status mg_policy_open(const char *dir, const struct mg_policy_limits *limits, struct mg_policy **out,
                              struct mg_err *err);
enum mg_status mg_policy_init(const struct mg_model_config *config, uint64_t seed,
                              const struct mg_policy_limits *limits, struct mg_policy **out, struct mg_err *err);
void mg_policy_close(struct mg_policy *p); /* accepts NULL */
const struct mg_model_config *mg_policy_config(const struct mg_policy *p);
/* Bytes of device memory that the policy holds now. */
size_t mg_policy_bytes(struct mg_policy *p);
/* The library's context of this policy's device, for operations on host data (advantages). */
struct clgrpo_context *mg_policy_context(struct mg_policy *p);

/* ---- Generation ---- */

/* One token that enters the cache at (slot, position); positions of a slot are fed in order, from 0. */
struct mg_feed {
    int32_t token;
    uint32_t slot, position;
    bool sample; /* draw the token that follows this one */
    bool redraw; /* enters no token: one more draw, by its own key, after the token of the feed before, which samples */
    uint64_t key[2]; /* of the draw: a function of the data (seed, step, question, rollout, position) */
};
struct mg_sampling {
    float temperature; /* 0: greedy */
    uint32_t top_k;    /* 0: off */
    float top_p;       /* 1: off */
};
/* Runs n feeds (several of one slot allowed: prefill) and writes, for each i with sample set, token[i] and logprob[i]
 * (at the sampling temperature, 1 for greedy, before top-k and top-p). n may exceed max_tokens: it is cut into
 * forwards. */
enum mg_status mg_policy_decode(struct mg_policy *p, const struct mg_feed *feed, size_t n,
                                const struct mg_sampling *how, int32_t *token, float *logprob, struct mg_err *err);

struct mg_loss_params;
/* Compiles ahead what drawing in these n_how ways needs, and training by this loss if the policy was opened for it, or
 * scoring if it was opened without slots; changes nothing else. Processes of one machine that do so at once share the
 * work. */
enum mg_status mg_policy_prepare(struct mg_policy *p, const struct mg_sampling *how, size_t n_how,
                                 const struct mg_loss_params *loss, struct mg_err *err);

/* For sequences with a common prefix: positions 0..length-1 of slot `from` are copied to slot `to`, which is then as if
 * the same tokens had been fed to it. No slot is a `to` twice, or a `from` and a `to`. */
struct mg_fork {
    uint32_t from, to, length;
};
enum mg_status mg_policy_fork(struct mg_policy *p, const struct mg_fork *fork, size_t n, struct mg_err *err);
/* Equal tokens at the beginning of a and b, at most `most`: how much of one a fork can take from the other. */
size_t mg_common_prefix(const int32_t *a, const int32_t *b, size_t most);

/* ---- Training ---- */

/* A trajectory: ids[0..len-1]. weight[i] is the loss weight of having predicted ids[i] (0: not trained; weight[0] is
 * ignored). Where weight[i] > 0, and not read by NLL: old_logprob[i] is that of ids[i] under the policy that the ratio is
 * to; sampled_logprob[i] under the one that sampled it, for a correction; ref_logprob[i] under the reference, for KL. */
struct mg_train_row {
    const int32_t *ids;
    const float *weight;
    const float *old_logprob;
    const float *sampled_logprob, *ref_logprob; /* may be NULL */
    uint32_t len;
    float advantage; /* one per trajectory */
};
enum mg_loss { MG_LOSS_NLL, MG_LOSS_POLICY };
/* The loss of a token, without its weight. */
struct mg_loss_params {
    enum mg_loss loss;
    float temperature; /* of the sampling, for the ratio to be exactly 1 */
    float entropy_bonus;
    /* of the policy loss, as clgrpo_policy_loss has them; kl_beta 0: no row has a ref_logprob */
    enum clgrpo_policy_ratio ratio;
    enum clgrpo_policy_surrogate surrogate;
    enum clgrpo_policy_kl kl;
    enum clgrpo_policy_correction correction;
    float ratio_min, ratio_max, dual_clip, kl_beta, correction_min, correction_max;
};
struct mg_train_stats {
    double loss, tokens, weight_sum; /* trained tokens and their weight */
    double ratio_sum, ratio_min, ratio_max, clipped, dual_clipped, approx_kl_sum;
    double kl_sum;                                    /* to the reference */
    double correction_sum, correction_max, corrected; /* of the importance correction, before it is cut; tokens cut */
    double entropy_sum;                               /* over trained tokens */
    double forward_tokens;                            /* all tokens that went through the model */
};
/* Adds the gradient of sum weight * loss over the rows; cut into micro-batches of at most max_tokens in the given
 * order. */
enum mg_status mg_policy_gradient(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows,
                                  const struct mg_loss_params *loss, struct mg_train_stats *stats, struct mg_err *err);
/* Log-probabilities and arg-max of every next token, without gradient: logprob[r][i], argmax[r][i] belong to ids[i], i
 * >= 1. Either may be NULL. */
enum mg_status mg_policy_score(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows, float temperature,
                               float **logprob, int32_t **argmax, struct mg_err *err);

/* Log-probabilities of the tokens whose weight is > 0, with the bits that sampling and mg_policy_gradient have:
 * logprob[r][i] belongs to ids[i]. */
enum mg_status mg_policy_logprobs(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows,
                                  float temperature, float **logprob, struct mg_err *err);

struct mg_adam {
    float lr, beta1, beta2, eps, weight_decay, max_norm;
};
/* Clips, steps, zeroes the gradient. grad_norm is before clipping.
 * MG_END: a gradient is not finite, and the weights are as they were; or a parameter is not finite after the step. The
 * sentence names the tensor. */
enum mg_status mg_policy_step(struct mg_policy *p, const struct mg_adam *adam, double *grad_norm, struct mg_err *err);
uint64_t mg_policy_version(const struct mg_policy *p); /* optimiser steps taken */

/* ---- Storage ---- */

/* Writes a Hugging Face directory: config.json, and model.safetensors of dtype "f32", "f16" or "bf16". */
enum mg_status mg_policy_save_model(struct mg_policy *p, const char *dir, const char *dtype, struct mg_err *err);
/* Everything that training needs to go on with the same bits: weights, moments, version, and `extra` (a caller's JSON
 * text). One file, zlib, checksummed, written atomically. */
enum mg_status mg_policy_save_state(struct mg_policy *p, const char *path, const char *extra, struct mg_err *err);
/* extra is malloc'ed. */
enum mg_status mg_policy_load_state(struct mg_policy *p, const char *path, char **extra, struct mg_err *err);
/* A hash of the weights' bits, by which runs are compared. */
enum mg_status mg_policy_digest(struct mg_policy *p, uint64_t *digest, struct mg_err *err);

#endif
