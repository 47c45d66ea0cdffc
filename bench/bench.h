/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_BENCH_H
#define CLGRPO_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "clgrpo.h"

/* What the machine can do, measured in the same run, before anything else. */
struct bench_machine {
    double fma_gflops; /* fused multiply-adds on all compute units, two flop each */
    double copy_gbs;   /* an OpenCL copy kernel beyond the caches, bytes read plus bytes written */
    double read_gbs;   /* a reading kernel */
    double launch_us;  /* one empty kernel among many, and waited for each time */
    double launch_wait_us;
};

enum { BENCH_MAX_PEERS = 3, BENCH_MAX_ROWS = 256 };

struct bench_peer_result {
    char name[48];
    double value, ratio; /* ours over theirs */
};

struct bench_row {
    char row[80];
    double value;
    const char *unit; /* GFLOP/s, GB/s or us */
    double limit;
    const char *limit_name;   /* fma, copy or read: what binds */
    double ratio;             /* value / limit; 0 where there is no limit */
    double median_us, spread; /* spread: (90th - 10th percentile) / median */
    unsigned n_peers;
    struct bench_peer_result peers[BENCH_MAX_PEERS];
};

struct bench {
    struct clgrpo_context *ctx;
    cl_command_queue queue;
    struct clgrpo_device_info info;
    struct bench_machine machine;
    const char *select; /* only rows whose name holds this text; NULL: all */
    double seconds;     /* budget of a row */
    bool quick, failed;
    struct bench_row rows[BENCH_MAX_ROWS];
    unsigned n_rows;
};

/* One thing to time: `run` enqueues it once; the queue is waited for around it. work is flop or bytes per run. */
enum bench_kind { BENCH_FLOP, BENCH_COPY, BENCH_READ, BENCH_TIME };
struct bench_case {
    char row[80];
    enum bench_kind kind;
    double work;
    enum clgrpo_status (*run)(struct bench *b, void *arg);
    void *arg;
    struct {
        char name[48];
        void (*run)(void *arg);
        void *arg;
    } peers[BENCH_MAX_PEERS];
    unsigned n_peers;
};
/* Ours and the peers in turn, round after round; medians; appends a row and prints it. */
void bench_run(struct bench *b, const struct bench_case *c);
bool bench_wanted(const struct bench *b, const char *row);

/* The groups of rows. */
void bench_gemm(struct bench *b);
void bench_attention(struct bench *b);
void bench_head(struct bench *b);
void bench_small(struct bench *b);

enum clgrpo_status bench_measure_machine(struct bench *b);

/* Peers. OpenBLAS is loaded at run time, on the core type that fits the processor; name is NULL where it is missing. */
typedef void bench_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
                         const float *b, int ldb, float beta, float *c, int ldc);
struct bench_openblas {
    char name[48];
    bench_sgemm *sgemm;
};
const struct bench_openblas *bench_openblas(void);

/* CLBlast on the same buffers, where the build has it. */
void bench_add_clblast(struct bench *b, struct bench_case *c, const struct clgrpo_gemm_args *args);

/* Output. */
void bench_print_machine(const struct bench *b);
void bench_print_header(void);
void bench_print_row(const struct bench *b, const struct bench_row *row);
int bench_write_json(const struct bench *b, const char *path);
int bench_write_tsv(const struct bench *b, const char *path);
int bench_write_svg(const struct bench *b, const char *path);

/* Tensors of random data that live until bench_release. */
struct clgrpo_tensor bench_random(struct bench *b, unsigned rank, const size_t *shape);
struct clgrpo_tensor bench_ints(struct bench *b, size_t n, const cl_int *host);
struct clgrpo_workspace bench_workspace(struct bench *b, size_t bytes);
void bench_release(struct clgrpo_tensor *t);
void bench_release_workspace(struct clgrpo_workspace *w);
#define BENCH_SHAPE(...) ((const size_t[]){__VA_ARGS__})
/* Reports a failed library call once and marks the run as failed. */
bool bench_ok(struct bench *b, enum clgrpo_status st, const char *what);

#endif
