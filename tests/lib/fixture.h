/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_FIXTURE_H
#define CLGRPO_TESTS_FIXTURE_H

#include <check.h>
#include <stdint.h>

#include "clgrpo.h"

/*
 * What every operation's test needs: a context of each family on the default device, inputs that are asymmetric and
 * free of 0 and 1, outputs that start as NaN with guard elements around them, and error bounds derived from the type
 * and the length of the sum.
 */

/* A context of `family` (opened once per process), its own in-order queue. Fails the test if there is no device. */
struct clgrpo_context *fx_context(enum clgrpo_family family);
/* A context of its own, for the caller to destroy. selector: as of clgrpo_context_open. Fails the test with the sentence
 * if it cannot be opened. */
struct clgrpo_context *fx_open(const char *selector, const struct clgrpo_context_config *config);
/* "simt", "cpu". */
const char *fx_family_name(enum clgrpo_family family);
/* The platform of a context, for tables; good until the next call. */
const char *fx_platform(struct clgrpo_context *ctx);
/* For loop tests over both: index 0 and 1. The environment's CLGRPO_TEST_FAMILY=simt|cpu leaves that one. */
#define FX_N_FAMILIES fx_n_families()
int fx_n_families(void);
enum clgrpo_family fx_family(int index);

/* Fails the test with the context's sentence unless `st` is OK. */
#define fx_ok(ctx, expr)                                                                                               \
    do {                                                                                                               \
        enum clgrpo_status fx_st_ = (expr);                                                                            \
        ck_assert_msg(fx_st_ == CLGRPO_OK, "%s: %s: %s", #expr, clgrpo_status_name(fx_st_), clgrpo_error_text(ctx));   \
    } while (0)
/* The call must fail with `want`; the error is then cleared. */
#define fx_fails(ctx, expr, want)                                                                                      \
    do {                                                                                                               \
        enum clgrpo_status fx_st_ = (expr);                                                                            \
        ck_assert_msg(fx_st_ == (want), "%s: got %s, want %s: %s", #expr, clgrpo_status_name(fx_st_),                  \
                      clgrpo_status_name(want), clgrpo_error_text(ctx));                                               \
        ck_assert_msg(clgrpo_error_text(ctx)[0] != '\0', "%s: no sentence", #expr);                                    \
        clgrpo_error_clear(ctx);                                                                                       \
    } while (0)

/* The operation must refuse a copy, `bad`, of good arguments that `change` has changed. */
#define fx_refuses(ctx, op, good, change, want)                                                                        \
    do {                                                                                                               \
        __typeof__(good) bad = (good);                                                                                 \
        change;                                                                                                        \
        fx_fails((ctx), op((ctx), &bad, clgrpo_context_queue(ctx), 0, NULL, NULL), (want));                            \
    } while (0)

/* CLGRPO_TEST_SMALL is set: sizes for an interpreter. */
bool fx_small(void);

/* Deterministic inputs: n values of roughly normal size `scale`, never 0 or 1, different for each seed. malloc'ed. */
float *fx_random(size_t n, float scale, uint64_t seed);
/* n values as doubles, or zeros where x is NULL. malloc'ed. */
double *fx_widen(const float *x, size_t n);
int32_t *fx_random_i32(size_t n, int32_t below, uint64_t seed);

/* From now on the guard elements of tensors are NaN, so that a result shows that one was read. */
void fx_guards_of_nan(void);
/* A tensor with guard elements before and after it. From host data, or filled with NaN (i32: a canary). Dense
 * rank 1..4. */
struct clgrpo_tensor fx_upload(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape,
                               const void *host);
struct clgrpo_tensor fx_output(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape);
#define FX_SHAPE(...) ((const size_t[]){__VA_ARGS__})
/* A [rows][cols] view with row stride `stride` >= cols inside a guarded buffer: cells between rows must stay
 * untouched. */
struct clgrpo_tensor fx_upload_strided(struct clgrpo_context *ctx, size_t rows, size_t cols, size_t stride,
                                       const float *host);
struct clgrpo_tensor fx_upload_strided_as(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t rows, size_t cols,
                                          size_t stride, const void *host);
/* Puts a matrix of f32 into storage of type `to`, by the library's cast, and the values that it then holds into
 * host. */
void fx_store_as(struct clgrpo_context *ctx, enum clgrpo_dtype to, struct clgrpo_tensor *x, float *host);
/* Reads a view of any strides densely (malloc'ed), and fails the test if a guard element or a gap between rows was
 * touched. */
void *fx_download(struct clgrpo_context *ctx, const struct clgrpo_tensor *t);
void fx_release(struct clgrpo_tensor *t);
#define fx_release_all(...) fx_release_each((struct clgrpo_tensor *const[]){__VA_ARGS__, NULL})
void fx_release_each(struct clgrpo_tensor *const *t);
struct clgrpo_workspace fx_workspace(struct clgrpo_context *ctx, size_t bytes);
void fx_workspace_release(struct clgrpo_workspace *w);

/*
 * |got - want| <= bound for each element, where bound = c * eps_f32 * sqrt(n_terms) * magnitude[i] + tiny; `magnitude`
 * is the double reference of sum |term| (or NULL: |want|). Reports the worst element. NaN never passes. Appends
 * "suite what worst/bound" to the file that the environment's CLGRPO_TEST_REPORT names.
 */
void fx_close(const char *what, const float *got, const double *want, const double *magnitude, size_t n, double c,
              size_t n_terms);
/* Same bits. */
void fx_same_bits(const char *what, const void *a, const void *b, size_t bytes);

/* A new case of this program's suite, which has the first one's name. */
TCase *fx_case(const char *name);
/* Adds tests to a case, in this order: each once; each with the index of every family, fx_family(_i). */
#define fx_tests(tcase, ...)        fx_add_tests((tcase), 1, (const TTest *const[]){__VA_ARGS__, NULL})
#define fx_family_tests(tcase, ...) fx_add_tests((tcase), FX_N_FAMILIES, (const TTest *const[]){__VA_ARGS__, NULL})
void fx_add_tests(TCase *tcase, int n_runs, const TTest *const *tests);
/* Runs the suite without fork (OpenCL contexts do not survive it), so without timeouts, and returns main's exit code. */
int fx_main(void);
/*
 * Called before anything else, for a suite whose contexts keep programs elsewhere than other processes do. PoCL keeps what
 * it compiles in a folder of all processes, and reads there when a program's binary is asked for; to that the library's
 * lock is none, as it is one of its own folder. So the suite gets a folder of its own, which fx_main removes.
 */
void fx_own_driver_cache(void);

#endif
