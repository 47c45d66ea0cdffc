/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "clgrpo.h"

static const char usage[] = "usage: clgrpo-info [--json]\n"
                            "List the OpenCL devices, how to select them, and the kernels that clgrpo would use.\n"
                            "An asterisk marks the device that a program gets without naming one.\n";

enum { MAX_PLATFORMS = 16, MAX_DEVICES = 64 };

static const char *
family_name(const struct clgrpo_device_info *d)
{
    return d->family == CLGRPO_FAMILY_CPU ? "cpu" : "simt";
}

static void
print_text(const char *selector, bool chosen, const struct clgrpo_device_info *d)
{
    printf("%s %-5s %s / %s\n", chosen ? "*" : " ", selector, d->platform, d->name);
    printf("          driver %s, %u compute units, native width %u, work-groups up to %zu\n", d->driver,
           d->compute_units, d->vector_width, d->max_work_group);
    printf("          memory %.1f GiB, one allocation %.1f GiB, local %.0f KiB, fp64 %s, fp16 %s\n",
           (double)d->global_bytes / (1 << 30), (double)d->max_alloc_bytes / (1 << 30), (double)d->local_bytes / 1024.0,
           d->has_fp64 ? "yes" : "no", d->has_fp16 ? "yes" : "no");
    printf("          kernels: %s\n", family_name(d));
}

static json_t *
to_json(const char *selector, bool chosen, const struct clgrpo_device_info *d)
{
    return json_pack("{s:s, s:b, s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:b, s:b, s:s}", "selector", selector,
                     "default", (int)chosen, "platform", d->platform, "name", d->name, "driver", d->driver,
                     "compute_units", (int)d->compute_units, "vector_width", (int)d->vector_width, "global_bytes",
                     (json_int_t)d->global_bytes, "max_alloc_bytes", (json_int_t)d->max_alloc_bytes, "local_bytes",
                     (json_int_t)d->local_bytes, "fp64", (int)d->has_fp64, "fp16", (int)d->has_fp16, "family",
                     family_name(d));
}

/* false where there is no such device */
static bool
describe(const char *selector, const char *chosen_key, struct clgrpo_device_info *d, bool *chosen)
{
    struct clgrpo_device_info fresh = CLGRPO_DEVICE_INFO_INIT;
    struct clgrpo_context *ctx = NULL;
    bool good;

    *d = fresh;
    if (clgrpo_context_open(selector, NULL, &ctx, NULL, 0) != CLGRPO_OK)
        return false;
    good = clgrpo_device_info_get(ctx, d) == CLGRPO_OK;
    *chosen = chosen_key != NULL && strcmp(d->key, chosen_key) == 0;
    clgrpo_context_destroy(ctx);
    return good;
}

static int
list(bool json)
{
    struct clgrpo_device_info chosen, d;
    bool is_chosen, found = describe(NULL, NULL, &chosen, &is_chosen), marked = false;
    json_t *all = json_array();
    char selector[16];

    for (unsigned p = 0; found && p < MAX_PLATFORMS; p++)
        for (unsigned i = 0; i < MAX_DEVICES; i++) {
            snprintf(selector, sizeof selector, "%u:%u", p, i);
            if (!describe(selector, chosen.key, &d, &is_chosen))
                break;
            is_chosen = is_chosen && !marked; /* of two equal devices the first */
            marked = marked || is_chosen;
            if (json)
                json_array_append_new(all, to_json(selector, is_chosen, &d));
            else
                print_text(selector, is_chosen, &d);
        }
    if (json) {
        json_dumpf(all, stdout, JSON_INDENT(1));
        putchar('\n');
    }
    json_decref(all);
    if (!found)
        fprintf(stderr, "clgrpo-info: no OpenCL device found; install a driver, for example pocl-opencl-icd\n");
    return found ? 0 : 1;
}

int
main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool json = false;
    int letter;

    while ((letter = getopt_long(argc, argv, "jh", longs, NULL)) != -1) {
        if (letter == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (letter != 'j')
            return 2;
        json = true;
    }
    if (optind < argc) {
        fputs(usage, stderr);
        return 2;
    }
    return list(json);
}
