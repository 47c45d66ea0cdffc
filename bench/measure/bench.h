/* SPDX-License-Identifier: Apache-2.0 */
/* A run of clgrpo-bench: which rows are wanted, the data they work on, and how they are timed. */
#ifndef CLGRPO_BENCH_H
#define CLGRPO_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "clgrpo.h"
#include "measure/now.h"
#include "measure/family.h"
#include "measure/row.h"

/* What the machine can do, measured in the same run: before the rows, between them and after them. The best of all. */
struct bench_machine {
    double fma_gflops;     /* fused multiply-adds on all compute units, two flop each */
    double fma_f16_gflops; /* the same in f16; 0 if the device has no f16 arithmetic */
    double exp_gps;        /* native exponentials on all compute units, 1e9 per second */
    double load_f16_gps;   /* f16 loaded from the nearest cache and converted to f32, 1e9 elements per second */
    double load_bf16_gps;
    double copy_gbs;    /* an OpenCL copy kernel on buffers larger than the caches, bytes read plus bytes written */
    double read_gbs;    /* a reading kernel */
    double write_gbs;   /* a writing kernel */
    double strided_gbs; /* reads of one float of each 64 bytes, of which only its own four bytes are counted */
    double local_gbs;   /* reads of local memory by all groups */
    double upload_gbs, download_gbs;
    double launch_us;                       /* one of many empty kernels enqueued without waiting */
    double launch_wait_us, launch_event_us; /* one that is waited for: by the queue, by its event */
    double dot_gops;    /* dot products of packed bytes, multiplications plus additions; 0 if the device has none */
    double cache_bytes; /* the largest cache that the device or the system reports; 0 if none does */
};

enum {
    BENCH_MAX_ROWS = 400,
    BENCH_MAX_MACHINE = 28,
    BENCH_MAX_COPIES = 512,
    BENCH_MAX_SELECT = 512,
    BENCH_MAX_GROUPS = 8
};

struct bench {
    struct clgrpo_context *ctx;
    cl_command_queue queue; /* with timestamps */
    struct clgrpo_device_info info;
    struct bench_machine machine;
    struct bench_row limits[BENCH_MAX_MACHINE];                             /* the machine as rows */
    double limits_least[BENCH_MAX_MACHINE], limits_most[BENCH_MAX_MACHINE]; /* of their measurements; 0: found once */
    unsigned n_limits;
    void (*between)(void *arg); /* called behind every row; NULL if there is nothing to do */
    void *between_arg;
    const char *select[BENCH_MAX_SELECT]; /* globs, or parts of names; all rows are selected if there are none */
    unsigned n_select;
    double seconds; /* time budget of a row */
    bool full;      /* the rows for large machines too */
    bool once;      /* run each row a single time and measure nothing: for tools that count what a program does */
    bool kernels;   /* say for each row what its kernels take */
    bool failed;
    bool listing;      /* collect names instead of measuring */
    bool progress;     /* show on standard error what runs */
    double started;    /* when the first row began, in us */
    unsigned n_wanted; /* rows that the listing found */
    char wanted[BENCH_MAX_ROWS][80];
    const char *group_titles[BENCH_MAX_GROUPS];
    unsigned n_groups, group;             /* group: of the rows that run now */
    uint32_t seed;                        /* of the random data; grows by one with each tensor */
    struct bench_results previous, peers; /* rows of an earlier run, and rows that other programs measured */
    struct bench_row rows[BENCH_MAX_ROWS];
    unsigned n_rows;
};

/* ---- Failures ---- */

/* Marks the run as failed, and prints the sentence if it is the first failure. */
void bench_fail(struct bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* False, and the run has failed, if the library's call did not succeed. */
bool bench_ok(struct bench *b, enum clgrpo_status st, const char *what);
/* Zeroed memory of the host; NULL, and the run has failed, if there is not enough. */
void *bench_alloc(struct bench *b, size_t n, size_t bytes);

/* ---- Which rows run ---- */

/* Whether to measure the row now. While the names are listed it notes the name and says no. */
bool bench_wanted(struct bench *b, const char *row);
/* What a run takes: bytes in all and of the largest buffer, flop. */
struct bench_need {
    double bytes, largest, flop;
};
/* The same for a row for large machines, which is wanted with --full or by its whole name. It is left out, with a line
 * that says why, if the device's memory is too small or, unless it is named, a run takes too long. */
bool bench_wanted_large(struct bench *b, const char *row, const struct bench_need *need);

/* ---- Data ---- */

/* Tensors of random f32 numbers, for the caller to release. */
struct clgrpo_tensor bench_random(struct bench *b, unsigned rank, const size_t *shape);
/* The same rounded to another storage type. */
struct clgrpo_tensor bench_random_as(struct bench *b, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape);
struct clgrpo_tensor bench_ints(struct bench *b, size_t n, const cl_int *host);
struct clgrpo_workspace bench_workspace(struct bench *b, size_t bytes);
void bench_release(struct clgrpo_tensor *t);
void bench_release_workspace(struct clgrpo_workspace *w);
#define BENCH_SHAPE(...) ((const size_t[]){__VA_ARGS__})
/* "f32", "f16" or "bf16". */
const char *bench_dtype_name(enum clgrpo_dtype dtype);
/* How many sets of buffers of so many bytes are needed to exceed the caches together: 1 to BENCH_MAX_COPIES. */
unsigned bench_copies(const struct bench *b, double bytes);
/* The larger; NaN if either is NaN, unlike fmax. */
double bench_larger(double x, double y);

/* ---- Timing ---- */

/* One thing to measure. */
struct bench_case {
    char row[80];
    enum bench_kind kind;
    double work; /* of one run, in flop or bytes by the kind */
    /* the other one: the flop of a row that counts bytes, or the bytes that a row which counts flop must move */
    double flop, bytes;
    enum clgrpo_status (*run)(struct bench *b, void *arg); /* enqueues one run */
    void *arg;
    /* > 0: arg is an array of `copies` elements of this size, and so are the peers'; runs use them in turn */
    size_t arg_bytes;
    unsigned copies;
    struct {
        char name[64];
        void (*run)(void *arg);                                /* runs the peer once and waits for it, */
        enum clgrpo_status (*own)(struct bench *b, void *arg); /* or enqueues another form of ours */
        void *arg;
        size_t arg_bytes;
    } peers[BENCH_MAX_PEERS];
    unsigned n_peers;
    double peer_limit; /* > 0: the limit is this many times the first peer's speed */
};

/* Measures the case and its peers in turn, round after round, and adds a row of the medians, if the row is wanted. */
void bench_run(struct bench *b, const struct bench_case *c);
/* The next set of buffers; `turn` counts them, from 0: a row that is bound by memory must not find its data in the
 * caches from the last run. */
void *bench_next(void *arg, size_t arg_bytes, unsigned copies, unsigned *turn);
/* Enqueues one run with it. */
bool bench_enqueue(struct bench *b, const struct bench_case *c, unsigned *turn);
/* Runs the case with a profile, for as long as the budget of a row, and fills in the row's kernels. */
void bench_profile(struct bench *b, const struct bench_case *c, struct bench_row *row);
void bench_print_kernels(const struct bench_row *row);
/* Adds a peer that is another form of ours. */
void bench_add_own(struct bench_case *c, const char *name, enum clgrpo_status (*run)(struct bench *b, void *arg),
                   void *arg, size_t arg_bytes);
/* Adds a row, joined with the same row of the earlier run and of other programs, and prints it. */
void bench_add_row(struct bench *b, struct bench_row *row);
/* Finds which of the machine's limits binds the row, and the row's share of it. */
void bench_apply_limit(const struct bench_machine *m, struct bench_row *row);
/* Whether the row is faster than the machine by more than 2%: its limit was measured too low, or its work is
 * miscounted. Not of rows that the caches hold, and not of times. */
bool bench_is_above_limit(const struct bench_row *row);
/* Kernels, fills and copies that the program has enqueued so far. */
unsigned bench_launches(void);

/* ---- On standard output ---- */

void bench_print_machine(const struct bench *b, const char *when);
void bench_print_header(const struct bench *b);
void bench_print_row(const struct bench *b, const struct bench_row *row);
/* Once the limits are final: the rows whose ratio was printed with others, and those above their limit. */
void bench_print_corrections(const struct bench *b);

#endif
