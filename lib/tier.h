/* SPDX-License-Identifier: Apache-2.0 */
/* Tiers inside the library: what a kernel may use beyond OpenCL C 1.2 once its probe has shown that it works. */
#ifndef CLGRPO_LIB_TIER_H
#define CLGRPO_LIB_TIER_H

#include "internal.h"

enum clg_tier_id { CLG_TIER_SUBGROUP_SUM, CLG_TIER_HALF_PRODUCT, CLG_N_TIERS };
enum { CLG_TIER_MAX_DEFINES = 3 };

/*
 * A tier and its probe. The probe's kernel has the arguments "mmu": a buffer of one float for each item, the same for
 * results, and a number of rounds to repeat its work. It is built with `common` and, without the tier, `below` (the
 * defines of the tier that it replaces, or none), or with it one of `defines`, tried in order until one gains; the
 * results of one round must be `reference`'s within its bound, and those of the two builds alike in every bit, unless
 * the tier changes an order.
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
    struct clgrpo_tier tier;
};

/* The defines of a program that uses the tier, "" if it is not in use; probes it first if that was not done yet. */
const char *clg_tier_defines(struct clgrpo_context *ctx, enum clg_tier_id id);

/* Tries a tier: all but `cached` of the result, and in *which the defines that worked. Uses a queue of its own, and
 * leaves the context's error record as it was. */
void clg_tier_probe(struct clgrpo_context *ctx, const struct clg_tier_spec *spec, struct clgrpo_tier *out,
                    unsigned *which);
/* clg_tier_probe unless the environment, the device, or the cached verdict of an earlier process settles it. */
void clg_tier_judge(struct clgrpo_context *ctx, const struct clg_tier_spec *spec, struct clgrpo_tier *out,
                    unsigned *which);

#endif
