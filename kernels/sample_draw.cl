/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the sampling kernels of both families: the random number of a row, and the order of logits as integers.
 *
 * rank_of(z) is an integer that grows with the logit z. A cut keeps every token above some rank, and the first tokens
 * of that rank by id. Weights are exp(z - max z), exactly 0 below C_LSE_FLOOR.
 */
#define PHILOX_ROUNDS 10

/* Word 0 of Philox4x32-10 at counter (low, high, 0, 0). */
static inline uint philox_word(ulong key, ulong counter)
{
    uint c0 = (uint)counter, c1 = (uint)(counter >> 32), c2 = 0, c3 = 0;
    uint k0 = (uint)key, k1 = (uint)(key >> 32);

    for (int round = 0; round < PHILOX_ROUNDS; ++round) {
        const uint h0 = mul_hi(0xD2511F53u, c0), l0 = 0xD2511F53u * c0;
        const uint h1 = mul_hi(0xCD9E8D57u, c2), l1 = 0xCD9E8D57u * c2;

        c0 = h1 ^ c1 ^ k0;
        c1 = l1;
        c2 = h0 ^ c3 ^ k1;
        c3 = l0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c0;
}

/* The middle of one of 2^23 equal parts of (0, 1), by the leading 23 bits; exact. */
static inline float uniform_of(uint word)
{
    return ((float)(word >> 9) + 0.5f) * (1.0f / 8388608.0f);
}

/* Ascending with z; +0 and -0 have one rank. */
static inline int rank_of(float z)
{
    const int u = as_int(z + 0.0f);
    return u ^ ((u >> 31) & 0x7fffffff);
}

static inline float rank_logit(int rank)
{
    return as_float(rank ^ ((rank >> 31) & 0x7fffffff));
}

/* The middle of low and high, which may be 2^32 - 1 apart. */
static inline int rank_middle(int low, int high)
{
    return as_int(as_uint(low) + (as_uint(high) - as_uint(low)) / 2u);
}

/* How many of n_ties tokens, each of mass `each`, reach the mass `need` together with the mass `above`: 1 .. n_ties. */
static inline uint ties_needed(float need, float above, float each, uint n_ties)
{
    const float n = ceil((need - above) / each);
    return n >= (float)n_ties ? n_ties : n > 1.0f ? (uint)n : 1u;
}
