/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_policy_loss.h"

#include <math.h>

struct token {
    double ratio, surrogate, slope; /* slope: of the surrogate along logprob */
    bool clipped;
    double kl, kl_slope, kl_size;
};

static struct token
evaluate(const struct ref_policy_loss_args *r, size_t i)
{
    const double a = r->advantage[i], ratio = exp(r->logprob[i] - r->old_logprob[i]);
    const double bounded = fmin(fmax(ratio, 1.0 - r->clip_low), 1.0 + r->clip_high);
    struct token t = {.ratio = ratio, .surrogate = ratio * a, .slope = ratio * a};

    if (bounded * a < t.surrogate) {
        t.surrogate = bounded * a;
        t.clipped = true;
    }
    if (r->dual_clip > 0.0 && a < 0.0 && t.surrogate < r->dual_clip * a) {
        t.surrogate = r->dual_clip * a;
        t.clipped = true;
    }
    if (t.clipped)
        t.slope = 0.0;
    if (r->ref_logprob != NULL) {
        const double d = r->ref_logprob[i] - r->logprob[i];

        t.kl = exp(d) - d - 1.0;
        t.kl_slope = 1.0 - exp(d);
        t.kl_size = exp(d) + fabs(d) + 1.0;
    }
    return t;
}

static void
add(struct ref_policy_loss_args *r, int stat, double term, double size)
{
    r->stats[stat] += term;
    r->stats_size[stat] += size;
}

double
ref_policy_loss(struct ref_policy_loss_args *r)
{
    double least = INFINITY, most = 0.0;

    for (int i = 0; i < CLGRPO_POLICY_STATS; i++)
        r->stats[i] = r->stats_size[i] = 0.0;
    for (size_t i = 0; i < r->n; i++) {
        const double w = r->weight[i];
        struct token t;

        if (r->dlogprob != NULL)
            r->dlogprob[i] = r->dlogprob_size[i] = 0.0;
        if (w == 0.0)
            continue;
        t = evaluate(r, i);
        /* exp makes of the rounding of its argument a relative error */
        const double steep = 2.0 + fabs(r->logprob[i]) + fabs(r->old_logprob[i]);
        const double kl_steep = r->ref_logprob != NULL ? 2.0 + fabs(r->logprob[i]) + fabs(r->ref_logprob[i]) : 0.0;

        if (r->dlogprob != NULL) {
            r->dlogprob[i] = w * (r->kl_beta * t.kl_slope - t.slope);
            r->dlogprob_size[i] = w * (r->kl_beta * t.kl_size * kl_steep + fabs(t.slope) * steep);
        }
        add(r, CLGRPO_POLICY_LOSS, w * (r->kl_beta * t.kl - t.surrogate),
            w * (r->kl_beta * t.kl_size * kl_steep + fabs(t.surrogate) * steep));
        add(r, CLGRPO_POLICY_TOKENS, 1.0, 0.0);
        add(r, CLGRPO_POLICY_RATIO_SUM, t.ratio, t.ratio * steep);
        add(r, CLGRPO_POLICY_CLIPPED, t.clipped ? 1.0 : 0.0, 0.0);
        add(r, CLGRPO_POLICY_KL_SUM, t.kl, t.kl_size * kl_steep);
        add(r, CLGRPO_POLICY_APPROX_KL_SUM, r->old_logprob[i] - r->logprob[i], steep);
        if (t.ratio < least) {
            least = t.ratio;
            r->stats_size[CLGRPO_POLICY_RATIO_MIN] = t.ratio * steep;
        }
        if (t.ratio > most) {
            most = t.ratio;
            r->stats_size[CLGRPO_POLICY_RATIO_MAX] = t.ratio * steep;
        }
    }
    r->stats[CLGRPO_POLICY_RATIO_MIN] = isinf(least) ? 1.0 : least;
    r->stats[CLGRPO_POLICY_RATIO_MAX] = isinf(least) ? 1.0 : most;
    return r->stats[CLGRPO_POLICY_LOSS];
}
