/* SPDX-License-Identifier: Apache-2.0 */
/* What makes it policy optimisation: advantages, the policy loss, sampling. Include clgrpo.h. */
#ifndef CLGRPO_POLICY_H
#define CLGRPO_POLICY_H

enum clgrpo_advantage_kind {
    CLGRPO_ADVANTAGE_STD =
        0, /* (r - mean) / (population std + eps): GRPO, arXiv 2402.03300; M-GRPO eq. 9-13, arXiv 2511.13288 */
    CLGRPO_ADVANTAGE_UNBIASED, /* the same with the unbiased std: variance * W / (W - 1), W the group's sum of weights
                                  (> 1) */
    CLGRPO_ADVANTAGE_MEAN,     /* r - mean: Dr. GRPO, arXiv 2503.20783 */
    CLGRPO_ADVANTAGE_LOO /* r - mean of the others: RLOO, arXiv 2402.14740; with weights, (r - mean) W / (W - 1) */
};

/*
 * Group-relative advantage over G groups of unequal size.
 *
 * reward [R] f32, finite     offsets [G+1] i32, ascending, offsets[0] = 0, offsets[G] = R: group g owns offsets[g] ..
 * offsets[g+1]-1 weight [R] f32 >= 0: each reward counts as `weight` copies of itself (integer or real); weight.buf may
 * be NULL, then all are 1. advantage [R] f32; may be reward. Means and deviations are weighted; the advantage itself is
 * not multiplied by the weight. A group whose rewards of positive weight are all equal, or whose weight sum is 0 (or <=
 * 1 for UNBIASED and LOO), gives exactly 0, tested by max == min. Rewards of weight 0 do not count and get (r - mean)
 * scaled like the others. eps >= 0 in reward units.
 */
struct clgrpo_advantage_args {
    size_t struct_size;
    struct clgrpo_tensor reward, weight, offsets, advantage;
    enum clgrpo_advantage_kind kind;
    float eps;
};
#define CLGRPO_ADVANTAGE_ARGS_INIT                                                                                     \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_advantage_args), .eps = 1e-6f                                              \
    }
enum clgrpo_status clgrpo_advantage(struct clgrpo_context *ctx, const struct clgrpo_advantage_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Clipped policy loss over N sampled tokens, with its gradient, in one pass.
 *
 *   ratio = exp(logprob - old_logprob)     u = ratio A     c = clamp(ratio, 1 - clip_low, 1 + clip_high) A
 *   J[n] = min(u, c);  with dual_clip > 1 and A < 0: max(J, dual_clip A)           (arXiv 1912.09729)
 *   kl[n] = exp(ref - logprob) - (ref - logprob) - 1                                (k3; only with ref_logprob)
 *   loss = sum_n weight[n] (-J[n] + kl_beta kl[n])      dlogprob[n] = d loss / d logprob[n]
 *
 * logprob, old_logprob, advantage, weight, dlogprob [N] f32; ref_logprob [N] or a NULL buf. The normalisation of an
 * objective (over tokens, trajectories, the global batch) is the caller's weight; a weight of 0 masks a token: whatever
 * its other inputs, it adds exactly 0 to everything. dlogprob may be logprob's buffer view. stats [CLGRPO_POLICY_STATS]
 * f32 (written): sums over tokens of weight > 0, in a fixed order; see the enum.
 */
enum {
    CLGRPO_POLICY_LOSS = 0,  /* the loss itself (weighted) */
    CLGRPO_POLICY_TOKENS,    /* tokens with weight > 0 */
    CLGRPO_POLICY_RATIO_SUM, /* sum of ratios */
    CLGRPO_POLICY_RATIO_MIN, /* smallest and largest ratio; 1 if there are no tokens */
    CLGRPO_POLICY_RATIO_MAX,
    CLGRPO_POLICY_CLIPPED,       /* tokens whose gradient the clip removed */
    CLGRPO_POLICY_KL_SUM,        /* sum of kl (0 without ref_logprob) */
    CLGRPO_POLICY_APPROX_KL_SUM, /* sum of old_logprob - logprob */
    CLGRPO_POLICY_STATS
};
struct clgrpo_policy_loss_args {
    size_t struct_size;
    struct clgrpo_tensor logprob, old_logprob, ref_logprob, advantage, weight, dlogprob, stats;
    float clip_low, clip_high, dual_clip /* 0: off */, kl_beta;
    struct clgrpo_workspace workspace;
};
#define CLGRPO_POLICY_LOSS_ARGS_INIT                                                                                   \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_policy_loss_args), .clip_low = 0.2f, .clip_high = 0.28f                    \
    }
enum clgrpo_status clgrpo_policy_loss_workspace(struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *args,
                                                size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_policy_loss(struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *args,
                                      cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                      cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Draws one token per row from softmax(logits / temperature), cut to the top_k most likely (0: off) and then to the
 * smallest set whose probability reaches top_p (1: off); ties are kept by lower token id.
 *
 * logits [B][V] f32     key [B][2] u64: the random number of a row is Philox4x32-10 with key = key[b][0], counter =
 * key[b][1] (low 64 bits; the high ones are 0): a function of the caller's data alone     token [B] i32 logprob [B]
 * f32, may have a NULL buf: log-probability of the token under softmax(logits / temperature) before any cut, with the
 * same bits as clgrpo_linear_logprob of the logits' x and w at inv_temperature = 1 / temperature
 * temperature > 0, or 0 for greedy: the largest logit, lowest id on ties (logprob is then at temperature 1). 0 < top_p
 * <= 1.
 */
struct clgrpo_sample_args {
    size_t struct_size;
    struct clgrpo_tensor logits, key, token, logprob;
    float temperature, top_p;
    unsigned top_k;
    struct clgrpo_workspace workspace;
};
#define CLGRPO_SAMPLE_ARGS_INIT                                                                                        \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_sample_args), .temperature = 1.0f, .top_p = 1.0f                           \
    }
enum clgrpo_status clgrpo_sample_workspace(struct clgrpo_context *ctx, const struct clgrpo_sample_args *args,
                                           size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_sample(struct clgrpo_context *ctx, const struct clgrpo_sample_args *args,
                                 cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                 cl_event *event) CLGRPO_MUST_CHECK;

#endif
