/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that run over the types of storage, f32, f16 and bf16. Values on the host are f32. */
#ifndef CLGRPO_TESTS_STORED_H
#define CLGRPO_TESTS_STORED_H

#include "fixture.h"

enum { FX_N_STORAGES = 3 };
/* The type of index i, modulo 3; the first is f32. */
enum clgrpo_dtype fx_storage(int index);
/* Adds tests with the index of every family and type: fx_family(_i / FX_N_STORAGES), fx_storage(_i). */
#define fx_storage_tests(tcase, ...)                                                                                   \
    fx_add_tests((tcase), FX_N_FAMILIES *FX_N_STORAGES, (const TTest *const[]){__VA_ARGS__, NULL})

/* The same for operations whose kernels take long to compile, f32 and one type of halves for each family: that halves of
 * both types have the bits of f32, rounded, a suite of its own shows. fx_family(_i / FX_FEW_STORAGES), fx_few_storage(_i). */
enum { FX_FEW_STORAGES = 2 };
enum clgrpo_dtype fx_few_storage(int index);
#define fx_few_storage_tests(tcase, ...)                                                                               \
    fx_add_tests((tcase), FX_N_FAMILIES *FX_FEW_STORAGES, (const TTest *const[]){__VA_ARGS__, NULL})

/* Half of a unit in the last place of a half, relative; 0 for f32. */
double fx_unit(enum clgrpo_dtype dtype);
/* n values in storage of a type, rounded to nearest even by the reference. malloc'ed. */
void *fx_narrow(enum clgrpo_dtype dtype, const float *x, size_t n);
/* Rounds values to what the type can hold; fx_random of such values. */
void fx_round(enum clgrpo_dtype dtype, float *x, size_t n);
float *fx_random_in(enum clgrpo_dtype dtype, size_t n, float scale, uint64_t seed);
/* As their namesakes without _in, by way of f32 on the host. */
struct clgrpo_tensor fx_upload_in(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank,
                                  const size_t *shape, const float *host);
struct clgrpo_tensor fx_upload_strided_in(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t rows, size_t cols,
                                          size_t stride, const float *host);
float *fx_download_in(struct clgrpo_context *ctx, const struct clgrpo_tensor *t);
/* fx_close with the bound of arithmetic in f32 that is rounded once to the type: that bound, and half of a unit in the
 * last place of what it then may be. */
void fx_close_in(enum clgrpo_dtype dtype, const char *what, const float *got, const double *want,
                 const double *magnitude, size_t n, double c, size_t n_terms);
/* The bits of tensor t are those of f32 values, rounded once. */
void fx_same_rounded(const char *what, const struct clgrpo_tensor *t, const void *bits, const float *want);

#endif
