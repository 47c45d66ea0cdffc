/* SPDX-License-Identifier: Apache-2.0 */
/* What the units share that read keys and values from the KV cache itself: C_CACHE, its storage type, where the tiles find it, and prefixes. */
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

/* How many positions, whole blocks, token n has of the slot prefix_slot[n]; -1 if its pair is out of range. */
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
