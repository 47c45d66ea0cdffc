/* SPDX-License-Identifier: Apache-2.0 */
#include "run/key.h"

const char *
mg_side_name(enum mg_side side)
{
    static const char *const name[MG_N_SIDES] = {[MG_SIDE_MAIN] = "main", [MG_SIDE_SEARCH] = "search"};

    return (unsigned)side < MG_N_SIDES ? name[side] : "none";
}
