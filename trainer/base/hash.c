/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

static uint64_t
fnv1a(const void *data, size_t n, uint64_t hash, uint64_t prime)
{
    const unsigned char *byte = data;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ byte[i]) * prime;
    return hash;
}

uint64_t
mg_hash(const void *data, size_t n)
{
    return fnv1a(data, n, 0xcbf29ce484222325u, 0x100000001b3u);
}

/* The low half of a product depends on the low halves of its factors alone. */
uint32_t
mg_hash32(const void *data, size_t n)
{
    return (uint32_t)fnv1a(data, n, 0x811c9dc5u, 0x01000193u);
}
