/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "machine/machine_internal.h"

#ifndef CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV
#define CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV 0x4000
#define CL_DEVICE_COMPUTE_CAPABILITY_MINOR_NV 0x4001
#endif

static const struct {
    const char *extension, *unit;
} units[] = {
    {"cl_intel_subgroup_matrix_multiply_accumulate", "dpas of sub-groups"},
    {"cl_arm_matrix_multiply", "Arm's matrix products"},
    {"cl_arm_integer_dot_product_int8", "Arm's dot products of bytes"},
    {"cl_qcom_dot_product8", "Qualcomm's dot products of bytes"},
};

static bool
holds_word(const char *text, const char *word)
{
    const size_t n = strlen(word);

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += n)
        if ((at == text || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

static char *
extensions_of(cl_device_id device)
{
    size_t bytes = 0;
    char *text;

    if (clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, 0, NULL, &bytes) != CL_SUCCESS ||
        (text = calloc(bytes + 1, 1)) == NULL)
        return NULL;
    clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, bytes, text, NULL);
    return text;
}

bool
machine_has_dot(cl_device_id device)
{
    char *extensions = extensions_of(device);
    const bool has = extensions != NULL && holds_word(extensions, "cl_khr_integer_dot_product");

    free(extensions);
    return has;
}

static void
append(char *note, size_t bytes, unsigned *n, const char *unit)
{
    const size_t used = strlen(note);

    snprintf(note + used, bytes - used, "%s%s", (*n)++ > 0 ? ", " : "", unit);
}

struct bench_row
machine_find_matrix_units(cl_device_id device)
{
    struct bench_row row = {.kind = BENCH_OTHER, .row = "machine.matrix", .unit = "-", .limit_name = "-"};
    cl_uint major = 0, minor = 0;
    char *extensions = extensions_of(device), text[96];
    unsigned n = 0;

    for (size_t i = 0; extensions != NULL && i < sizeof units / sizeof units[0]; i++)
        if (holds_word(extensions, units[i].extension))
            append(row.note, sizeof row.note, &n, units[i].unit);
    /* NVIDIA's are not an extension: they are known by the compute capability */
    if (extensions != NULL && holds_word(extensions, "cl_nv_device_attribute_query") &&
        clGetDeviceInfo(device, CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV, sizeof major, &major, NULL) == CL_SUCCESS &&
        clGetDeviceInfo(device, CL_DEVICE_COMPUTE_CAPABILITY_MINOR_NV, sizeof minor, &minor, NULL) == CL_SUCCESS &&
        major >= 7) {
        snprintf(text, sizeof text, "mma of compute capability %u.%u", major, minor);
        append(row.note, sizeof row.note, &n, text);
    }
    free(extensions);
    snprintf(row.note + strlen(row.note), sizeof row.note - strlen(row.note), "%s; not measured",
             n == 0 ? "none reported" : "");
    row.value = n;
    return row;
}
