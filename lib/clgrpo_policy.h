/* SPDX-License-Identifier: Apache-2.0 */
/* What makes it policy optimisation: advantages, the policy loss, sampling. Include clgrpo.h. */
#ifndef CLGRPO_POLICY_H
#define CLGRPO_POLICY_H

/*
 * With the mean = sum w r / W, the variance = sum w (r - mean)^2 / W and W = sum w, over the rewards of a group:
 *
 * STD       (r - mean) / (sqrt(variance) + eps): GRPO, arXiv 2402.03300, and M-GRPO, arXiv 2511.13288, eq. 9 to 13
 * UNBIASED  (r - mean) / (sqrt(variance W / (W - 1)) + eps)
 * MEAN      r - mean: Dr. GRPO, arXiv 2503.20783
 * LOO       (r - mean) W / (W - 1); with weights of 1, r - mean of the others: RLOO, arXiv 2402.14740
 * BATCH     (r - mean) / (batch_deviation + eps): one deviation for all groups, arXiv 2508.08221
 */
enum clgrpo_advantage_kind {
    CLGRPO_ADVANTAGE_STD = 0,
    CLGRPO_ADVANTAGE_UNBIASED,
    CLGRPO_ADVANTAGE_MEAN,
    CLGRPO_ADVANTAGE_LOO,
    CLGRPO_ADVANTAGE_BATCH,
};

/*
 * Group-relative advantages over G groups of unequal size.
 *
 * reward     [R] f32, finite
 * weight     [R] f32, >= 0; buf may be NULL, for 1. A reward counts as `weight` copies of itself, of any real number
 * offsets    [G+1] i32, ascending from 0 to R: group g is rewards offsets[g] .. offsets[g+1]-1. Values outside 0 .. R
 *            are clamped
 * advantage  [R] f32, written; may be reward
 * kind       see the enum
 * eps        finite, >= 0, in units of the reward
 *
 * What the groups are, all three written or, with buf NULL, none:
 *
 * group_mean       [G] f32; of a group without rewards of positive weight 0
 * group_deviation  [G] f32: the square root of the variance, of UNBIASED of variance W / (W - 1) if W > 1; likewise 0
 * group_flat       [G] i32: 1 of a group that gives no signal, as all its advantages are exactly 0; else 0
 *
 * batch_deviation  [1] f32, written: the square root of the variance of all R rewards, of UNBIASED likewise; of BATCH
 *                  needed, else buf may be NULL
 *
 * The advantage itself is not multiplied by the weight. A reward of weight 0, of a negative one or of NaN does not
 * count in the mean and the variance, and gets an advantage like the others. All advantages of a group are exactly 0 if
 * its rewards of positive weight are equal (tested by maximum = minimum), if it has none, or, of UNBIASED and LOO, if
 * W <= 1. The rewards of a group are summed in order, and but for batch_deviation no other group enters. No sum
 * overflows, whatever the rewards; an advantage of MEAN or LOO that f32 does not hold is infinite.
 *
 * E_ARGUMENT: also an unknown kind, BATCH without batch_deviation, or some of the three without the others.
 * E_SHAPE: also no offsets, or R or G out of 31 bits.  E_VALUE: eps.
 */
struct clgrpo_advantage_args {
    size_t struct_size;
    struct clgrpo_tensor reward, weight, offsets, advantage;
    enum clgrpo_advantage_kind kind;
    float eps;
    struct clgrpo_workspace workspace;
    struct clgrpo_tensor group_mean, group_deviation, group_flat, batch_deviation;
};
CLGRPO_DEFINE_INIT(clgrpo_advantage_args, a.eps = 1e-6f;)
#define CLGRPO_ADVANTAGE_ARGS_INIT clgrpo_advantage_args_init()
enum clgrpo_status clgrpo_advantage(struct clgrpo_context *ctx, const struct clgrpo_advantage_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/* Elements of stats: sums over the tokens whose weight is not 0. */
enum {
    CLGRPO_POLICY_LOSS = 0,  /* the loss, each token times its weight */
    CLGRPO_POLICY_TOKENS,    /* the number of these tokens */
    CLGRPO_POLICY_RATIO_SUM, /* sum of ratios, each the token's or its row's */
    CLGRPO_POLICY_RATIO_MIN, /* smallest ratio; 1 if there are no tokens */
    CLGRPO_POLICY_RATIO_MAX, /* largest ratio; 1 if there are no tokens */
    CLGRPO_POLICY_CLIPPED,   /* tokens whose gradient a bound of the ratio, or the dual clip, removed or (CISPO) cut */
    CLGRPO_POLICY_KL_SUM,    /* sum of kl; 0 without ref_logprob */
    CLGRPO_POLICY_APPROX_KL_SUM,  /* sum of old_logprob - logprob */
    CLGRPO_POLICY_DUAL_CLIPPED,   /* those of CLIPPED whose gradient the dual clip removed */
    CLGRPO_POLICY_CORRECTION_SUM, /* sum of x, before it is cut; 0 without correction, as are these: */
    CLGRPO_POLICY_CORRECTION_MAX, /* largest x */
    CLGRPO_POLICY_CORRECTED,      /* tokens whose x was cut, or set to 0 */
    CLGRPO_POLICY_STATS           /* how many there are */
};

/* Whose ratio a token has: its own; of its row, exp of the mean, or of the sum, of logprob - old_logprob over the row's
 * tokens whose weight is not 0. */
enum clgrpo_policy_ratio { CLGRPO_RATIO_TOKEN = 0, CLGRPO_RATIO_MEAN, CLGRPO_RATIO_PRODUCT };
/* J of clgrpo_policy_loss. */
enum clgrpo_policy_surrogate { CLGRPO_SURROGATE_CLIP = 0, CLGRPO_SURROGATE_CISPO };
/* kl of clgrpo_policy_loss. */
enum clgrpo_policy_kl { CLGRPO_KL_K3 = 0, CLGRPO_KL_K3_RATIO };
/* m of clgrpo_policy_loss, by x of the token, or of the row. */
enum clgrpo_policy_correction {
    CLGRPO_CORRECTION_NONE = 0,       /* 1 */
    CLGRPO_CORRECTION_TOKEN_TRUNCATE, /* min(x, correction_max) */
    CLGRPO_CORRECTION_TOKEN_MASK,     /* x if correction_min <= x <= correction_max, else 0 */
    CLGRPO_CORRECTION_ROW_TRUNCATE,
    CLGRPO_CORRECTION_ROW_MASK,
};

/*
 * Policy loss over N sampled tokens, with its gradient.
 *
 *   r           = exp(logprob[n] - old_logprob[n]), or the ratio of the row (ratio)
 *   c           = clamp(r, ratio_min, ratio_max)
 *   J[n]        = CLIP: min(r A, c A), A = advantage[n]; with a dual_clip and A < 0, max(min(r A, c A), dual_clip A)
 *                 CISPO: c A logprob[n], where c is a constant: it has no derivative
 *   x           = exp(old_logprob[n] - sampled_logprob[n]), or the product of x over the row; m[n] as correction says
 *   d           = ref_logprob[n] - logprob[n]
 *   kl[n]       = K3: exp(d) - d - 1. K3_RATIO: that times exp(logprob[n] - old_logprob[n]). 0 without ref_logprob
 *   loss        = sum_n weight[n] (-m[n] J[n] + kl_beta kl[n])
 *   dlogprob[n] = the derivative of loss by logprob[n]; m is a constant
 *
 * logprob, old_logprob, advantage  [N] f32
 * sampled_logprob                  [N] f32; buf NULL without a correction
 * ref_logprob                      [N] f32; buf may be NULL
 * weight                           [N] f32, >= 0; 0 masks a token: it adds exactly 0 to everything
 * offsets                          [R+1] i32, ascending from 0 to N: row i, a trajectory, is tokens offsets[i] ..
 *                                  offsets[i+1]-1. Values outside 0 .. N are clamped; dlogprob of a token in no row is
 *                                  not written. buf may be NULL where neither the ratio nor the correction is a row's
 * dlogprob                         [N] f32, written; may be logprob
 * stats                            [CLGRPO_POLICY_STATS] f32, written; see the enum. Its first 8 alone are allowed
 * ratio_min, ratio_max             0 <= ratio_min <= 1 <= ratio_max, finite; or both 0: 1 - clip_low and 1 + clip_high
 * clip_low                         0 .. 1
 * clip_high                        finite, >= 0
 * dual_clip                        > 1, or 0 for none; 0 of CISPO
 * kl_beta                          finite, >= 0
 * correction_min, correction_max   0 <= correction_min <= 1 <= correction_max, finite; read with a correction
 *
 * The weight holds the normalisation of the objective: over tokens, trajectories or the global batch. A negative one is
 * not looked for, and turns the sign of its token's loss and gradient. A NaN in a token of any weight but 0 goes
 * through to its gradient and to the loss; where the ratio or the correction is a row's, to those of the row. The order
 * of the sums is fixed, and what a row gives does not depend on the others. Exponents are cut at 20, where a ratio is
 * 4.9e8.
 *
 * E_ARGUMENT: also an unknown kind, a correction without sampled_logprob, or a row's without offsets.  E_SHAPE: also N
 * or R out of 31 bits.  E_VALUE: a bound, dual_clip, kl_beta. The clip: Schulman et al., arXiv 1707.06347; two bounds:
 * Yu et al., arXiv 2503.14476; dual_clip: Ye et al., arXiv 1912.09729; MEAN: GSPO, arXiv 2507.18071; PRODUCT: M-GRPO,
 * arXiv 2511.13288, eq. 14 to 17; CISPO: arXiv 2506.13585; K3: Schulman's estimator; K3_RATIO, whose gradient is that
 * of the reverse KL: arXiv 2512.02556, eq. 7.
 */
struct clgrpo_policy_loss_args {
    size_t struct_size;
    struct clgrpo_tensor logprob, old_logprob, ref_logprob, advantage, weight, dlogprob, stats;
    float clip_low, clip_high, dual_clip, kl_beta;
    struct clgrpo_workspace workspace;
    struct clgrpo_tensor sampled_logprob, offsets;
    enum clgrpo_policy_ratio ratio;
    enum clgrpo_policy_surrogate surrogate;
    enum clgrpo_policy_kl kl;
    enum clgrpo_policy_correction correction;
    float ratio_min, ratio_max, correction_min, correction_max;
};
CLGRPO_DEFINE_INIT(clgrpo_policy_loss_args, a.clip_low = 0.2f; a.clip_high = 0.28f; a.correction_max = 2.0f;)
#define CLGRPO_POLICY_LOSS_ARGS_INIT clgrpo_policy_loss_args_init()
enum clgrpo_status clgrpo_policy_loss_workspace(struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *args,
                                                size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_policy_loss(struct clgrpo_context *ctx, const struct clgrpo_policy_loss_args *args,
                                      cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                      cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Draws one token per row from softmax(logits / temperature), cut to the top_k most likely tokens and then to the
 * smallest set of them whose share of the remaining probability reaches top_p.
 *
 * logits       [B][V] f32, f16 or bf16; V is at least 1; a row stride of 0 repeats one row
 * key          [B][2] u64, see below; not read at temperature 0
 * token        [B] i32, written
 * logprob      [B] f32, written; buf may be NULL
 * temperature  finite, > 0, with a finite reciprocal; or 0: the largest logit, the lowest id among equals, without cuts
 * top_k        tokens to keep; 0: all
 * top_p        0 < top_p <= 1; 1: all
 *
 * The random number of row b is Philox4x32-10 with key = key[b][0] and counter = key[b][1], whose high 64 bits are 0: a
 * function of the caller's data alone. Among equal logits the cuts keep lower ids.
 *
 * A logit that divided by the temperature (by 1 where that is 0) is -1e30 or less masks its token. A row is no
 * distribution if it masks every token, or holds a logit that, so divided, is NaN or plus infinity: its logprob is NaN,
 * and its token the first of plus infinity, else 0.
 *
 * Halves are drawn from, to the bit, as f32 logits that hold the same values are.
 *
 * logprob is the token's log-probability under softmax(logits / temperature) before the cuts, at temperature 1 where
 * it is 0. It has the bits of clgrpo_linear_logprob at inv_temperature = 1.0f / temperature if clgrpo_gemm made the
 * logits of the same x and w, in a context of the same family and vector width.
 *
 * E_SHAPE: also B or V out of 31 bits.  E_VALUE: temperature, top_p.
 */
struct clgrpo_sample_args {
    size_t struct_size;
    struct clgrpo_tensor logits, key, token, logprob;
    float temperature, top_p;
    unsigned top_k;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_sample_args, a.temperature = 1.0f; a.top_p = 1.0f;)
#define CLGRPO_SAMPLE_ARGS_INIT clgrpo_sample_args_init()
enum clgrpo_status clgrpo_sample_workspace(struct clgrpo_context *ctx, const struct clgrpo_sample_args *args,
                                           size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_sample(struct clgrpo_context *ctx, const struct clgrpo_sample_args *args,
                                 cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                 cl_event *event) CLGRPO_MUST_CHECK;

#endif
