/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_policy_loss.h"

#include <math.h>
#include <stdbool.h>

/* Of a row, or of a token that is a row by itself: logarithms of its ratio and of x, and what a rounding of them
 * becomes: exp makes of the rounding of its argument a relative error. */
struct row {
    double log_ratio, log_stopped, log_x, n;
    double steep, steep_x;
};

struct token {
    double ratio, x, m, surrogate,
        slope; /* surrogate and slope without m; slope along log_ratio, CISPO's along logprob */
    bool clipped, by_dual, corrected;
    double kl, kl_slope, kl_size;
};

static struct row
sum_tokens(const struct ref_policy_loss_args *r, size_t first, size_t end)
{
    const double *stopped = r->stopped != NULL ? r->stopped : r->logprob;
    struct row row = {.steep = 2.0, .steep_x = 2.0};

    for (size_t i = first; i < end; i++) {
        if (r->weight[i] == 0.0)
            continue;
        row.n += 1.0;
        row.log_ratio += r->logprob[i] - r->old_logprob[i];
        row.log_stopped += stopped[i] - r->old_logprob[i];
        row.steep += fabs(r->logprob[i]) + fabs(r->old_logprob[i]);
        if (r->sampled_logprob == NULL)
            continue;
        row.log_x += r->old_logprob[i] - r->sampled_logprob[i];
        row.steep_x += fabs(r->old_logprob[i]) + fabs(r->sampled_logprob[i]);
    }
    return row;
}

/* Token i of a row, as the ratio and the correction take it. */
static struct row
row_of(const struct ref_policy_loss_args *r, size_t i, const struct row *whole)
{
    const struct row alone = sum_tokens(r, i, i + 1);
    struct row row = r->ratio == CLGRPO_RATIO_TOKEN ? alone : *whole;

    if (r->ratio == CLGRPO_RATIO_MEAN && row.n > 0.0) {
        row.log_ratio /= row.n;
        row.log_stopped /= row.n;
        row.steep = 2.0 + (row.steep - 2.0) / row.n;
    }
    row.log_x = r->correction >= CLGRPO_CORRECTION_ROW_TRUNCATE ? whole->log_x : alone.log_x;
    row.steep_x = r->correction >= CLGRPO_CORRECTION_ROW_TRUNCATE ? whole->steep_x : alone.steep_x;
    return row;
}

static void
correct(const struct ref_policy_loss_args *r, const struct row *row, struct token *t)
{
    const bool masks = r->correction == CLGRPO_CORRECTION_TOKEN_MASK || r->correction == CLGRPO_CORRECTION_ROW_MASK;

    t->x = t->m = exp(row->log_x);
    if (r->correction == CLGRPO_CORRECTION_NONE) {
        t->x = 0.0;
        t->m = 1.0;
    } else if (t->x > r->correction_max || (masks && t->x < r->correction_min)) {
        t->m = masks ? 0.0 : r->correction_max;
        t->corrected = true;
    }
}

static void
add_kl(const struct ref_policy_loss_args *r, size_t i, struct token *t)
{
    const double d = r->ref_logprob[i] - r->logprob[i], ratio = exp(r->logprob[i] - r->old_logprob[i]);

    t->kl = exp(d) - d - 1.0;
    t->kl_slope = 1.0 - exp(d);
    t->kl_size = exp(d) + fabs(d) + 1.0;
    if (r->kl == CLGRPO_KL_K3_RATIO) {
        t->kl *= ratio;
        t->kl_slope = -ratio * d;
        t->kl_size *= ratio * (1.0 + fabs(r->logprob[i]) + fabs(r->old_logprob[i]));
    }
}

static struct token
evaluate(const struct ref_policy_loss_args *r, size_t i, const struct row *row)
{
    const double a = r->advantage[i], ratio = exp(row->log_ratio);
    const double bounded = fmin(fmax(ratio, r->ratio_min), r->ratio_max);
    const double constant = fmin(fmax(exp(row->log_stopped), r->ratio_min), r->ratio_max);
    struct token t = {.ratio = ratio, .surrogate = ratio * a, .slope = ratio * a};

    correct(r, row, &t);
    if (r->ref_logprob != NULL)
        add_kl(r, i, &t);
    if (r->surrogate == CLGRPO_SURROGATE_CISPO) {
        t.surrogate = constant * a * r->logprob[i];
        t.slope = constant * a;
        t.clipped = bounded != ratio;
        return t;
    }
    if (bounded * a < t.surrogate) {
        t.surrogate = bounded * a;
        t.clipped = true;
    }
    if (r->dual_clip > 0.0 && a < 0.0 && t.surrogate < r->dual_clip * a) {
        t.surrogate = r->dual_clip * a;
        t.clipped = t.by_dual = true;
    }
    if (t.clipped)
        t.slope = 0.0;
    return t;
}

static void
add(struct ref_policy_loss_args *r, int stat, double term, double size)
{
    r->stats[stat] += term;
    r->stats_size[stat] += size;
}

/* The extreme of a statistic, and its size. */
static void
extreme(struct ref_policy_loss_args *r, int stat, bool replaces, double value, double size)
{
    if (replaces) {
        r->stats[stat] = value;
        r->stats_size[stat] = size;
    }
}

static void
add_stats(struct ref_policy_loss_args *r, size_t i, const struct row *row, const struct token *t, double kl_steep)
{
    const double w = r->weight[i], steep = row->steep;

    add(r, CLGRPO_POLICY_LOSS, w * (r->kl_beta * t->kl - t->m * t->surrogate),
        w * (r->kl_beta * t->kl_size * kl_steep + t->m * fabs(t->surrogate) * (steep + row->steep_x)));
    add(r, CLGRPO_POLICY_TOKENS, 1.0, 0.0);
    add(r, CLGRPO_POLICY_RATIO_SUM, t->ratio, t->ratio * steep);
    add(r, CLGRPO_POLICY_CLIPPED, t->clipped ? 1.0 : 0.0, 0.0);
    add(r, CLGRPO_POLICY_DUAL_CLIPPED, t->by_dual ? 1.0 : 0.0, 0.0);
    add(r, CLGRPO_POLICY_CORRECTION_SUM, t->x, t->x * row->steep_x);
    add(r, CLGRPO_POLICY_CORRECTED, t->corrected ? 1.0 : 0.0, 0.0);
    add(r, CLGRPO_POLICY_KL_SUM, t->kl, t->kl_size * kl_steep);
    add(r, CLGRPO_POLICY_APPROX_KL_SUM, r->old_logprob[i] - r->logprob[i],
        2.0 + fabs(r->old_logprob[i]) + fabs(r->logprob[i]));
    extreme(r, CLGRPO_POLICY_RATIO_MIN, t->ratio < r->stats[CLGRPO_POLICY_RATIO_MIN], t->ratio, t->ratio * steep);
    extreme(r, CLGRPO_POLICY_RATIO_MAX, t->ratio > r->stats[CLGRPO_POLICY_RATIO_MAX], t->ratio, t->ratio * steep);
    extreme(r, CLGRPO_POLICY_CORRECTION_MAX, t->x > r->stats[CLGRPO_POLICY_CORRECTION_MAX], t->x, t->x * row->steep_x);
}

/* Token i's loss gives gradients to the tokens that its ratio is of. */
static void
add_gradient(struct ref_policy_loss_args *r, size_t i, size_t first, size_t end, const struct row *row,
             const struct token *t, double kl_steep)
{
    const double w = r->weight[i], slope = -w * t->m * t->slope, size = fabs(slope) * (row->steep + row->steep_x);
    const bool shared = r->ratio != CLGRPO_RATIO_TOKEN && r->surrogate == CLGRPO_SURROGATE_CLIP;
    const double share = r->ratio == CLGRPO_RATIO_MEAN ? 1.0 / row->n : 1.0;

    r->dlogprob[i] += w * r->kl_beta * t->kl_slope;
    r->dlogprob_size[i] += w * r->kl_beta * t->kl_size * kl_steep;
    for (size_t j = shared ? first : i; j < (shared ? end : i + 1); j++) {
        if (r->weight[j] == 0.0)
            continue;
        r->dlogprob[j] += shared ? slope * share : slope;
        r->dlogprob_size[j] += shared ? size * share : size;
    }
}

static void
add_row(struct ref_policy_loss_args *r, size_t first, size_t end)
{
    const struct row whole = sum_tokens(r, first, end);

    for (size_t i = first; i < end; i++) {
        const struct row row = row_of(r, i, &whole);
        double kl_steep;
        struct token t;

        if (r->weight[i] == 0.0)
            continue;
        t = evaluate(r, i, &row);
        kl_steep = r->ref_logprob != NULL ? 2.0 + fabs(r->logprob[i]) + fabs(r->ref_logprob[i]) : 0.0;
        add_stats(r, i, &row, &t, kl_steep);
        if (r->dlogprob != NULL)
            add_gradient(r, i, first, end, &row, &t, kl_steep);
    }
}

double
ref_policy_loss(struct ref_policy_loss_args *r)
{
    for (int i = 0; i < CLGRPO_POLICY_STATS; i++)
        r->stats[i] = r->stats_size[i] = 0.0;
    r->stats[CLGRPO_POLICY_RATIO_MIN] = INFINITY;
    for (size_t i = 0; i < r->n && r->dlogprob != NULL; i++)
        r->dlogprob[i] = r->dlogprob_size[i] = 0.0;
    if (r->offsets == NULL)
        add_row(r, 0, r->n);
    for (size_t i = 0; i < r->n_rows; i++)
        add_row(r, (size_t)r->offsets[i], (size_t)r->offsets[i + 1]);
    if (r->stats[CLGRPO_POLICY_TOKENS] == 0.0)
        r->stats[CLGRPO_POLICY_RATIO_MIN] = r->stats[CLGRPO_POLICY_RATIO_MAX] = 1.0;
    return r->stats[CLGRPO_POLICY_LOSS];
}
