/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_BENCH_H
#define CLGRPO_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "clgrpo.h"
#include "measure/clock.h"
#include "measure/family.h"

/* A limit that differs by more between the start and the end of a run tells of a disturbed machine. */
#define BENCH_DISTURBED 1.15

/* What the machine can do, measured in the same run: before the rows, and again behind them. Best of all rounds. */
struct bench_machine {
    double fma_gflops;     /* fused multiply-adds on all compute units, two flop each */
    double fma_f16_gflops; /* the same of halves; 0 where the device has no half arithmetic */
    double exp_gps;        /* native exponentials on all compute units, 1e9 per second */
    double load_f16_gps;   /* stored halves to floats from the nearest cache, 1e9 elements per second */
    double load_bf16_gps;
    double copy_gbs;    /* an OpenCL copy kernel beyond the caches, bytes read plus bytes written */
    double read_gbs;    /* a reading kernel */
    double write_gbs;   /* a writing kernel */
    double strided_gbs; /* one float of each 64 bytes; its own four bytes are counted */
    double local_gbs;   /* reads of local memory by all groups */
    double upload_gbs, download_gbs;
    double launch_us; /* one empty kernel among many, and waited for each time */
    double launch_wait_us, launch_event_us;
    double dot_gops;    /* products of packed bytes, each with its addition; 0 where the device has none */
    double cache_bytes; /* the largest cache that the device or the system reports; 0 if none does */
};

enum {
    BENCH_MAX_PEERS = 6,
    BENCH_MAX_ROWS = 400,
    BENCH_MAX_MACHINE = 28,
    BENCH_MAX_COPIES = 512,
    BENCH_MAX_SELECT = 512
};

struct bench_peer_result {
    char name[64];
    double value, ratio; /* our speed over theirs */
};

/* What a row counts: flop, bytes read and written, bytes read, the time alone, the host's time to enqueue it; or
 * something with a limit of its own. */
enum bench_kind { BENCH_FLOP, BENCH_COPY, BENCH_READ, BENCH_TIME, BENCH_HOST, BENCH_OTHER };

/* One result, as it is printed, written to a file and read from one. */
struct bench_row {
    char row[80];
    char source[64]; /* of a row from a file: who made it */
    char unit[12];   /* GFLOP/s, GB/s, Gexp/s, ms, us ...; see bench_is_time and bench_is_share; "-": the note is all */
    double value;
    double limit; /* in the row's unit */
    char limit_name[20];
    double ratio;     /* value / limit, of times limit / value; 0 where there is no limit */
    double median_us; /* wall time of one run */
    double event_us;  /* the same on the device's clock; 0 where it has none */
    double spread;    /* (90th - 10th percentile) / median of the wall times */
    double flop, bytes;
    enum bench_kind kind;
    unsigned rounds, copies; /* samples; sets of buffers in rotation */
    unsigned launches;       /* what one run enqueues */
    bool cached;             /* memory binds, but all sets together fit the caches */
    double previous;         /* speed over that of the same row in --against; 0 if it has none */
    char note[160];          /* a remark of the report, or nothing */
    unsigned group, n_peers;
    struct bench_peer_result peers[BENCH_MAX_PEERS];
};

/* The rows of a result file. */
struct bench_results {
    struct bench_row *rows;
    size_t n;
};

struct bench {
    struct clgrpo_context *ctx;
    cl_command_queue queue; /* with timestamps */
    struct clgrpo_device_info info;
    struct bench_machine machine;
    struct bench_row limits[BENCH_MAX_MACHINE];                             /* the machine as rows */
    double limits_first[BENCH_MAX_MACHINE], limits_last[BENCH_MAX_MACHINE]; /* as measured before and behind the rows */
    unsigned n_limits;
    const char *select[BENCH_MAX_SELECT]; /* globs, or text that a name holds; none: all */
    unsigned n_select;
    double seconds; /* budget of a row */
    bool full;      /* the large rows too */
    bool once;      /* each row a single time, and no limits: for tools that count what a program does */
    bool failed;
    bool listing;      /* collect names instead of measuring */
    bool progress;     /* tell what runs on standard error */
    double started;    /* of the first row, in us */
    unsigned n_wanted; /* rows that the listing found */
    char wanted[BENCH_MAX_ROWS][80];
    unsigned group; /* of the rows that run now: an index of bench_groups */
    uint32_t seed;
    struct bench_results previous, peers;
    struct bench_row rows[BENCH_MAX_ROWS];
    unsigned n_rows;
};

/* One thing to time: `run` enqueues it once; the queue is waited for around it. work is flop or bytes per run. */
struct bench_case {
    char row[80];
    enum bench_kind kind;
    double work;
    double flop,
        bytes; /* what `work` does not say: the flop of a row of bytes, the bytes that a row of flop must move */
    enum clgrpo_status (*run)(struct bench *b, void *arg);
    void *arg;
    size_t arg_bytes; /* > 0: arg is an array, and run after run takes the next of `copies`, as do the peers */
    unsigned copies;
    struct {
        char name[64];
        void (*run)(void *arg);
        enum clgrpo_status (*own)(struct bench *b,
                                  void *arg); /* or another form of ours, enqueued as `run` of the case */
        void *arg;
        size_t arg_bytes;
    } peers[BENCH_MAX_PEERS];
    unsigned n_peers;
    double peer_limit; /* > 0: what binds is this many times the first peer's speed */
};
/* Ours and the peers in turn, round after round; medians; appends a row and prints it. */
void bench_run(struct bench *b, const struct bench_case *c);
/* Adds a peer: another form of ours, whose arguments are `arg`, `copies` of them. */
void bench_add_own(struct bench_case *c, const char *name, enum clgrpo_status (*run)(struct bench *b, void *arg),
                   void *arg, size_t arg_bytes);
/* Appends a row that was measured otherwise, and prints it. */
void bench_add_row(struct bench *b, struct bench_row *row);
bool bench_wanted(struct bench *b, const char *row);
/* A row for large machines: wanted by its whole name, or with --full. It is passed over, with a line that says why,
 * where the device or the time is too small: bytes in all and of the largest buffer, flop of a run. */
struct bench_need {
    double bytes, largest, flop;
};
bool bench_wanted_large(struct bench *b, const char *row, const struct bench_need *need);
/* How many sets of buffers of so many bytes are beyond the caches together: 1 to BENCH_MAX_COPIES. */
unsigned bench_copies(const struct bench *b, double bytes);

/* The groups of rows, and what the report calls them. */
struct bench_group {
    const char *title;
    void (*run)(struct bench *b);
};
enum { BENCH_GROUPS = 8 };
extern const struct bench_group bench_groups[BENCH_GROUPS];
void bench_gemm(struct bench *b);
void bench_attention(struct bench *b);
void bench_decode(struct bench *b); /* of the attention group */
void bench_head(struct bench *b);
void bench_small(struct bench *b);
void bench_policy(struct bench *b); /* of the small ones */
void bench_layer(struct bench *b);
void bench_step(struct bench *b);
void bench_quality(struct bench *b);
void bench_program(struct bench *b);
/* Launches, fills and copies that the program enqueued so far. */
unsigned bench_launches(void);
/* Every operation once on a few elements, so that every program is needed. */
void bench_touch_all(struct bench *b);

/* Called again when the rows are done, it keeps the better figures and applies them to the rows. */
enum clgrpo_status bench_measure_machine(struct bench *b);
/* Which of the machine's limits binds the row, and its share of it. */
void bench_apply_limit(const struct bench_machine *m, struct bench_row *row);

/* Peers. OpenBLAS is loaded at run time, on the core type that fits the processor; name is NULL where it is missing. */
typedef void bench_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
                         const float *b, int ldb, float beta, float *c, int ldc);
struct bench_openblas {
    char name[48];
    bench_sgemm *sgemm;
};
const struct bench_openblas *bench_openblas(void);

/* CLBlast on the same buffers, where the build has it; args_bytes as arg_bytes of a case. */
void bench_add_clblast(struct bench *b, struct bench_case *c, struct clgrpo_gemm_args *args, size_t args_bytes);

/* Output. */
void bench_print_machine(const struct bench *b, const char *when);
void bench_print_header(const struct bench *b);
void bench_print_row(const struct bench *b, const struct bench_row *row);
int bench_write_tsv(const struct bench *b, const char *path);
int bench_write_svg(const struct bench *b, const char *path);
int bench_write_html(const struct bench *b, const char *path);
/* A file that appears whole or not at all. NULL, with a message, where it cannot be made. */
FILE *bench_create(const char *path, char *temporary, size_t bytes);
int bench_commit(FILE *f, const char *path, const char *temporary);

/* Result files. A message and false where the file is none. */
int bench_write_json(const struct bench *b, const char *path);
int bench_write_submission(const struct bench *b, const char *path);
bool bench_read_results(const char *path, struct bench_results *out);
void bench_free_results(struct bench_results *r);
const struct bench_row *bench_find(const struct bench_results *r, const char *row);
/* Speed of b over a: by value where the units agree, else by the median times; 0 where neither can be compared. */
double bench_speed(const struct bench_row *a, const struct bench_row *b);
bool bench_is_time(const char *unit);
/* Of an error or of memory: less is better, and the ratio is the share of the limit that it takes. */
bool bench_is_share(const char *unit);
/* Rows that tell no speed: whether bits repeat, errors, memory. */
bool bench_is_quality(const struct bench_row *row);

/* The subcommand: clgrpo-bench compare A.json B.json. argv[0] is "compare". */
int bench_compare(int argc, char **argv);

/* Tensors of random data that live until bench_release. */
struct clgrpo_tensor bench_random(struct bench *b, unsigned rank, const size_t *shape);
/* The same rounded to a storage type. */
struct clgrpo_tensor bench_random_as(struct bench *b, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape);
struct clgrpo_tensor bench_ints(struct bench *b, size_t n, const cl_int *host);
struct clgrpo_workspace bench_workspace(struct bench *b, size_t bytes);
void bench_release(struct clgrpo_tensor *t);
void bench_release_workspace(struct clgrpo_workspace *w);
#define BENCH_SHAPE(...) ((const size_t[]){__VA_ARGS__})
/* Marks the run as failed, and says why if it is the first failure. */
void bench_fail(struct bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reports a failed library call once and marks the run as failed. */
bool bench_ok(struct bench *b, enum clgrpo_status st, const char *what);
/* Zeroed memory of the host; NULL, and the run has failed, where it is short. */
void *bench_alloc(struct bench *b, size_t n, size_t bytes);
/* The larger; NaN if one of them is, which fmax would pass over. */
double bench_larger(double x, double y);

#endif
