/* SPDX-License-Identifier: Apache-2.0 */
/* A context's profile: what it is told by the launches, and what it keeps. */
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

/* ---- What recording and reading share ---- */

struct clg_profile_record {
    const char *operation, *kernel;
    cl_ulong call, queued, submitted, start, end;
    double flop, bytes;
    cl_event event; /* NULL once the times are read */
    bool lost;      /* there were none */
};

struct clgrpo_profile {
    struct clgrpo_context *ctx; /* NULL once it is destroyed */
    size_t most, room, n, n_settled, n_lost;
    struct clg_profile_record *records; /* n_settled whose times were read, then those that are waited for, in order */
    struct clg_profile_name *names;
    cl_ulong n_calls;
    size_t n_counted, n_totals; /* by the last finish */
    struct clgrpo_profile_total *totals;
};
/* The first record that is waited for gets its times and loses its event; it is lost if there are none. */
void clg_profile_settle(struct clgrpo_profile *profile);
/* Forgets all records, whose commands need not be done. */
void clg_profile_forget(struct clgrpo_profile *profile);

#endif
