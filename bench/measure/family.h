/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the two kernel families: "cpu" and "simt". */
#ifndef CLGRPO_BENCH_FAMILY_H
#define CLGRPO_BENCH_FAMILY_H

#include "clgrpo.h"

const char *bench_family_name(enum clgrpo_family family);
/* False, and nothing is changed, if `name` is neither. */
bool bench_family_parse(const char *name, enum clgrpo_family *out);
/* Whether the name of a tuned operation ends with that of the family, as "gemm_cpu" does. */
bool bench_family_has(enum clgrpo_family family, const char *op);

#endif
