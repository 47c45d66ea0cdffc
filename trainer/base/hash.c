/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

uint64_t
mg_hash(const void *data, size_t n)
{
    const unsigned char *byte = data;
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

uint32_t
mg_hash32(const void *data, size_t n)
{
    const unsigned char *byte = data;
    uint32_t hash = 0x811c9dc5u;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ byte[i]) * 0x01000193u;
    return hash;
}
