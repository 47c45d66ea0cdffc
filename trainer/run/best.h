/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_BEST_H
#define MGRPO_BEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/*
 * The evaluation as sampled, before, during or after the train steps, in which most held-out questions were answered
 * right; of equals the earliest. Every agent's metrics say it (mgrpo-run(5)).
 */
struct mg_best {
    bool there;
    uint32_t phase, step; /* of the evaluation; train steps before it */
    double success;
};
/* Without a file, or before the first evaluation, there is none. */
enum mg_status mg_best_find(const char *metrics, struct mg_best *out, struct mg_err *err);

#endif
