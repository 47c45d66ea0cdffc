/* SPDX-License-Identifier: Apache-2.0 */
#include "info/info.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/family.h"
#include "measure/program.h"
#include "names/option.h"
#include "tune.h"

static const char usage[] = "usage: clgrpo-info [--json] [--allow-reordering] [--version]\n"
                            "List the OpenCL devices, how to select them, the kernels that clgrpo would use, the tiers "
                            "with the verdicts of their\n"
                            "probes, and the tuned parameters with where each comes from.\n"
                            "An asterisk marks the device that a program gets without naming one.\n"
                            "--allow-reordering: as for a program that lets the order of sums change.\n";

static struct clgrpo_context_config config;

enum { MAX_PLATFORMS = 16, MAX_DEVICES = 64, ERROR = 512, OPT_VERSION = 256 };

static void
print_text(const char *selector, bool chosen, struct clgrpo_context *ctx, const struct clgrpo_device_info *d)
{
    printf("%s %-5s %s / %s\n", chosen ? "*" : " ", selector, d->platform, d->name);
    printf("          driver %s, %u compute units, native width %u, work-groups up to %zu\n", d->driver,
           d->compute_units, d->vector_width, d->max_work_group);
    printf("          memory %.1f GiB, one allocation %.1f GiB, local %.0f KiB, fp64 %s, fp16 %s\n",
           (double)d->global_bytes / (1 << 30), (double)d->max_alloc_bytes / (1 << 30), (double)d->local_bytes / 1024.0,
           d->has_fp64 ? "yes" : "no", d->has_fp16 ? "yes" : "no");
    printf("          kernels: %s\n", bench_family_name(d->family));
    info_print_tuning(ctx, d->family);
}

static json_t *
to_json(const char *selector, bool chosen, struct clgrpo_context *ctx, const struct clgrpo_device_info *d)
{
    return json_pack("{s:s, s:b, s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:b, s:b, s:s, s:o, s:o, s:o}", "selector",
                     selector, "default", (int)chosen, "platform", d->platform, "name", d->name, "driver", d->driver,
                     "compute_units", (int)d->compute_units, "vector_width", (int)d->vector_width, "global_bytes",
                     (json_int_t)d->global_bytes, "max_alloc_bytes", (json_int_t)d->max_alloc_bytes, "local_bytes",
                     (json_int_t)d->local_bytes, "fp64", (int)d->has_fp64, "fp16", (int)d->has_fp16, "family",
                     bench_family_name(d->family), "keys", info_keys_to_json(ctx), "tiers", info_tiers_to_json(ctx),
                     "parameters", info_tuning_to_json(ctx, d->family));
}

/* Says once what was passed over in the user's file of tuned parameters. */
static void
warn(const struct clgrpo_context *ctx)
{
    static bool warned;
    const char *sentence;
    unsigned n = clg_tune_malformed(ctx, &sentence);

    if (n == 0 || warned)
        return;
    warned = true;
    fflush(stdout);
    fprintf(stderr, "clgrpo-info: warning: %s", sentence);
    fprintf(stderr, n > 1 ? "; it and %u more are passed over\n" : "; it is passed over\n", n - 1);
}

/* A context of the device, or NULL if there is none; error[] says why. If CLGRPO_TUNE cannot be used, it says so, sets
 * *malformed, and goes on without tuned parameters of the user's. */
static struct clgrpo_context *
open_device(const char *selector, struct clgrpo_device_info *d, bool *malformed, char error[ERROR])
{
    struct clgrpo_device_info fresh = CLGRPO_DEVICE_INFO_INIT;
    struct clgrpo_context *ctx = NULL;
    enum clgrpo_status st = clgrpo_context_open(selector, &config, &ctx, error, ERROR);

    *d = fresh;
    if (st == CLGRPO_E_TUNING) {
        fflush(stdout);
        fprintf(stderr, "clgrpo-info: %s\n", error);
        *malformed = true;
        config.tune_file = "";
        unsetenv("CLGRPO_TUNE");
        st = clgrpo_context_open(selector, &config, &ctx, error, ERROR);
    }
    if (st == CLGRPO_OK)
        warn(ctx);
    if (st == CLGRPO_OK && clgrpo_device_info_get(ctx, d) == CLGRPO_OK)
        return ctx;
    clgrpo_context_destroy(ctx);
    return NULL;
}

/* The key of the device that a program gets without naming one. A name in CLGRPO_DEVICE that is none is told, and the
 * devices are listed nevertheless, for that is how one finds the right name. */
static bool
find_default(char *key, size_t bytes, bool *malformed, char error[ERROR])
{
    struct clgrpo_device_info d;
    struct clgrpo_context *ctx = open_device(NULL, &d, malformed, error);
    bool misnamed = ctx == NULL && getenv("CLGRPO_DEVICE") != NULL;

    if (misnamed) {
        char unset[ERROR];

        unsetenv("CLGRPO_DEVICE");
        misnamed = (ctx = open_device(NULL, &d, malformed, unset)) != NULL;
    }
    if (misnamed) {
        fprintf(stderr, "clgrpo-info: CLGRPO_DEVICE: %s\n", error);
        *malformed = true;
    }
    snprintf(key, bytes, "%s", misnamed ? "" : d.key);
    clgrpo_context_destroy(ctx);
    return ctx != NULL;
}

static int
list(bool json)
{
    bool marked = false, malformed = false, found;
    json_t *all = json_array();
    struct clgrpo_device_info d;
    struct clgrpo_context *ctx;
    char selector[16], key[sizeof d.key], error[ERROR] = "", unused[ERROR];

    found = find_default(key, sizeof key, &malformed, error);
    for (unsigned p = 0; found && p < MAX_PLATFORMS; p++)
        for (unsigned i = 0; i < MAX_DEVICES; i++) {
            bool chosen;

            snprintf(selector, sizeof selector, "%u:%u", p, i);
            if ((ctx = open_device(selector, &d, &malformed, unused)) == NULL)
                break;
            chosen = !marked && strcmp(d.key, key) == 0; /* of two equal devices the first */
            marked = marked || chosen;
            if (json)
                json_array_append_new(all, to_json(selector, chosen, ctx, &d));
            else
                print_text(selector, chosen, ctx, &d);
            clgrpo_context_destroy(ctx);
        }
    if (json) {
        json_dumpf(all, stdout, JSON_INDENT(1));
        putchar('\n');
    }
    json_decref(all);
    if (!found)
        fprintf(stderr, "clgrpo-info: %s\n", error);
    return found && !malformed ? 0 : 1;
}

static int
info(int argc, char **argv)
{
    static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
                                          {"allow-reordering", no_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, OPT_VERSION},
                                          {NULL, 0, NULL, 0}};
    bool json = false;
    int letter;

    config = CLGRPO_CONTEXT_CONFIG_INIT;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":jrh", longs, NULL)) != -1) {
        if (letter == 'h')
            fputs(usage, stdout);
        if (letter == OPT_VERSION)
            printf("clgrpo-info %s\n", clgrpo_version());
        if (letter == 'h' || letter == OPT_VERSION)
            return 0;
        if (letter == 'j')
            json = true;
        else if (letter == 'r')
            config.allow_reordering = true;
        else {
            fprintf(stderr, "clgrpo-info: %s\n%s", names_option_refused(longs, argv[optind - 1], letter, optopt).text,
                    usage);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "clgrpo-info: takes no argument, got \"%.60s\"\n%s", argv[optind], usage);
        return 2;
    }
    return list(json);
}

int
main(int argc, char **argv)
{
    program_begin();
    return program_end("clgrpo-info", info(argc, argv));
}
