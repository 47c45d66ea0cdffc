/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/align.h"

#include "base/rng.h"

/* d of n without replacement: each element is taken with probability (still wanted) / (still there). */
static void
draw_some(struct mg_rng *rng, uint32_t wanted, uint32_t n, float *weight)
{
    for (uint32_t i = 0; i < n; i++) {
        bool taken = mg_rng_below(rng, n - i) < wanted;

        weight[i] = taken ? 1.0f : 0.0f;
        wanted -= taken;
    }
}

void
mg_align(enum mg_alignment mode, uint32_t calls, uint64_t seed, uint32_t step, uint32_t question, uint32_t rollout,
         uint32_t n, float *weight)
{
    struct mg_rng rng;

    if (mode == MG_ALIGN_EXPECT || mode == MG_ALIGN_NONE) {
        for (uint32_t i = 0; i < n; i++)
            weight[i] = mode == MG_ALIGN_NONE ? 1.0f : (float)calls / (float)n;
        return;
    }
    mg_rng_init(&rng, seed, MG_RNG_ALIGN, step, question, rollout);
    if (n > calls) {
        draw_some(&rng, calls, n, weight);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        weight[i] = 1.0f;
    for (uint32_t i = n; n > 0 && i < calls; i++)
        weight[mg_rng_below(&rng, n)] += 1.0f;
}
