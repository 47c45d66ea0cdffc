/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device can do beyond OpenCL C 1.2, used only after it was tried.
 *
 *   subgroup-sum   sums of a group by shuffles of sub-groups, with the same bits
 *   half-product   clgrpo_gemm of f16 by f16, simt family: eight products at a time are summed in half arithmetic, then
 *                  in f32. Changes the order, so a context must allow that. An element is off by at most 9/2048 of the
 *                  sum of its products' magnitudes and 2^-14 for each product, besides the roundings of f32; a sum of
 *                  eight beyond 65504 is infinite.
 */
#ifndef CLGRPO_LIB_TIER_H
#define CLGRPO_LIB_TIER_H

#include "internal.h"

enum clg_tier_id { CLG_TIER_SUBGROUP_SUM, CLG_TIER_HALF_PRODUCT, CLG_N_TIERS };
enum { CLG_TIER_MAX_DEFINES = 3 };

/* Why a tier is or is not in use. */
enum clg_tier_verdict {
    CLG_TIER_ABSENT,   /* the device does not claim what it needs */
    CLG_TIER_DISABLED, /* CLGRPO_DISABLE names it */
    CLG_TIER_FROZEN,   /* it changes the order of a sum, and the context does not allow that */
    CLG_TIER_BROKEN,   /* its probe did not compile or run */
    CLG_TIER_WRONG,    /* its probe ran and gave wrong numbers */
    CLG_TIER_SLOWER,   /* right, and not faster than what it replaces */
    CLG_TIER_USED
};
const char *clg_tier_verdict_name(enum clg_tier_verdict verdict); /* "not faster" */

struct clg_tier {
    const char *name, *meaning;
    enum clg_tier_verdict verdict;
    char reason[128]; /* one sentence */
    double ratio;     /* time without it over time with it; 0 where it was not timed */
    bool cached;      /* the verdict is of an earlier process */
};

/*
 * A tier and its probe. The probe's kernel has three parameters: a buffer of one float for each item, the same for
 * results, and a uint, the number of rounds to repeat its work. It is built twice, with `common` and either `below`
 * (the defines of what the tier replaces, or none) or one of `defines`, which are tried in order until one is faster.
 * The results of one round must be near `reference`, within its bound, and those of both builds equal in every bit,
 * unless the tier changes the order of a sum.
 */
struct clg_tier_spec {
    const char *name, *meaning;
    const char *extension; /* that the device must list; NULL: none */
    const char *unlisted;  /* part of the name of platforms that may have it without listing it; NULL: none */
    const char *defines[CLG_TIER_MAX_DEFINES];
    bool changes_order;
    const char *unit, *entry, *common, *below;
    size_t group;    /* items */
    unsigned rounds; /* of a timed launch */
    /* What each item of a group should give for the group's inputs x, and a bound of its error. */
    void (*reference)(const float *x, size_t group, double *want, double *bound);
};
extern const struct clg_tier_spec clg_tiers[CLG_N_TIERS];

/* What a context knows of a tier. */
struct clg_tier_state {
    bool judged;
    unsigned which; /* of the spec's defines */
    struct clg_tier tier;
};

/* A tier of this context; probes it if nothing has asked for it yet. */
const struct clg_tier *clg_tier_get(struct clgrpo_context *ctx, enum clg_tier_id id);
/* The defines of a program that uses the tier, "" if it is not in use. */
const char *clg_tier_defines(struct clgrpo_context *ctx, enum clg_tier_id id);

/* Tries a tier: all but `cached` of the result, and in *which the defines that worked. Uses a queue of its own, and
 * leaves the context's error record as it was. */
void clg_tier_probe(struct clgrpo_context *ctx, const struct clg_tier_spec *spec, struct clg_tier *out,
                    unsigned *which);
/* clg_tier_probe unless the environment, the device, or the cached verdict of an earlier process settles it. */
void clg_tier_judge(struct clgrpo_context *ctx, const struct clg_tier_spec *spec, struct clg_tier *out,
                    unsigned *which);

#endif
