/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device can do beyond OpenCL C 1.2, used only after it was tried; included by clgrpo.h.
 *
 *   subgroup-sum   sums of a group by shuffles of sub-groups, with the same bits
 *   half-product   clgrpo_gemm of f16 by f16, simt family: eight products at a time are summed in half arithmetic, then
 * in f32. Changes the order, so a context must allow that. An element is off by at most 9/2048 of the sum of its
 * products' magnitudes and 2^-14 for each product, besides the roundings of f32; a sum of eight beyond 65504 is
 * infinite
 */
#ifndef CLGRPO_TIER_H
#define CLGRPO_TIER_H

/* Why a tier is or is not in use. */
enum clgrpo_tier_verdict {
    CLGRPO_TIER_ABSENT = 0, /* the device does not claim what it needs */
    CLGRPO_TIER_DISABLED,   /* CLGRPO_DISABLE names it */
    CLGRPO_TIER_FROZEN,     /* it changes the order of a sum, and the context does not allow that */
    CLGRPO_TIER_BROKEN,     /* its probe did not compile or run */
    CLGRPO_TIER_WRONG,      /* its probe ran and gave wrong numbers */
    CLGRPO_TIER_SLOWER,     /* right, and not faster than what it replaces */
    CLGRPO_TIER_USED
};
const char *clgrpo_tier_verdict_name(enum clgrpo_tier_verdict verdict); /* "not faster" */

struct clgrpo_tier {
    size_t struct_size;
    const char *name, *meaning;
    enum clgrpo_tier_verdict verdict;
    char reason[128]; /* one sentence */
    double ratio;     /* time without it over time with it; 0 where it was not timed */
    bool cached;      /* the verdict is of an earlier process */
};
#define CLGRPO_TIER_INIT                                                                                               \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_tier)                                                                      \
    }
size_t clgrpo_n_tiers(void);
/* Tier `index`, 0 <= index < clgrpo_n_tiers(); probes it if no operation has needed it yet. */
enum clgrpo_status clgrpo_tier_get(struct clgrpo_context *ctx, size_t index,
                                   struct clgrpo_tier *tier) CLGRPO_MUST_CHECK;

#endif
