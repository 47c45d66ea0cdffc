/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_VERDICT_H
#define MGRPO_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a judge says of an answer or a result. VALUE: how right it is. UNKNOWN: the judge cannot tell, and never could.
 * UNAVAILABLE: the judge failed; what it would have said is not known, and is never taken for a 0.
 */
enum mg_verdict_kind { MG_VERDICT_VALUE, MG_VERDICT_UNKNOWN, MG_VERDICT_UNAVAILABLE, MG_N_VERDICTS };
struct mg_verdict {
    enum mg_verdict_kind kind;
    double value; /* 0 to 1; 0 without one */
};
/* Whether these can be the members of a verdict. */
static inline bool
mg_verdict_valid(uint32_t kind, double value)
{
    return kind < MG_N_VERDICTS && (kind == MG_VERDICT_VALUE ? value >= 0.0 && value <= 1.0 : value == 0.0);
}

#endif
