/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PENDING_H
#define MGRPO_PENDING_H

#include "rollout/rollout.h"

/* Dialogues that something is still to be done for; set n to 0 when it is done, free r at the end. */
struct mg_pending {
    struct mg_rollout **r;
    size_t n, room;
};
enum mg_status mg_pending_add(struct mg_pending *l, struct mg_rollout *r, struct mg_err *err);

#endif
