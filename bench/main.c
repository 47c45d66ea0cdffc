/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char usage[] =
    "usage: clgrpo-bench [OPTION]... [TEXT]\n"
    "Measure the machine, then the library's operations; with TEXT only rows whose name holds it.\n\n"
    "  -d, --device SELECTOR  OpenCL device: cpu, gpu, P:D, or part of its name\n"
    "  -f, --family NAME      simt or cpu (default: by device)\n"
    "  -s, --seconds X        time for each row (default 1)\n"
    "  -j, --json FILE        write the rows as JSON\n"
    "  -t, --tsv FILE         write the rows as tab-separated values\n"
    "  -v, --svg FILE         draw each row's share of its limit\n"
    "  -h, --help             print this text\n"
    "      --version          print the version\n";

struct options {
    const char *device, *json, *tsv, *svg;
    struct clgrpo_context_config config;
    bool done;
};

enum { OPT_VERSION = 256 };
static const struct option long_options[] = {{"device", required_argument, NULL, 'd'},
                                             {"family", required_argument, NULL, 'f'},
                                             {"seconds", required_argument, NULL, 's'},
                                             {"json", required_argument, NULL, 'j'},
                                             {"tsv", required_argument, NULL, 't'},
                                             {"svg", required_argument, NULL, 'v'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, OPT_VERSION},
                                             {NULL, 0, NULL, 0}};

static int
bad(const char *option, const char *value, const char *need)
{
    fprintf(stderr, "clgrpo-bench: --%s is \"%.40s\", need %s\n", option, value, need);
    return 2;
}

static int
parse_value(struct bench *b, struct options *o, int letter)
{
    char *end;

    switch (letter) {
    case 'd':
        o->device = optarg;
        return 0;
    case 'j':
        o->json = optarg;
        return 0;
    case 't':
        o->tsv = optarg;
        return 0;
    case 'v':
        o->svg = optarg;
        return 0;
    case 'f':
        o->config.family = strcmp(optarg, "simt") == 0  ? CLGRPO_FAMILY_SIMT
                           : strcmp(optarg, "cpu") == 0 ? CLGRPO_FAMILY_CPU
                                                        : CLGRPO_FAMILY_AUTO;
        return o->config.family != CLGRPO_FAMILY_AUTO ? 0 : bad("family", optarg, "simt or cpu");
    case 's':
        b->seconds = strtod(optarg, &end);
        return end != optarg && *end == '\0' && b->seconds > 0.0 && b->seconds <= 3600.0
                   ? 0
                   : bad("seconds", optarg, "a number from 0 to 3600");
    default:
        fputs("Try clgrpo-bench --help.\n", stderr);
        return 2;
    }
}

static int
parse(int argc, char **argv, struct bench *b, struct options *o)
{
    int letter, rc;

    while ((letter = getopt_long(argc, argv, "d:f:s:j:t:v:h", long_options, NULL)) != -1) {
        o->done = letter == 'h' || letter == OPT_VERSION;
        if (letter == 'h')
            fputs(usage, stdout);
        if (letter == OPT_VERSION)
            printf("clgrpo-bench %s\n", clgrpo_version());
        if (o->done)
            return 0;
        if ((rc = parse_value(b, o, letter)) != 0)
            return rc;
    }
    if (optind + 1 < argc) {
        fprintf(stderr, "clgrpo-bench: one TEXT at most, got %d\n", argc - optind);
        return 2;
    }
    b->select = optind < argc ? argv[optind] : NULL;
    return 0;
}

static int
run(struct bench *b, const struct options *o)
{
    int rc = 0;

    if (bench_measure_machine(b) != CLGRPO_OK) {
        fprintf(stderr, "clgrpo-bench: the machine's limits could not be measured\n");
        return 1;
    }
    bench_print_machine(b);
    bench_print_header();
    bench_gemm(b);
    bench_attention(b);
    bench_head(b);
    bench_small(b);
    if (b->n_rows == 0 && !b->failed) {
        fprintf(stderr, "clgrpo-bench: no row's name holds \"%.60s\"\n", b->select);
        return 2;
    }
    if (o->json != NULL)
        rc |= bench_write_json(b, o->json);
    if (o->tsv != NULL)
        rc |= bench_write_tsv(b, o->tsv);
    if (o->svg != NULL)
        rc |= bench_write_svg(b, o->svg);
    return b->failed ? 1 : rc;
}

int
main(int argc, char **argv)
{
    static struct bench b = {.seconds = 1.0};
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    struct clgrpo_device_info info = CLGRPO_DEVICE_INFO_INIT;
    struct options o = {.config = config};
    char error[256];
    int rc = parse(argc, argv, &b, &o);

    if (rc != 0 || o.done)
        return rc;
    if (clgrpo_context_open(o.device, &o.config, &b.ctx, error, sizeof error) != CLGRPO_OK) {
        fprintf(stderr, "clgrpo-bench: %s\n", error);
        return 1;
    }
    b.queue = clgrpo_context_queue(b.ctx);
    b.info = info;
    rc = bench_ok(&b, clgrpo_device_info_get(b.ctx, &b.info), "device") ? run(&b, &o) : 1;
    clgrpo_context_destroy(b.ctx);
    return rc;
}
