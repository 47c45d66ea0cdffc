/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cache.h"
#include "device.h"
#include "profile.h"
#include "tier.h"
#include "tune.h"

/* A CPU device without native vectors, such as llvmpipe, runs work-items in the lanes of vectors, as a GPU does: it
 * gets the simt family. */
static enum clgrpo_status
choose_family(struct clgrpo_context *ctx, enum clgrpo_family wanted)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_device_info *info = &ctx->info;
    const char *env = secure_getenv("CLGRPO_FAMILY");
    const bool vectors = (info->type & CL_DEVICE_TYPE_CPU) != 0 && info->vector_width > 1;

    info->family = vectors ? CLGRPO_FAMILY_CPU : CLGRPO_FAMILY_SIMT;
    if (wanted != CLGRPO_FAMILY_AUTO)
        info->family = wanted;
    else if (env != NULL && strcasecmp(env, "simt") == 0)
        info->family = CLGRPO_FAMILY_SIMT;
    else if (env != NULL && strcasecmp(env, "cpu") == 0)
        info->family = CLGRPO_FAMILY_CPU;
    else
        CLG_REQUIRE(ctx, env == NULL || env[0] == '\0', CLGRPO_E_VALUE, "CLGRPO_FAMILY is \"%.40s\", need simt or cpu",
                    env);
    ctx->family = info->family;
out:
    return st;
}

static enum clgrpo_status
choose_width(struct clgrpo_context *ctx)
{
    enum clgrpo_status st = CLGRPO_OK;
    const char *env = secure_getenv("CLGRPO_VECTOR_WIDTH");

    if (env == NULL || env[0] == '\0')
        return CLGRPO_OK;
    CLG_REQUIRE(ctx, strcmp(env, "4") == 0 || strcmp(env, "8") == 0 || strcmp(env, "16") == 0, CLGRPO_E_VALUE,
                "CLGRPO_VECTOR_WIDTH is \"%.40s\", need 4, 8 or 16", env);
    if (ctx->family == CLGRPO_FAMILY_CPU)
        ctx->info.vector_width = (cl_uint)atoi(env);
out:
    return st;
}

/* What follows from the device, the configuration and the environment. */
static enum clgrpo_status
configure(struct clgrpo_context *ctx, const struct clgrpo_context_config *given)
{
    struct clgrpo_context_config full = CLGRPO_CONTEXT_CONFIG_INIT, *const config = &full;
    enum clgrpo_status st = CLGRPO_OK;

    if (given != NULL)
        CLG_TRY(clg_struct_take(ctx, "the configuration", given, config, sizeof full));
    CLG_REQUIRE(ctx, (unsigned)config->family <= CLGRPO_FAMILY_CPU, CLGRPO_E_ARGUMENT, "unknown family %d",
                (int)config->family);
    CLG_TRY(clg_device_probe(ctx));
    ctx->cache_stats.struct_size = sizeof ctx->cache_stats;
    ctx->allow_reordering = config->allow_reordering;
    CLG_REQUIRE(ctx, (config->queue_properties & ~(cl_command_queue_properties)CL_QUEUE_PROFILING_ENABLE) == 0,
                CLGRPO_E_ARGUMENT, "queue_properties is %#llx, need 0 or CL_QUEUE_PROFILING_ENABLE",
                (unsigned long long)config->queue_properties);
    ctx->queue_properties = config->queue_properties;
    ctx->tiers = calloc(CLG_N_TIERS, sizeof *ctx->tiers);
    CLG_REQUIRE(ctx, ctx->tiers != NULL, CLGRPO_E_MEMORY, "out of memory");
    CLG_TRY(choose_family(ctx, config->family));
    CLG_TRY(choose_width(ctx));
    CLG_TRY(clg_tune_open(ctx, config->tune_file));
    ctx->cache_dir = clg_cache_dir(config->cache_dir);
    for (size_t i = 0; i < CLG_N_TIERS && ctx->family == CLGRPO_FAMILY_SIMT; i++)
        clg_tier_get(ctx, (enum clg_tier_id)i); /* here, so that no operation is held up by a probe */
out:
    return st;
}

/* Hands out a context, or destroys it and hands out its sentence. A null one is out of memory. */
static enum clgrpo_status
hand_out(struct clgrpo_context *ctx, enum clgrpo_status st, struct clgrpo_context **out, char *error,
         size_t error_bytes)
{
    *out = st == CLGRPO_OK ? ctx : NULL;
    if (st == CLGRPO_OK)
        return CLGRPO_OK;
    if (error != NULL && error_bytes > 0)
        snprintf(error, error_bytes, "%s", ctx != NULL ? ctx->error.text : clgrpo_status_text(st));
    clgrpo_context_destroy(ctx);
    return st;
}

static enum clgrpo_status
take_device(struct clgrpo_context *ctx, cl_context cl, cl_device_id device, const struct clgrpo_context_config *config)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, cl != NULL && device != NULL, CLGRPO_E_ARGUMENT, "context_create: the %s is null",
                cl == NULL ? "cl_context" : "device");
    CLG_CL(ctx, clRetainContext(cl));
    ctx->cl = cl;
    ctx->device = device;
    CLG_TRY(configure(ctx, config));
out:
    return st;
}

enum clgrpo_status
clgrpo_context_create(cl_context cl, cl_device_id device, const struct clgrpo_context_config *config,
                      struct clgrpo_context **out, char *error, size_t error_bytes)
{
    struct clgrpo_context *ctx;

    if (out == NULL)
        return CLGRPO_E_ARGUMENT;
    ctx = calloc(1, sizeof *ctx);
    return hand_out(ctx, ctx != NULL ? take_device(ctx, cl, device, config) : CLGRPO_E_MEMORY, out, error, error_bytes);
}

static enum clgrpo_status
open_device(struct clgrpo_context *ctx, const char *selector, const struct clgrpo_context_config *config)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_int code = CL_SUCCESS;

    CLG_TRY(clg_device_find(ctx, selector, &ctx->device));
    ctx->cl = clCreateContext(NULL, 1, &ctx->device, NULL, NULL, &code);
    CLG_REQUIRE(ctx, code == CL_SUCCESS, CLGRPO_E_OPENCL, "clCreateContext failed with %s", clg_cl_name(code));
    CLG_TRY(configure(ctx, config));
    ctx->queue = clCreateCommandQueue(ctx->cl, ctx->device, ctx->queue_properties, &code);
    CLG_REQUIRE(ctx, code == CL_SUCCESS, CLGRPO_E_OPENCL, "clCreateCommandQueue failed with %s", clg_cl_name(code));
out:
    return st;
}

enum clgrpo_status
clgrpo_context_open(const char *selector, const struct clgrpo_context_config *config, struct clgrpo_context **out,
                    char *error, size_t error_bytes)
{
    struct clgrpo_context *ctx;

    if (out == NULL)
        return CLGRPO_E_ARGUMENT;
    ctx = calloc(1, sizeof *ctx);
    return hand_out(ctx, ctx != NULL ? open_device(ctx, selector, config) : CLGRPO_E_MEMORY, out, error, error_bytes);
}

void
clgrpo_context_destroy(struct clgrpo_context *ctx)
{
    if (ctx == NULL)
        return;
    clgrpo_error_clear(ctx);
    clg_profile_detach(ctx->profile);
    clg_programs_destroy(ctx);
    clg_tune_close(ctx);
    free(ctx->tiers);
    if (ctx->queue != NULL)
        clReleaseCommandQueue(ctx->queue);
    if (ctx->cl != NULL)
        clReleaseContext(ctx->cl);
    free(ctx->cache_dir);
    free(ctx);
}

cl_context
clgrpo_context_cl(const struct clgrpo_context *ctx)
{
    return ctx != NULL ? ctx->cl : NULL;
}

cl_device_id
clgrpo_context_device(const struct clgrpo_context *ctx)
{
    return ctx != NULL ? ctx->device : NULL;
}

cl_command_queue
clgrpo_context_queue(const struct clgrpo_context *ctx)
{
    return ctx != NULL ? ctx->queue : NULL;
}

enum clgrpo_status
clgrpo_device_info_get(struct clgrpo_context *ctx, struct clgrpo_device_info *info)
{
    return ctx == NULL ? CLGRPO_E_ARGUMENT
                       : clg_struct_give(ctx, "device_info_get: info", info, &ctx->info, sizeof ctx->info);
}

enum clgrpo_status
clgrpo_cache_stats_get(struct clgrpo_context *ctx, struct clgrpo_cache_stats *stats)
{
    return ctx == NULL
               ? CLGRPO_E_ARGUMENT
               : clg_struct_give(ctx, "cache_stats_get: stats", stats, &ctx->cache_stats, sizeof ctx->cache_stats);
}
