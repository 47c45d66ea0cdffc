/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "device.h"
#include "tier.h"
#include "tune.h"

/* A CPU device without vectors of its own (llvmpipe) makes lanes of work-items, as a GPU does. */
static enum clgrpo_status
choose_family(enum clgrpo_family wanted, struct clgrpo_device_info *info, char *error, size_t error_bytes)
{
    const char *env = getenv("CLGRPO_FAMILY");
    const bool vectors = (info->type & CL_DEVICE_TYPE_CPU) != 0 && info->vector_width > 1;

    info->family = vectors ? CLGRPO_FAMILY_CPU : CLGRPO_FAMILY_SIMT;
    if (wanted != CLGRPO_FAMILY_AUTO) {
        info->family = wanted;
    } else if (env != NULL && strcasecmp(env, "simt") == 0) {
        info->family = CLGRPO_FAMILY_SIMT;
    } else if (env != NULL && strcasecmp(env, "cpu") == 0) {
        info->family = CLGRPO_FAMILY_CPU;
    } else if (env != NULL && env[0] != '\0') {
        snprintf(error, error_bytes, "CLGRPO_FAMILY is \"%.40s\", need simt or cpu", env);
        return CLGRPO_E_VALUE;
    }
    return CLGRPO_OK;
}

static enum clgrpo_status
choose_width(struct clgrpo_device_info *info, char *error, size_t error_bytes)
{
    const char *env = getenv("CLGRPO_VECTOR_WIDTH");

    if (env == NULL || env[0] == '\0')
        return CLGRPO_OK;
    if (strcmp(env, "4") != 0 && strcmp(env, "8") != 0 && strcmp(env, "16") != 0) {
        snprintf(error, error_bytes, "CLGRPO_VECTOR_WIDTH is \"%.40s\", need 4, 8 or 16", env);
        return CLGRPO_E_VALUE;
    }
    if (info->family == CLGRPO_FAMILY_CPU)
        info->vector_width = (cl_uint)atoi(env);
    return CLGRPO_OK;
}

/* `error` gets a sentence where the status alone does not say enough. */
static enum clgrpo_status
create(cl_context cl, cl_device_id device, const struct clgrpo_context_config *config, struct clgrpo_context **out,
       char *error, size_t error_bytes)
{
    static const struct clgrpo_context_config defaults = CLGRPO_CONTEXT_CONFIG_INIT;
    struct clgrpo_context *ctx;
    enum clgrpo_status st;

    if (config == NULL)
        config = &defaults;
    if (cl == NULL || device == NULL || out == NULL || config->struct_size != sizeof *config ||
        (unsigned)config->family > CLGRPO_FAMILY_CPU)
        return CLGRPO_E_ARGUMENT;
    ctx = calloc(1, sizeof *ctx);
    if (ctx == NULL)
        return CLGRPO_E_MEMORY;
    if (clg_device_probe(device, &ctx->info) != CL_SUCCESS) {
        free(ctx);
        return CLGRPO_E_DEVICE;
    }
    ctx->cache_stats.struct_size = sizeof ctx->cache_stats;
    ctx->device = device;
    ctx->allow_reordering = config->allow_reordering;
    ctx->tiers = calloc(CLG_N_TIERS, sizeof *ctx->tiers);
    st = ctx->tiers != NULL ? choose_family(config->family, &ctx->info, error, error_bytes) : CLGRPO_E_MEMORY;
    if (st == CLGRPO_OK)
        st = choose_width(&ctx->info, error, error_bytes);
    ctx->family = ctx->info.family;
    if (st == CLGRPO_OK)
        st = clg_tune_open(ctx, config, error, error_bytes);
    if (st != CLGRPO_OK) {
        clg_tune_close(ctx);
        free(ctx->tiers);
        free(ctx->cache_dir);
        free(ctx);
        return st;
    }
    ctx->cache_dir = clg_cache_dir(config->cache_dir);
    ctx->cl = cl;
    clRetainContext(cl);
    *out = ctx;
    return CLGRPO_OK;
}

enum clgrpo_status
clgrpo_context_create(cl_context cl, cl_device_id device, const struct clgrpo_context_config *config,
                      struct clgrpo_context **out)
{
    char sink[128];

    return create(cl, device, config, out, sink, sizeof sink);
}

enum clgrpo_status
clgrpo_context_open(const char *selector, const struct clgrpo_context_config *config, struct clgrpo_context **out,
                    char *error, size_t error_bytes)
{
    enum clgrpo_status st;
    cl_device_id device = NULL;
    cl_context cl = NULL;
    cl_int code = CL_SUCCESS;
    char sink[128];

    if (error == NULL || error_bytes == 0) {
        error = sink;
        error_bytes = sizeof sink;
    }
    if (out == NULL)
        return CLGRPO_E_ARGUMENT;
    *out = NULL;
    if ((st = clg_device_find(selector, &device, error, error_bytes)) != CLGRPO_OK)
        return st;
    cl = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    if (code != CL_SUCCESS) {
        snprintf(error, error_bytes, "clCreateContext failed with %s", clg_cl_name(code));
        return CLGRPO_E_OPENCL;
    }
    snprintf(error, error_bytes, "%s", "");
    st = create(cl, device, config, out, error, error_bytes);
    clReleaseContext(cl); /* the library's context holds its own reference */
    if (st != CLGRPO_OK) {
        if (error[0] == '\0')
            snprintf(error, error_bytes, "the context could not be made: %s", clgrpo_status_text(st));
        return st;
    }
    (*out)->queue = clCreateCommandQueue((*out)->cl, device, 0, &code);
    if (code != CL_SUCCESS) {
        snprintf(error, error_bytes, "clCreateCommandQueue failed with %s", clg_cl_name(code));
        clgrpo_context_destroy(*out);
        *out = NULL;
        return CLGRPO_E_OPENCL;
    }
    return CLGRPO_OK;
}

void
clgrpo_context_destroy(struct clgrpo_context *ctx)
{
    if (ctx == NULL)
        return;
    clg_programs_destroy(ctx);
    clg_tune_close(ctx);
    free(ctx->tiers);
    if (ctx->queue != NULL)
        clReleaseCommandQueue(ctx->queue);
    clReleaseContext(ctx->cl);
    free(ctx->cache_dir);
    free(ctx);
}

cl_context
clgrpo_context_cl(const struct clgrpo_context *ctx)
{
    return ctx->cl;
}

cl_device_id
clgrpo_context_device(const struct clgrpo_context *ctx)
{
    return ctx->device;
}

cl_command_queue
clgrpo_context_queue(const struct clgrpo_context *ctx)
{
    return ctx->queue;
}

enum clgrpo_status
clgrpo_device_info_get(struct clgrpo_context *ctx, struct clgrpo_device_info *info)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, info != NULL && info->struct_size == sizeof *info, CLGRPO_E_ARGUMENT,
                "device_info_get: info is null or its struct_size is not %zu", sizeof *info);
    *info = ctx->info;
out:
    return st;
}

void
clgrpo_cache_stats_get(const struct clgrpo_context *ctx, struct clgrpo_cache_stats *stats)
{
    *stats = ctx->cache_stats;
}

unsigned
clg_vector_width(const struct clgrpo_context *ctx)
{
    return ctx->info.vector_width < 4 ? 4 : ctx->info.vector_width;
}
