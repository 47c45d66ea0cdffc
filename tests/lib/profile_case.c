/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_case.h"

struct clgrpo_context *
profile_open(enum clgrpo_family family)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

    config.family = family;
    config.queue_properties = CL_QUEUE_PROFILING_ENABLE;
    return fx_open(NULL, &config);
}

struct clgrpo_profile *
profile_begin(struct clgrpo_context *ctx, size_t most)
{
    struct clgrpo_profile *p = NULL;

    fx_ok(ctx, clgrpo_profile_create(ctx, most, &p));
    return p;
}

struct clgrpo_profile_counts
profile_finish(struct clgrpo_context *ctx, struct clgrpo_profile *p)
{
    struct clgrpo_profile_counts c = CLGRPO_PROFILE_COUNTS_INIT;

    fx_ok(ctx, clgrpo_profile_finish(p, &c));
    return c;
}

struct clgrpo_profile_record
profile_record(struct clgrpo_context *ctx, struct clgrpo_profile *p, size_t i)
{
    struct clgrpo_profile_record r = CLGRPO_PROFILE_RECORD_INIT;

    fx_ok(ctx, clgrpo_profile_record_get(p, i, &r));
    return r;
}

struct clgrpo_tensor
profile_matrix(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t rows, size_t columns)
{
    struct clgrpo_tensor t = {0};

    fx_ok(ctx, clgrpo_tensor_create(ctx, dtype, 2, FX_SHAPE(rows, columns), &t));
    fx_ok(ctx, clgrpo_tensor_zero(ctx, &t, clgrpo_context_queue(ctx), 0, NULL, NULL));
    return t;
}
