/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_PROFILE_H
#define CLGRPO_PROFILE_H

#include "clgrpo.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Where the device's time goes. While a context has a profile, each command that the library enqueues leaves a record:
 * which operation, which kernel, when it ran by the device's own clock, and how much it computed and moved. That costs
 * an event of OpenCL for each command; without a profile it costs nothing. The results are the same.
 *
 * Every queue that an operation is given must have CL_QUEUE_PROFILING_ENABLE, or the operation is E_ARGUMENT.
 */
struct clgrpo_profile;

/*
 * Begins to record what the context enqueues; a context has one profile at a time, or E_ARGUMENT.
 *
 * most  records that are kept, each of about 100 bytes, which are allocated as they come; 0: 65536
 */
enum clgrpo_status clgrpo_profile_create(struct clgrpo_context *ctx, size_t most,
                                         struct clgrpo_profile **out) CLGRPO_MUST_CHECK;
/* Ends it. Before the context is destroyed, or after; accepts NULL. */
void clgrpo_profile_destroy(struct clgrpo_profile *profile);

/*
 * n_records  commands whose times are known, in the order in which they were enqueued
 * n_lost     commands without a record, because there were `most` already, memory was short, or the device gave no
 *            times, as for a command that failed
 * n_totals   pairs of an operation and a kernel among the records
 * seconds    from start to end of each command, summed. Commands that the device ran at once count each
 * host       seconds between the first command and the last in which all that was enqueued was done: the device waited
 *            for the host
 * starting   seconds in which a command was enqueued and none ran
 */
struct clgrpo_profile_counts {
    size_t struct_size;
    size_t n_records, n_lost, n_totals;
    double seconds, host, starting;
};
CLGRPO_DEFINE_INIT(clgrpo_profile_counts, /* zeros */)
#define CLGRPO_PROFILE_COUNTS_INIT clgrpo_profile_counts_init()

/* Waits for all recorded commands and counts them. Records go on behind them. */
enum clgrpo_status clgrpo_profile_finish(struct clgrpo_profile *profile,
                                         struct clgrpo_profile_counts *counts) CLGRPO_MUST_CHECK;
/* Waits likewise, and forgets all records and what was lost. */
enum clgrpo_status clgrpo_profile_clear(struct clgrpo_profile *profile) CLGRPO_MUST_CHECK;

/*
 * operation  "gemm" of clgrpo_gemm(), also for the products that another operation makes: then that one's name
 * kernel     its name in OpenCL C; of other commands copy, fill, read or write
 * call       which call of an operation enqueued it, counted from 0
 * queued, submitted, start, end
 *            nanoseconds of the device's clock
 * flop       of matrix products and attention, as this kernel computes them: 2 for each multiplication that is added.
 *            0 for all other kernels, which the memory's speed bounds
 * bytes      of each tensor that the command reads or writes, counted once, as if caches held what is read again
 *
 * flop and bytes are NaN where they depend on values that lie on the device: attention over sequences of unequal
 * lengths or with prefixes, decoding, copies of the cache.
 */
struct clgrpo_profile_record {
    size_t struct_size;
    const char *operation, *kernel;
    cl_ulong call;
    cl_ulong queued, submitted, start, end;
    double flop, bytes;
};
CLGRPO_DEFINE_INIT(clgrpo_profile_record, /* zeros */)
#define CLGRPO_PROFILE_RECORD_INIT clgrpo_profile_record_init()

/* Record i of those that the last clgrpo_profile_finish counted, or E_VALUE. The names are valid until the profile is
 * destroyed. */
enum clgrpo_status clgrpo_profile_record_get(struct clgrpo_profile *profile, size_t i,
                                             struct clgrpo_profile_record *record) CLGRPO_MUST_CHECK;

/* The records of an operation and a kernel together: n of them. */
struct clgrpo_profile_total {
    size_t struct_size;
    const char *operation, *kernel;
    size_t n;
    double seconds, flop, bytes;
};
CLGRPO_DEFINE_INIT(clgrpo_profile_total, /* zeros */)
#define CLGRPO_PROFILE_TOTAL_INIT clgrpo_profile_total_init()

/* Total i of those that the last clgrpo_profile_finish counted, the longest first, or E_VALUE. */
enum clgrpo_status clgrpo_profile_total_get(struct clgrpo_profile *profile, size_t i,
                                            struct clgrpo_profile_total *total) CLGRPO_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
