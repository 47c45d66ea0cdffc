/* SPDX-License-Identifier: Apache-2.0 */
/* One result, as it is printed, written to a file and read from one. */
#ifndef CLGRPO_BENCH_ROW_H
#define CLGRPO_BENCH_ROW_H

#include <stdbool.h>
#include <stddef.h>

enum { BENCH_MAX_PEERS = 6, BENCH_MAX_KERNELS = 48 };

struct bench_peer_result {
    char name[64];
    double value, ratio; /* our speed over theirs */
};

/* What a kernel, copy or fill of an operation takes of one run, on the device's clock. */
struct bench_kernel {
    char operation[40], name[64];
    double launches, us;
    double share;       /* of the wall time of the runs that were profiled */
    double flop, bytes; /* NaN where the host does not know them */
};

/* What the figure of a row is. */
enum bench_kind {
    BENCH_FLOP,  /* floating-point operations per second */
    BENCH_COPY,  /* bytes read and written per second */
    BENCH_READ,  /* bytes read per second */
    BENCH_TIME,  /* the time of one run */
    BENCH_HOST,  /* the host's time to enqueue one run */
    BENCH_OTHER, /* something with a limit of its own */
};

struct bench_row {
    char row[80];    /* its name */
    char source[64]; /* of a row from a file: who measured it */
    char unit[12];   /* GFLOP/s, GB/s, Gexp/s, ms, us ...; "-": there is no figure, only the note */
    double value;
    double limit; /* in the row's unit; 0 if there is none */
    char limit_name[20];
    double ratio;     /* value / limit, of times limit / value; 0 if there is no limit */
    double printed;   /* the ratio as it was printed; limits that are measured later may correct it */
    double median_us; /* wall time of one run */
    double event_us;  /* the same on the device's clock; 0 if it has none */
    double spread;    /* (90th - 10th percentile) / median of the wall times */
    double flop, bytes;
    enum bench_kind kind;
    unsigned rounds;   /* samples */
    unsigned copies;   /* sets of buffers that the runs use in turn */
    unsigned launches; /* what one run enqueues */
    bool cached;       /* it is bound by memory, but all its sets of buffers together fit the caches */
    double previous;   /* speed over that of the same row in an earlier file; 0 if there is none */
    char note[160];    /* a remark of the report, or nothing */
    unsigned group, n_peers, n_kernels;
    struct bench_peer_result peers[BENCH_MAX_PEERS];
    struct bench_kernel kernels[BENCH_MAX_KERNELS]; /* with --kernels: the longest first */
};

/* The rows of a result file. */
struct bench_results {
    struct bench_row *rows;
    size_t n;
};

/* NULL if no row has the name. */
const struct bench_row *bench_find(const struct bench_results *r, const char *row);
/* Speed of b over a: by value if the units agree, else by the median times; 0 if neither can be compared. */
double bench_speed(const struct bench_row *a, const struct bench_row *b);
bool bench_is_time(const char *unit);
/* Of errors and of memory: less is better, and the ratio is the share of the limit that is taken up. */
bool bench_is_share(const char *unit);
/* Rows that say nothing about speed: whether bits repeat, errors, memory. */
bool bench_is_quality(const struct bench_row *row);

#endif
