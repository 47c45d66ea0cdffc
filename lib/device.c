/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_PLATFORMS = 16, MAX_DEVICES = 64 };

/* Some drivers pad a name with blanks, or do not terminate it. */
static void
text_info(cl_device_id device, cl_device_info what, char *text, size_t bytes)
{
    size_t n;

    memset(text, 0, bytes);
    if (clGetDeviceInfo(device, what, bytes - 1, text, NULL) != CL_SUCCESS)
        snprintf(text, bytes, "unknown");
    for (n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]);)
        text[--n] = '\0';
}

bool
clg_device_has(cl_device_id device, const char *name)
{
    size_t bytes = 0, n = strlen(name);
    char *list;
    bool found = false;

    if (clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, 0, NULL, &bytes) != CL_SUCCESS || bytes == 0)
        return false;
    list = calloc(1, bytes + 1);
    if (list == NULL)
        return false;
    clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, bytes, list, NULL);
    for (const char *at = list; !found && (at = strstr(at, name)) != NULL; at += n)
        found = (at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0');
    free(list);
    return found;
}

/* The largest of 1, 4, 8, 16 that is not above what the device calls native. */
static cl_uint
usable_width(cl_uint native)
{
    return native >= 16 ? 16 : native >= 8 ? 8 : native >= 4 ? 4 : 1;
}

static enum clgrpo_status
get(struct clgrpo_context *ctx, cl_device_info what, size_t bytes, void *value)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_int code = clGetDeviceInfo(ctx->device, what, bytes, value, NULL);

    CLG_REQUIRE(ctx, code == CL_SUCCESS, CLGRPO_E_DEVICE, "the device does not answer: clGetDeviceInfo of 0x%x: %s",
                (unsigned)what, clg_cl_name(code));
out:
    return st;
}

/* OpenCL C 1.2, built on the device's side. fma() is one of its functions, in hardware or not. */
static enum clgrpo_status
check_language(struct clgrpo_context *ctx)
{
    enum clgrpo_status st = CLGRPO_OK;
    char version[128], language[128];
    unsigned of_device[2] = {0}, of_language[2] = {0};
    cl_bool compiles = CL_FALSE;

    CLG_TRY(get(ctx, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiles, &compiles));
    CLG_REQUIRE(ctx, compiles, CLGRPO_E_DEVICE, "%s has no compiler for OpenCL C, and clgrpo's kernels are sources",
                ctx->info.name);
    text_info(ctx->device, CL_DEVICE_VERSION, version, sizeof version);
    text_info(ctx->device, CL_DEVICE_OPENCL_C_VERSION, language, sizeof language);
    CLG_REQUIRE(ctx,
                sscanf(version, "OpenCL %u.%u", &of_device[0], &of_device[1]) == 2 &&
                    sscanf(language, "OpenCL C %u.%u", &of_language[0], &of_language[1]) == 2 &&
                    of_device[0] * 100 + of_device[1] >= 102 && of_language[0] * 100 + of_language[1] >= 102,
                CLGRPO_E_DEVICE, "%s has \"%.40s\" and \"%.40s\", need OpenCL 1.2 and OpenCL C 1.2", ctx->info.name,
                version, language);
out:
    return st;
}

enum clgrpo_status
clg_device_probe(struct clgrpo_context *ctx)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clgrpo_device_info *info = &ctx->info;
    cl_platform_id platform = NULL;
    cl_uint native = 1;

    info->struct_size = sizeof *info;
    CLG_TRY(get(ctx, CL_DEVICE_TYPE, sizeof info->type, &info->type));
    CLG_TRY(get(ctx, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof info->compute_units, &info->compute_units));
    CLG_TRY(get(ctx, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof info->max_work_group, &info->max_work_group));
    CLG_TRY(get(ctx, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof info->global_bytes, &info->global_bytes));
    CLG_TRY(get(ctx, CL_DEVICE_LOCAL_MEM_SIZE, sizeof info->local_bytes, &info->local_bytes));
    CLG_TRY(get(ctx, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof info->max_alloc_bytes, &info->max_alloc_bytes));
    CLG_TRY(get(ctx, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof native, &native));
    CLG_TRY(get(ctx, CL_DEVICE_PLATFORM, sizeof platform, &platform));
    info->vector_width = usable_width(native);
    text_info(ctx->device, CL_DEVICE_NAME, info->name, sizeof info->name);
    text_info(ctx->device, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    text_info(ctx->device, CL_DRIVER_VERSION, info->driver, sizeof info->driver);
    clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof info->platform - 1, info->platform, NULL);
    snprintf(info->key, sizeof info->key, "%.80s/%.80s/%.80s", info->vendor, info->name, info->driver);
    info->has_fp64 = clg_device_has(ctx->device, "cl_khr_fp64");
    info->has_fp16 = clg_device_has(ctx->device, "cl_khr_fp16");
    CLG_TRY(check_language(ctx));
out:
    return st;
}

unsigned
clg_vector_width(const struct clgrpo_context *ctx)
{
    return ctx->info.vector_width < 4 ? 4 : ctx->info.vector_width;
}

struct candidate {
    cl_device_id device;
    cl_device_type type;
    unsigned platform_index, device_index;
    char name[320]; /* "platform / device" */
};

static unsigned
list_devices(struct candidate *list, unsigned max)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint n_platforms = 0;
    unsigned n = 0;

    if (clGetPlatformIDs(MAX_PLATFORMS, platforms, &n_platforms) != CL_SUCCESS)
        return 0;
    for (unsigned p = 0; p < n_platforms && p < MAX_PLATFORMS; p++) {
        cl_device_id devices[MAX_DEVICES];
        cl_uint n_devices = 0;
        char platform[128] = "";

        clGetPlatformInfo(platforms[p], CL_PLATFORM_NAME, sizeof platform - 1, platform, NULL);
        if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, MAX_DEVICES, devices, &n_devices) != CL_SUCCESS)
            continue;
        for (unsigned d = 0; d < n_devices && d < MAX_DEVICES && n < max; d++, n++) {
            char name[128];

            list[n] = (struct candidate){.device = devices[d], .platform_index = p, .device_index = d};
            clGetDeviceInfo(devices[d], CL_DEVICE_TYPE, sizeof list[n].type, &list[n].type, NULL);
            text_info(devices[d], CL_DEVICE_NAME, name, sizeof name);
            snprintf(list[n].name, sizeof list[n].name, "%s / %s", platform, name);
        }
    }
    return n;
}

static bool
matches(const struct candidate *c, const char *selector)
{
    unsigned p, d;
    int used = 0;

    if (strcasecmp(selector, "gpu") == 0)
        return (c->type & CL_DEVICE_TYPE_GPU) != 0;
    if (strcasecmp(selector, "cpu") == 0)
        return (c->type & CL_DEVICE_TYPE_CPU) != 0;
    if (sscanf(selector, "%u:%u%n", &p, &d, &used) == 2 && selector[used] == '\0')
        return c->platform_index == p && c->device_index == d;
    return strcasestr(c->name, selector) != NULL;
}

/* "0:0 platform / device, 0:1 ..." */
static void
write_list(const struct candidate *list, unsigned n, char *text, size_t bytes)
{
    size_t used = 0;

    for (unsigned i = 0; i < n && used < bytes; i++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%u:%u %s", i > 0 ? ", " : "", list[i].platform_index,
                                 list[i].device_index, list[i].name);
}

/* Why there is no device at all: nothing is installed, or what is installed gives none. */
static enum clgrpo_status
no_device(struct clgrpo_context *ctx)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint n = 0;
    cl_int code = clGetPlatformIDs(MAX_PLATFORMS, platforms, &n);
    char name[128] = "";

    if (code != CL_SUCCESS || n == 0)
        return clg_fail(ctx, CLGRPO_E_DEVICE,
                        "no OpenCL platform found (%d); install a driver, for example pocl-opencl-icd", code);
    clGetPlatformInfo(platforms[0], CL_PLATFORM_NAME, sizeof name - 1, name, NULL);
    code = clGetDeviceIDs(platforms[0], CL_DEVICE_TYPE_ALL, 0, NULL, &n);
    return clg_fail(ctx, CLGRPO_E_DEVICE, "the OpenCL platform %s gives no device: %s (%d)%s", name, clg_cl_name(code),
                    code,
                    strcmp(name, "Portable Computing Language") == 0
                        ? "; it needs a folder that it can write to, which POCL_CACHE_DIR names"
                        : "");
}

enum clgrpo_status
clg_device_find(struct clgrpo_context *ctx, const char *selector, cl_device_id *device)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct candidate list[MAX_DEVICES];
    unsigned n = list_devices(list, MAX_DEVICES);
    char text[400] = "";

    if (n == 0)
        return no_device(ctx);
    if (selector == NULL || selector[0] == '\0')
        selector = secure_getenv("CLGRPO_DEVICE");
    if (selector == NULL || selector[0] == '\0') {
        *device = list[0].device;
        for (unsigned i = n; i-- > 0;)
            if ((list[i].type & CL_DEVICE_TYPE_GPU) != 0)
                *device = list[i].device;
        goto out;
    }
    for (unsigned i = 0; i < n; i++) {
        if (matches(&list[i], selector)) {
            *device = list[i].device;
            goto out;
        }
    }
    write_list(list, n, text, sizeof text);
    st = clg_fail(ctx, CLGRPO_E_DEVICE, "no device matches '%.64s'; there are %s", selector, text);
out:
    return st;
}
