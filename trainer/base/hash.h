/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_HASH_H
#define MGRPO_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a of n bytes, in 64 and in 32 bits: the same number on every machine. Not for data that an adversary chooses. */
uint64_t mg_hash(const void *data, size_t n);
uint32_t mg_hash32(const void *data, size_t n);

#endif
