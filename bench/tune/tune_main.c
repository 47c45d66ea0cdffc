/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/family.h"
#include "measure/program.h"
#include "names/option.h"
#include "tune/tuner.h"

static const char usage[] =
    "usage: clgrpo-tune [OPTION]... [OPERATION]...\n"
    "Measure candidates for the tuned parameters of the OPERATIONs (all without one) and keep the best in the user's "
    "file.\n\n"
    "  -d, --device SELECTOR  OpenCL device: cpu, gpu, P:D, or part of its name\n"
    "  -f, --family NAME      simt or cpu (default: by device)\n"
    "  -b, --budget S         seconds for everything (default 60)\n"
    "  -l, --link NAME        rows for this device, arch, vendor or class (default device)\n"
    "  -r, --reorder          also parameters that change the order of sums, which only contexts that allow it use\n"
    "  -n, --dry-run          write nothing\n"
    "  -j, --json             print JSON\n"
    "  -h, --help             print this text\n"
    "      --version          print the version\n";

struct options {
    const char *device;
    struct clgrpo_context_config config;
    bool json, done;
};

enum { OPT_VERSION = 256 };
static const struct option long_options[] = {{"device", required_argument, NULL, 'd'},
                                             {"family", required_argument, NULL, 'f'},
                                             {"budget", required_argument, NULL, 'b'},
                                             {"link", required_argument, NULL, 'l'},
                                             {"reorder", no_argument, NULL, 'r'},
                                             {"dry-run", no_argument, NULL, 'n'},
                                             {"json", no_argument, NULL, 'j'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, OPT_VERSION},
                                             {NULL, 0, NULL, 0}};

static int
bad(const char *option, const char *value, const char *need)
{
    fprintf(stderr, "clgrpo-tune: --%s is \"%.40s\", need %s\n", option, value, need);
    return 2;
}

static int
parse_link(struct tune *t)
{
    for (unsigned i = CLG_TUNE_CLASS; i <= CLG_TUNE_DEVICE; i++)
        if (strcmp(optarg, clg_tune_link_name((enum clg_tune_link)i)) == 0) {
            t->link = (enum clg_tune_link)i;
            return 0;
        }
    return bad("link", optarg, "device, arch, vendor or class");
}

static int
parse_value(struct tune *t, struct options *o, int letter)
{
    char *end;

    switch (letter) {
    case 'd':
        o->device = optarg;
        return 0;
    case 'f':
        return bench_family_parse(optarg, &o->config.family) ? 0 : bad("family", optarg, "simt or cpu");
    case 'b':
        t->seconds = strtod(optarg, &end);
        return end != optarg && *end == '\0' && t->seconds > 0.0 && t->seconds <= 86400.0
                   ? 0
                   : bad("budget", optarg, "a number of seconds above 0, at most 86400");
    case 'l':
        return parse_link(t);
    case 'r':
        o->config.allow_reordering = true;
        return 0;
    case 'n':
        t->dry_run = true;
        return 0;
    case 'j':
        o->json = true;
        return 0;
    default:
        return 2;
    }
}

static int
parse(int argc, char **argv, struct tune *t, struct options *o)
{
    int letter, rc;

    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":d:f:b:l:rnjh", long_options, NULL)) != -1) {
        o->done = letter == 'h' || letter == OPT_VERSION;
        if (letter == 'h')
            fputs(usage, stdout);
        if (letter == OPT_VERSION)
            printf("clgrpo-tune %s\n", clgrpo_version());
        if (o->done)
            return 0;
        if (letter == '?' || letter == ':') {
            fprintf(stderr, "clgrpo-tune: %s\nTry clgrpo-tune --help.\n",
                    names_option_refused(long_options, argv[optind - 1], letter, optopt).text);
            return 2;
        }
        if ((rc = parse_value(t, o, letter)) != 0)
            return rc;
    }
    return 0;
}

static int
run(struct tune *t, const struct options *o, char **ops, size_t n_ops)
{
    static struct tune_case cases[TUNE_MAX_CASES];
    static struct tune_result results[TUNE_MAX_CASES];
    const size_t n = tune_cases(t, ops, n_ops, cases);
    int rc = 0;

    if (n == 0)
        return 2;
    if (clg_tune_key(t->ctx, t->link)[0] == '\0') {
        fprintf(stderr, "clgrpo-tune: the device does not tell its %s\n", clg_tune_link_name(t->link));
        return 1;
    }
    t->started_us = bench_now_us();
    for (size_t i = 0; i < n; i++) {
        const double left = t->seconds - 1e-6 * (bench_now_us() - t->started_us);

        tune_find_best(t, &cases[i], left > 0.0 ? left / (double)(n - i) : 0.0, &results[i]);
        rc |= results[i].failed;
    }
    tune_progress_end(t);
    if (o->json)
        rc |= tune_print_json(t, results, n);
    else
        tune_print(results, n);
    if (!t->dry_run)
        rc |= tune_store(t, results, n);
    return rc;
}

static int
tune(int argc, char **argv)
{
    static struct tune t = {.seconds = 60.0, .link = CLG_TUNE_DEVICE};
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    struct clgrpo_device_info info = CLGRPO_DEVICE_INFO_INIT;
    struct options o = {.config = config};
    const char *sentence;
    int rc = parse(argc, argv, &t, &o);

    if (rc == 0 && !o.done)
        rc = program_open("clgrpo-tune", o.device, &o.config, &t.ctx);
    if (rc != 0 || o.done)
        return rc;
    if (clg_tune_malformed(t.ctx, &sentence) > 0) { /* the file is written anew from what is understood of it */
        fprintf(stderr, "clgrpo-tune: %s\n", sentence);
        clgrpo_context_destroy(t.ctx);
        return 1;
    }
    t.queue = clgrpo_context_queue(t.ctx);
    t.info = info;
    t.progress = isatty(STDERR_FILENO) != 0;
    rc = tune_ok(&t, clgrpo_device_info_get(t.ctx, &t.info), "device")
             ? run(&t, &o, argv + optind, (size_t)(argc - optind))
             : 1;
    clgrpo_context_destroy(t.ctx);
    return rc;
}

int
main(int argc, char **argv)
{
    program_begin();
    return program_end("clgrpo-tune", tune(argc, argv));
}
