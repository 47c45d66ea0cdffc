/* SPDX-License-Identifier: Apache-2.0 */
#include "stored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ref_layer.h"

enum clgrpo_dtype
fx_storage(int index)
{
    static const enum clgrpo_dtype types[FX_N_STORAGES] = {CLGRPO_F32, CLGRPO_F16, CLGRPO_BF16};

    return types[index % FX_N_STORAGES];
}

enum clgrpo_dtype
fx_few_storage(int index)
{
    const bool is_cpu = fx_family(index / FX_FEW_STORAGES) == CLGRPO_FAMILY_CPU;

    return index % FX_FEW_STORAGES == 0 ? CLGRPO_F32 : is_cpu ? CLGRPO_F16 : CLGRPO_BF16;
}

double
fx_unit(enum clgrpo_dtype dtype)
{
    return dtype == CLGRPO_F16 ? 0x1p-11 : dtype == CLGRPO_BF16 ? 0x1p-8 : 0.0;
}

void *
fx_narrow(enum clgrpo_dtype dtype, const float *x, size_t n)
{
    void *bits = malloc(n * clgrpo_dtype_bytes(dtype) + 1);

    ck_assert_ptr_nonnull(bits);
    if (dtype == CLGRPO_F32)
        memcpy(bits, x, n * sizeof *x);
    for (size_t i = 0; dtype != CLGRPO_F32 && i < n; i++)
        ((uint16_t *)bits)[i] = dtype == CLGRPO_F16 ? ref_f32_to_f16(x[i]) : ref_f32_to_bf16(x[i]);
    return bits;
}

static float
value_of(enum clgrpo_dtype dtype, const void *bits, size_t i)
{
    if (dtype == CLGRPO_F32)
        return ((const float *)bits)[i];
    return dtype == CLGRPO_F16 ? ref_f16_to_f32(((const uint16_t *)bits)[i])
                               : ref_bf16_to_f32(((const uint16_t *)bits)[i]);
}

void
fx_round(enum clgrpo_dtype dtype, float *x, size_t n)
{
    void *bits = fx_narrow(dtype, x, n);

    for (size_t i = 0; i < n; i++)
        x[i] = value_of(dtype, bits, i);
    free(bits);
}

float *
fx_random_in(enum clgrpo_dtype dtype, size_t n, float scale, uint64_t seed)
{
    float *x = fx_random(n, scale, seed);

    fx_round(dtype, x, n);
    return x;
}

struct clgrpo_tensor
fx_upload_in(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape, const float *host)
{
    struct clgrpo_tensor t = clgrpo_tensor_view(NULL, 0, dtype, rank, shape);
    void *bits = fx_narrow(dtype, host, clgrpo_tensor_elems(&t));

    t = fx_upload(ctx, dtype, rank, shape, bits);
    free(bits);
    return t;
}

struct clgrpo_tensor
fx_upload_strided_in(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t rows, size_t cols, size_t stride,
                     const float *host)
{
    void *bits = fx_narrow(dtype, host, rows * cols);
    struct clgrpo_tensor t = fx_upload_strided_as(ctx, dtype, rows, cols, stride, bits);

    free(bits);
    return t;
}

float *
fx_download_in(struct clgrpo_context *ctx, const struct clgrpo_tensor *t)
{
    const size_t n = clgrpo_tensor_elems(t);
    void *bits = fx_download(ctx, t);
    float *x = malloc((n + 1) * sizeof *x);

    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++)
        x[i] = value_of(t->dtype, bits, i);
    free(bits);
    return x;
}

void
fx_close_in(enum clgrpo_dtype dtype, const char *what, const float *got, const double *want, const double *magnitude,
            size_t n, double c, size_t n_terms)
{
    /* the error of rounding: half of an ulp, or of the least number */
    const double unit = fx_unit(dtype), least = dtype == CLGRPO_F16 ? 0x1p-25 : 0.0;
    const double f32 = c * 0x1p-23 * sqrt((double)n_terms + 1.0);
    double *size = malloc((n + 1) * sizeof *size);

    ck_assert_ptr_nonnull(size);
    for (size_t i = 0; i < n; i++) {
        const double bound = f32 * fabs(magnitude != NULL ? magnitude[i] : want[i]);

        size[i] = dtype == CLGRPO_F32 ? bound / f32 : (bound + unit * (fabs(want[i]) + bound) + least) / f32;
    }
    fx_close(what, got, want, size, n, c, n_terms);
    free(size);
}

void
fx_same_rounded(const char *what, const struct clgrpo_tensor *t, const void *bits, const float *want)
{
    const size_t n = clgrpo_tensor_elems(t);
    void *rounded = fx_narrow(t->dtype, want, n);

    fx_same_bits(what, bits, rounded, n * clgrpo_dtype_bytes(t->dtype));
    free(rounded);
}
