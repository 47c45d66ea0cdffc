/* SPDX-License-Identifier: Apache-2.0 */
/* clgrpo-tune: what it tunes, what it found, and how it tells. */
#ifndef CLGRPO_TUNER_H
#define CLGRPO_TUNER_H

#include <stdbool.h>
#include <stddef.h>

#include "tune.h"
#include "measure/now.h"

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
    enum clg_tune_link link; /* of the rows to write */
};

/*
 * One operation and class of shapes, and the call by which it is measured.
 *
 * prepare    creates the tensors and fills in args
 * workspace  the bytes of workspace that the call needs with the parameters in use; NULL if it needs none
 * run        enqueues the call once
 * check      whether `host`, a copy of the output, is near a double-precision reference at some positions
 */
struct tune_case {
    const char *op, *shape_class;
    char label[64];
    bool (*prepare)(struct tune *t, struct tune_case *c);
    enum clgrpo_status (*workspace)(struct tune *t, struct tune_case *c, size_t *bytes);
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
/* Fills in the cases of the context's kernel family that `ops` names, or all of them if n_ops is 0, and returns how
 * many there are. 0, with a sentence on standard error, if a name is not that of an operation or none is of the
 * family. */
size_t tune_cases(const struct tune *t, char **ops, size_t n_ops, struct tune_case *cases);
void tune_case_release(struct tune_case *c);

struct tune_candidate {
    int values[TUNE_MAX_PARAMS];
    unsigned n_changed;               /* how many values are not standard */
    bool alive;                       /* not yet dropped */
    bool changes_order;               /* of a sum, by the values that are not standard */
    double samples[TUNE_MAX_SAMPLES]; /* microseconds of each round */
    unsigned n;
};

struct tune_result {
    const struct tune_case *c;
    size_t op, shape_class, first_param, n_params;
    unsigned n_candidates, n_tried, n_wrong; /* n_wrong: refused because their results are wrong */
    int values[TUNE_MAX_PARAMS];             /* the best */
    bool is_standard, failed;
    double standard_us, best_us; /* medians */
    double ratio;                /* the median of the ratios of the standard's time to the best's in each round */
};
/* Tries candidates for at most `seconds`, apart from compiling and from confirming the best. */
void tune_find_best(struct tune *t, struct tune_case *c, double seconds, struct tune_result *result);

/* On standard error, if that is a terminal: a bar over the time budget, the case, and the time left. */
void tune_progress(const struct tune *t, const struct tune_case *c, unsigned done, unsigned of);
void tune_progress_end(const struct tune *t);
void tune_print(const struct tune_result *results, size_t n);
int tune_print_json(const struct tune *t, const struct tune_result *results, size_t n);
/* Rewrites the user's file: earlier rows of the results' operations, classes, device, driver and version are removed,
 * and a row is added for each result that is not the standard. 0, or 1 with a sentence on standard error. */
int tune_store(const struct tune *t, const struct tune_result *results, size_t n);
/* False, with the context's sentence on standard error, if the call failed. */
bool tune_ok(struct tune *t, enum clgrpo_status st, const char *what);

#endif
