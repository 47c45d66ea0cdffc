/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TUNE_PROGRAM_H
#define CLGRPO_TUNE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "clgrpo.h"
#include "measure/clock.h"

enum {
    TUNE_MAX_PARAMS = 8,
    TUNE_MAX_CANDIDATES = 1024,
    TUNE_MAX_SAMPLES = 64,
    TUNE_MAX_TENSORS = 8,
    TUNE_MAX_CASES = 32
};

struct tune {
    struct clgrpo_context *ctx;
    cl_command_queue queue;
    struct clgrpo_device_info info;
    double seconds, started_us; /* budget and start of the whole run */
    bool progress, dry_run;
    enum clgrpo_tune_link link; /* of the rows to write */
};

/*
 * One operation and class of shapes, and the call that stands for it. `prepare` makes the tensors and fills args;
 * `run` enqueues the call once; `check` says whether a sample of host, the output, is near the double reference.
 */
struct tune_case {
    const char *op, *shape_class;
    char label[64];
    bool (*prepare)(struct tune *t, struct tune_case *c);
    enum clgrpo_status (*workspace)(struct tune *t, struct tune_case *c, size_t *bytes); /* NULL: needs none */
    enum clgrpo_status (*run)(struct tune *t, struct tune_case *c);
    bool (*check)(const struct tune_case *c, const float *host);
    size_t m, n, k; /* extents, whose meaning is the operation's */
    union {
        struct clgrpo_gemm_args gemm;
        struct clgrpo_attention_args attention;
        struct clgrpo_attention_backward_args attention_backward;
        struct clgrpo_linear_logprob_args logprob;
        struct clgrpo_rmsnorm_args rmsnorm;
    } args;
    struct clgrpo_workspace space;
    struct clgrpo_tensor tensors[TUNE_MAX_TENSORS], out;
    float *host[TUNE_MAX_TENSORS]; /* what the inputs hold */
    unsigned n_tensors;
};
/* The cases of this context's family that `ops` names; all if it names none. Returns how many, 0 with a sentence on
 * standard error for a name that is none. */
size_t tune_cases(const struct tune *t, char **ops, size_t n_ops, struct tune_case *cases);
void tune_case_release(struct tune_case *c);

struct tune_candidate {
    int values[TUNE_MAX_PARAMS];
    unsigned n_changed; /* parameters that are not standard */
    bool alive, changes_order;
    double samples[TUNE_MAX_SAMPLES]; /* microseconds of each round */
    unsigned n;
};

struct tune_result {
    const struct tune_case *c;
    size_t op, shape_class, first_param, n_params;
    unsigned n_candidates, n_tried, n_wrong; /* wrong: refused for their results */
    int values[TUNE_MAX_PARAMS];             /* the best */
    bool is_standard, failed;
    double standard_us, best_us, ratio; /* ratio: the median of standard over best, round by round */
};
/* Tries candidates for at most `seconds`. */
void tune_search(struct tune *t, struct tune_case *c, double seconds, struct tune_result *result);

/* Output. */
void tune_progress(const struct tune *t, const struct tune_case *c, unsigned done, unsigned of);
void tune_progress_end(const struct tune *t);
void tune_print(const struct tune_result *results, size_t n);
int tune_print_json(const struct tune *t, const struct tune_result *results, size_t n);
/* Puts the rows that differ from the standard into the user's file, in the place of earlier rows of the same kind, and
 * takes those out that the standard now beats. 0, or 1 with a sentence. */
int tune_store(const struct tune *t, const struct tune_result *results, size_t n);
bool tune_ok(struct tune *t, enum clgrpo_status st, const char *what);

#endif
