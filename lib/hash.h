/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_HASH_H
#define CLGRPO_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a in 64 bits (Fowler, Noll, Vo), continued from `hash`. Not for data that an adversary chooses. */
#define CLG_HASH_START 0xcbf29ce484222325u
static inline uint64_t
clg_hash(uint64_t hash, const void *data, size_t n)
{
    for (const unsigned char *p = data; n > 0; p++, n--)
        hash = (hash ^ *p) * 0x100000001b3u;
    return hash;
}

#endif
