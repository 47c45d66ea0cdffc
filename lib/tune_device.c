/* SPDX-License-Identifier: Apache-2.0 */
#include "tune_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Codes of cl_nv_device_attribute_query and cl_intel_device_attribute_query. */
enum { NV_MAJOR = 0x4000, NV_MINOR = 0x4001, INTEL_IP_VERSION = 0x4250 };

/* Tabs and control characters would break a row's columns. */
static void
plain_text(char *s)
{
    for (; *s != '\0'; s++)
        if (iscntrl((unsigned char)*s))
            *s = ' ';
}

static const char *
vendor_name(const char *vendor)
{
    static const struct {
        const char *in, *name;
    } table[] = {
        {"nvidia", "nvidia"},     {"advanced micro", "amd"}, {"amd", "amd"},     {"intel", "intel"}, {"arm", "arm"},
        {"qualcomm", "qualcomm"}, {"imagination", "img"},    {"apple", "apple"}, {"mesa", "mesa"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcasestr(vendor, table[i].in) != NULL)
            return table[i].name;
    return "";
}

static bool
uint_info(const struct clgrpo_context *ctx, cl_device_info what, cl_uint *value)
{
    return clGetDeviceInfo(ctx->device, what, sizeof *value, value, NULL) == CL_SUCCESS;
}

/* "sm_90", "gfx90a", "xe-12.60.7", or the core that PoCL names: "pthread-haswell-AMD EPYC". */
static void
find_arch(const struct clgrpo_context *ctx, char *arch, size_t bytes)
{
    const char *name = ctx->info.name, *vendor = vendor_name(ctx->info.vendor), *at;
    cl_uint major, minor;

    arch[0] = '\0';
    if (strcmp(vendor, "nvidia") == 0 && uint_info(ctx, NV_MAJOR, &major) && uint_info(ctx, NV_MINOR, &minor))
        snprintf(arch, bytes, "sm_%u%u", major, minor);
    else if ((at = strstr(name, "gfx")) != NULL && isdigit((unsigned char)at[3]))
        snprintf(arch, bytes, "%.*s", (int)strcspn(at, " :-"), at);
    else if (strncmp(name, "pthread-", 8) == 0 || strncmp(name, "cpu-", 4) == 0)
        snprintf(arch, bytes, "%.*s", (int)strcspn(strchr(name, '-') + 1, "-"), strchr(name, '-') + 1);
    else if (strcmp(vendor, "intel") == 0 && (ctx->info.type & CL_DEVICE_TYPE_GPU) != 0 &&
             uint_info(ctx, INTEL_IP_VERSION, &major))
        snprintf(arch, bytes, "xe-%u.%u.%u", major >> 22, major >> 14 & 0xff, major & 0x3f);
}

void
clg_tune_keys_fill(const struct clgrpo_context *ctx, struct clg_tune_keys *keys)
{
    const struct clgrpo_device_info *d = &ctx->info;
    char(*text)[sizeof keys->text[0]] = keys->text;

    memset(keys, 0, sizeof *keys);
    if (ctx->family == CLGRPO_FAMILY_CPU)
        snprintf(text[CLG_TUNE_CLASS], sizeof text[0], "cpu-vec%u", clg_vector_width(ctx));
    else
        snprintf(text[CLG_TUNE_CLASS], sizeof text[0], "simt-%s",
                 (d->type & CL_DEVICE_TYPE_GPU) != 0   ? "gpu"
                 : (d->type & CL_DEVICE_TYPE_CPU) != 0 ? "cpu"
                                                       : "other");
    /* on PoCL the compiler matters more than the processor's maker */
    snprintf(text[CLG_TUNE_VENDOR], sizeof text[0], "%s",
             strcmp(d->platform, "Portable Computing Language") == 0 ? "pocl" : vendor_name(d->vendor));
    find_arch(ctx, text[CLG_TUNE_ARCH], sizeof text[0]);
    snprintf(text[CLG_TUNE_DEVICE], sizeof text[0], "%.120s/%.120s", d->vendor, d->name);
    for (size_t i = 0; i < CLG_TUNE_N_LINKS; i++)
        plain_text(text[i]);
}
