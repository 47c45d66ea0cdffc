/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/family.h"

#include <string.h>

const char *
bench_family_name(enum clgrpo_family family)
{
    return family == CLGRPO_FAMILY_CPU ? "cpu" : "simt";
}

bool
bench_family_parse(const char *name, enum clgrpo_family *out)
{
    const bool simt = strcmp(name, "simt") == 0, cpu = strcmp(name, "cpu") == 0;

    if (simt || cpu)
        *out = cpu ? CLGRPO_FAMILY_CPU : CLGRPO_FAMILY_SIMT;
    return simt || cpu;
}

bool
bench_family_has(enum clgrpo_family family, const char *op)
{
    const char *last = strrchr(op, '_');

    return last != NULL && strcmp(last + 1, bench_family_name(family)) == 0;
}
