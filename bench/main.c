/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/machine.h"
#include "measure/bench.h"
#include "output/output.h"
#include "rows/rows.h"

static const char usage[] =
    "usage: clgrpo-bench [OPTION]... [PATTERN]...\n"
    "       clgrpo-bench submit [OPTION]... [PATTERN]...\n"
    "       clgrpo-bench compare [--json] [--fail-slower] [--ratio] A.json B.json\n\n"
    "Measure the machine, then the library's operations. A PATTERN is a glob of row names, or text that a name holds.\n"
    "submit writes one file for a report; compare says what changed between two files.\n\n"
    "  -d, --device SELECTOR  OpenCL device: cpu, gpu, P:D, or part of its name\n"
    "  -f, --family NAME      simt or cpu (default: by device)\n"
    "  -s, --seconds X        time for each row (default 0.3)\n"
    "  -F, --full             the rows for large machines too\n"
    "      --once             run each row a single time and measure nothing, for other tools to count\n"
    "  -l, --list             print the names of the rows and stop\n"
    "  -a, --against FILE     show each row's speed over that in an earlier result file\n"
    "  -p, --peers FILE       join rows that another program measured\n"
    "  -j, --json FILE        write the rows as JSON\n"
    "  -t, --tsv FILE         write the rows as tab-separated values\n"
    "  -v, --svg FILE         draw each row's share of its limit\n"
    "  -w, --html FILE        write a page with charts\n"
    "  -o, --output FILE      of submit (default clgrpo-bench.submission.json)\n"
    "  -h, --help             print this text\n"
    "      --version          print the version\n";

struct options {
    const char *device, *json, *tsv, *svg, *html, *against, *peers, *submission;
    struct clgrpo_context_config config;
    bool list, done;
};

/* The groups of rows in the order in which they run: the title in the report, and the functions that measure them. */
enum { GROUPS = 8, MAX_FUNCTIONS = 4 };
static const struct {
    const char *title;
    void (*run[MAX_FUNCTIONS])(struct bench *b);
} groups[GROUPS] = {
    {"Products", {rows_gemm}},
    {"Attention", {rows_attention, rows_decode}},
    {"Vocabulary head", {rows_head}},
    {"Memory and control", {rows_small, rows_policy}},
    {"A whole layer", {rows_layer}},
    {"A step of GRPO", {rows_step}},
    {"Quality", {rows_error, rows_repeat, rows_batch, rows_gap}},
    {"Start-up", {rows_program}},
};

/* What submit measures unless told otherwise: something of each group, in about a minute. */
static const char *const submitted[] = {"gemm.f32.nn.1024",
                                        "gemm.f32.nt.4096x704x128",
                                        "gemm.f32.packed.*x704x128",
                                        "gemm.f32.packed.1x2048x2048",
                                        "attention.*.d64.s2048.causal",
                                        "attention.*.d128.s1024.causal",
                                        "attention.*.d32.packed.*",
                                        "attention.decode.*",
                                        "linear_logprob.*.4096x*",
                                        "rmsnorm.*",
                                        "swiglu.*",
                                        "adamw.*",
                                        "sample.*",
                                        "advantage.*",
                                        "policy_loss.*",
                                        "program.*"};

enum { OPT_VERSION = 256, OPT_ONCE };
static const struct option long_options[] = {
    {"device", required_argument, NULL, 'd'},    {"family", required_argument, NULL, 'f'},
    {"seconds", required_argument, NULL, 's'},   {"list", no_argument, NULL, 'l'},
    {"against", required_argument, NULL, 'a'},   {"peers", required_argument, NULL, 'p'},
    {"json", required_argument, NULL, 'j'},      {"tsv", required_argument, NULL, 't'},
    {"svg", required_argument, NULL, 'v'},       {"html", required_argument, NULL, 'w'},
    {"output", required_argument, NULL, 'o'},    {"full", no_argument, NULL, 'F'},
    {"once", no_argument, NULL, OPT_ONCE},       {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION}, {NULL, 0, NULL, 0}};

static int
bad(const char *option, const char *value, const char *need)
{
    fprintf(stderr, "clgrpo-bench: --%s is \"%.40s\", need %s\n", option, value, need);
    return 2;
}

static const char **
file_option(struct options *o, int letter)
{
    switch (letter) {
    case 'd':
        return &o->device;
    case 'a':
        return &o->against;
    case 'p':
        return &o->peers;
    case 'j':
        return &o->json;
    case 't':
        return &o->tsv;
    case 'v':
        return &o->svg;
    case 'w':
        return &o->html;
    default:
        return NULL;
    }
}

static int
parse_value(struct bench *b, struct options *o, int letter)
{
    const char **file = file_option(o, letter);
    char *end;

    if (file != NULL) {
        *file = optarg;
        return 0;
    }
    switch (letter) {
    case 'l':
        o->list = true;
        return 0;
    case 'F':
        b->full = true;
        return 0;
    case OPT_ONCE:
        b->once = true;
        return 0;
    case 'o':
        if (o->submission != NULL) {
            o->submission = optarg;
            return 0;
        }
        fputs("clgrpo-bench: --output belongs to submit; results go to --json, --tsv, --svg and --html\n", stderr);
        return 2;
    case 'f':
        return bench_family_parse(optarg, &o->config.family) ? 0 : bad("family", optarg, "simt or cpu");
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

static void
select_submitted(struct bench *b)
{
    for (size_t i = 0; i < sizeof submitted / sizeof submitted[0]; i++)
        b->select[b->n_select++] = submitted[i];
}

static bool
writes(const struct options *o)
{
    return o->json != NULL || o->tsv != NULL || o->svg != NULL || o->html != NULL || o->submission != NULL;
}

static int
parse(int argc, char **argv, struct bench *b, struct options *o)
{
    int letter, rc;

    while ((letter = getopt_long(argc, argv, "d:f:s:Fla:p:j:t:v:w:o:h", long_options, NULL)) != -1) {
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
    if (argc - optind > BENCH_MAX_SELECT) {
        fprintf(stderr, "clgrpo-bench: %d patterns at most, got %d\n", BENCH_MAX_SELECT, argc - optind);
        return 2;
    }
    if (b->once && writes(o)) {
        fputs("clgrpo-bench: --once measures nothing: there are no rows for submit, --json, --tsv, --svg or --html\n",
              stderr);
        return 2;
    }
    for (int i = optind; i < argc; i++)
        b->select[b->n_select++] = argv[i];
    if (b->n_select == 0 && o->submission != NULL)
        select_submitted(b);
    return 0;
}

static void
run_group(struct bench *b, unsigned group)
{
    b->group = group;
    for (unsigned i = 0; i < MAX_FUNCTIONS && groups[group].run[i] != NULL; i++)
        groups[group].run[i](b);
}

/* Finds which rows are wanted, and in which groups they are. */
static void
list_rows(struct bench *b, bool has_rows[GROUPS])
{
    b->listing = true;
    for (unsigned g = 0; g < GROUPS; g++) {
        const unsigned before = b->n_wanted;

        run_group(b, g);
        has_rows[g] = b->n_wanted > before;
    }
    b->listing = false;
}

static void
run_rows(struct bench *b, const bool has_rows[GROUPS])
{
    for (unsigned g = 0; g < GROUPS; g++)
        if (has_rows[g])
            run_group(b, g);
}

static bool
write_files(const struct bench *b, const struct options *o)
{
    const struct {
        const char *path;
        bool (*format)(FILE *f, const struct bench *b);
    } files[] = {{o->json, output_json}, {o->tsv, output_tsv}, {o->svg, output_svg}, {o->html, output_html}};
    int rc = 0;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i].path != NULL)
            rc |= output_write(b, files[i].path, files[i].format);
    if (o->submission == NULL)
        return rc == 0;
    if (output_write(b, o->submission, output_submission) != 0)
        return false;
    printf("\n%s: attach this file to your report.\nIt names the hardware, the driver and the system's release, "
           "and nobody; read it before you send it.\n",
           o->submission);
    return rc == 0;
}

static int
run_once(struct bench *b, const bool has_rows[GROUPS])
{
    printf("row\tflop\tbytes\n");
    run_rows(b, has_rows);
    return b->failed ? 1 : 0;
}

static bool
limits(struct bench *b, const char *when)
{
    if (machine_measure(b) == CLGRPO_OK)
        bench_print_machine(b, when);
    else
        bench_fail(b, "the machine's limits could not be measured");
    return !b->failed;
}

static int
measure(struct bench *b, const struct options *o, const bool has_rows[GROUPS])
{
    if (!limits(b, "limits"))
        return 1;
    bench_print_header(b);
    b->started = bench_now_us();
    run_rows(b, has_rows);
    /* again: clock rates and the machine's other load may have changed, or two of the driver's threads shared a core */
    if (!b->failed)
        limits(b, "at the end");
    return write_files(b, o) && !b->failed ? 0 : 1;
}

static int
run(struct bench *b, const struct options *o)
{
    bool has_rows[GROUPS];

    list_rows(b, has_rows);
    if (b->n_wanted == 0) {
        fprintf(stderr, "clgrpo-bench: no row's name is or holds \"%.60s\"\n", b->select[0]);
        return 2;
    }
    if (!o->list)
        return b->once ? run_once(b, has_rows) : measure(b, o, has_rows);
    for (unsigned i = 0; i < b->n_wanted; i++)
        puts(b->wanted[i]);
    return 0;
}

static int
open_and_run(struct bench *b, const struct options *o)
{
    char error[256];
    cl_int code;
    int rc = 1;

    if (clgrpo_context_open(o->device, &o->config, &b->ctx, error, sizeof error) != CLGRPO_OK) {
        fprintf(stderr, "clgrpo-bench: %s\n", error);
        return 1;
    }
    b->queue = clCreateCommandQueue(clgrpo_context_cl(b->ctx), clgrpo_context_device(b->ctx), CL_QUEUE_PROFILING_ENABLE,
                                    &code);
    if (code != CL_SUCCESS)
        fprintf(stderr, "clgrpo-bench: no command queue with timestamps (OpenCL error %d)\n", code);
    else if (bench_ok(b, clgrpo_device_info_get(b->ctx, &b->info), "device"))
        rc = run(b, o);
    if (code == CL_SUCCESS)
        clReleaseCommandQueue(b->queue);
    clgrpo_context_destroy(b->ctx);
    return rc;
}

int
main(int argc, char **argv)
{
    static struct bench b = {.seconds = 0.3, .info = CLGRPO_DEVICE_INFO_INIT, .n_groups = GROUPS};
    struct options o = {.config = CLGRPO_CONTEXT_CONFIG_INIT};
    bool submit = argc > 1 && strcmp(argv[1], "submit") == 0;
    int rc;

    if (argc > 1 && strcmp(argv[1], "compare") == 0)
        return output_compare(argc - 1, argv + 1);
    o.submission = submit ? "clgrpo-bench.submission.json" : NULL;
    rc = parse(argc - submit, argv + submit, &b, &o);
    if (rc != 0 || o.done)
        return rc;
    b.progress = isatty(STDERR_FILENO) != 0;
    for (unsigned g = 0; g < GROUPS; g++)
        b.group_titles[g] = groups[g].title;
    if ((o.against != NULL && !output_read(o.against, &b.previous)) ||
        (o.peers != NULL && !output_read(o.peers, &b.peers)))
        rc = 2;
    else
        rc = open_and_run(&b, &o);
    output_free(&b.previous);
    output_free(&b.peers);
    return rc;
}
