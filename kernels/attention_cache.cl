/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the kernels that read keys and values from the KV cache: C_CACHE, its storage type; how the register tiles load
 * from it; and prefixes of tokens.
 */
#ifndef C_CACHE
#define C_CACHE f32
#endif
#ifndef C_PREFIX
#define C_PREFIX 0
#endif
typedef C_OF(clg_t_, C_CACHE) cache_t;
#define T_SPACE      __global
#define T_ELEMENT    cache_t
#define T_LOAD(i, p) C_OF(clg_load_, C_CACHE)(i, p)
#define C_BLOCK      64

/* The number of positions that token n has in slot prefix_slot[n], a multiple of C_BLOCK; -1 if its pair is out of
 * range. */
static inline int
clg_prefix(__global const int *prefix_slot, __global const int *prefix_length, size_t n, int position, int n_slots)
{
    const int length = prefix_length[n];
    if (length == 0)
        return 0;
    return length < 0 || length > position || length % C_BLOCK != 0 || prefix_slot[n] < 0 || prefix_slot[n] >= n_slots
               ? -1
               : length;
}
