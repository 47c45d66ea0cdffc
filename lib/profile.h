/* SPDX-License-Identifier: Apache-2.0 */
/* What a context's profile is told by the launches. */
#ifndef CLGRPO_LIB_PROFILE_H
#define CLGRPO_LIB_PROFILE_H

#include "internal.h"

/* A command, as it was enqueued. kernel: of at most 63 bytes, copied. */
struct clg_command {
    const char *operation, *kernel;
    cl_ulong call;
    double flop, bytes;
};
/* Keeps a record of a command until its event has the times; the event is retained. */
void clg_profile_add(struct clgrpo_profile *profile, const struct clg_command *command, cl_event event);
/* The number of the operation's call that begins now. E_ARGUMENT: the queue's properties are without profiling. */
enum clgrpo_status clg_profile_begin(struct clgrpo_context *ctx, const char *operation,
                                     cl_command_queue_properties properties, cl_ulong *call);
/* The context is destroyed: nothing is recorded any more. */
void clg_profile_detach(struct clgrpo_profile *profile);

#endif
