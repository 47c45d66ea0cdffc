/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_RNG_H
#define MGRPO_RNG_H

#include <stdint.h>

/*
 * Counter-based random numbers (Philox4x32-10) keyed by data, never by arrival time: the stream is a function of
 * (seed, purpose, a, b, c) alone, so any process can repeat it. Streams with different keys are independent.
 */
enum mg_rng_purpose {
    MG_RNG_WORLD = 1, /* counterfactual permutations of facts */
    MG_RNG_DEMO,      /* demonstrations */
    MG_RNG_QUESTION,  /* which questions a step asks */
    MG_RNG_SAMPLE,    /* tokens of a rollout */
    MG_RNG_ALIGN,     /* trajectory alignment draws */
    MG_RNG_SHUFFLE,   /* order of training examples */
    MG_RNG_INIT,      /* initial weights */
    MG_RNG_BOOTSTRAP  /* confidence intervals */
};

/* The finaliser of SplitMix64: a bijection whose output bits all depend on all input bits. */
uint64_t mg_rng_mix(uint64_t x);

struct mg_rng {
    uint32_t key[2], counter[4], block[4];
    unsigned used; /* words of `block` already given out */
};

void mg_rng_init(struct mg_rng *r, uint64_t seed, enum mg_rng_purpose purpose, uint32_t a, uint32_t b, uint32_t c);
uint32_t mg_rng_u32(struct mg_rng *r);
/* Uniform in 0..n-1 without bias; n >= 1. */
uint32_t mg_rng_below(struct mg_rng *r, uint32_t n);
/* Uniform in [0, 1), 32 bits of it. */
double mg_rng_unit(struct mg_rng *r);
/* Standard normal by Box-Muller. */
double mg_rng_normal(struct mg_rng *r);
/* Fisher-Yates shuffle of n indices. */
void mg_rng_shuffle(struct mg_rng *r, uint32_t *index, uint32_t n);

#endif
