/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"

#include <math.h>

#include "clgrpo.h"

uint64_t
mg_rng_mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

void
mg_rng_init(struct mg_rng *r, uint64_t seed, enum mg_rng_purpose purpose, uint32_t a, uint32_t b, uint32_t c)
{
    /* mixed, so that neighbouring seeds and purposes do not share streams */
    uint64_t key = mg_rng_mix(mg_rng_mix(seed) ^ (uint64_t)purpose);

    r->key[0] = (uint32_t)key;
    r->key[1] = (uint32_t)(key >> 32);
    r->counter[0] = 0;
    r->counter[1] = a;
    r->counter[2] = b;
    r->counter[3] = c;
    r->used = 4;
}

uint32_t
mg_rng_u32(struct mg_rng *r)
{
    if (r->used == 4) {
        clgrpo_philox4x32(r->counter, r->key, r->block);
        r->counter[0]++;
        r->used = 0;
    }
    return r->block[r->used++];
}

uint32_t
mg_rng_below(struct mg_rng *r, uint32_t n)
{
    uint32_t reject = (uint32_t)(-n) % n; /* 2^32 mod n: values below it would make some results likelier */
    uint32_t x;

    do
        x = mg_rng_u32(r);
    while (x < reject);
    return x % n;
}

double
mg_rng_unit(struct mg_rng *r)
{
    return mg_rng_u32(r) * (1.0 / 4294967296.0);
}

double
mg_rng_normal(struct mg_rng *r)
{
    double u = 1.0 - mg_rng_unit(r);
    double v = mg_rng_unit(r);

    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

void
mg_rng_shuffle(struct mg_rng *r, uint32_t *index, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = mg_rng_below(r, i);
        uint32_t t = index[i - 1];

        index[i - 1] = index[j];
        index[j] = t;
    }
}
