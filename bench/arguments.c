/* SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/option.h"

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
    "  -k, --kernels          show below each row what its kernels take of it, on the device's clock\n"
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
static const struct option long_options[] = {{"device", required_argument, NULL, 'd'},
                                             {"family", required_argument, NULL, 'f'},
                                             {"seconds", required_argument, NULL, 's'},
                                             {"list", no_argument, NULL, 'l'},
                                             {"against", required_argument, NULL, 'a'},
                                             {"peers", required_argument, NULL, 'p'},
                                             {"json", required_argument, NULL, 'j'},
                                             {"tsv", required_argument, NULL, 't'},
                                             {"svg", required_argument, NULL, 'v'},
                                             {"html", required_argument, NULL, 'w'},
                                             {"output", required_argument, NULL, 'o'},
                                             {"full", no_argument, NULL, 'F'},
                                             {"once", no_argument, NULL, OPT_ONCE},
                                             {"kernels", no_argument, NULL, 'k'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, OPT_VERSION},
                                             {NULL, 0, NULL, 0}};

static int
bad(const char *option, const char *value, const char *need)
{
    fprintf(stderr, "clgrpo-bench: --%s is \"%.40s\", need %s\n", option, value, need);
    return 2;
}

/* False if the option's value is more than a name to keep. */
static bool
keep_name(struct arguments *a, int letter)
{
    const struct {
        int letter;
        const char **name;
    } names[] = {{'d', &a->device}, {'a', &a->against}, {'p', &a->peers}, {'j', &a->json},
                 {'t', &a->tsv},    {'v', &a->svg},     {'w', &a->html}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].letter == letter) {
            *names[i].name = optarg;
            return true;
        }
    return false;
}

static int
parse_value(struct bench *b, struct arguments *a, int letter)
{
    char *end;

    if (keep_name(a, letter))
        return 0;
    switch (letter) {
    case 'l':
        a->list = true;
        return 0;
    case 'F':
        b->full = true;
        return 0;
    case 'k':
        b->kernels = true;
        return 0;
    case OPT_ONCE:
        b->once = true;
        return 0;
    case 'o':
        if (a->submission != NULL) {
            a->submission = optarg;
            return 0;
        }
        fputs("clgrpo-bench: --output belongs to submit; results go to --json, --tsv, --svg and --html\n", stderr);
        return 2;
    case 'f':
        return bench_family_parse(optarg, &a->config.family) ? 0 : bad("family", optarg, "simt or cpu");
    case 's':
        b->seconds = strtod(optarg, &end);
        return end != optarg && *end == '\0' && b->seconds > 0.0 && b->seconds <= 3600.0
                   ? 0
                   : bad("seconds", optarg, "a number above 0, up to 3600");
    default:
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
writes(const struct arguments *a)
{
    return a->json != NULL || a->tsv != NULL || a->svg != NULL || a->html != NULL || a->submission != NULL;
}

int
arguments_parse(int argc, char **argv, struct bench *b, struct arguments *a)
{
    int letter, rc;

    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":d:f:s:Fkla:p:j:t:v:w:o:h", long_options, NULL)) != -1) {
        a->done = letter == 'h' || letter == OPT_VERSION;
        if (letter == 'h')
            fputs(usage, stdout);
        if (letter == OPT_VERSION)
            printf("clgrpo-bench %s\n", clgrpo_version());
        if (a->done)
            return 0;
        if (letter == '?' || letter == ':') {
            fprintf(stderr, "clgrpo-bench: %s\nTry clgrpo-bench --help.\n",
                    names_option_refused(long_options, argv[optind - 1], letter, optopt).text);
            return 2;
        }
        if ((rc = parse_value(b, a, letter)) != 0)
            return rc;
    }
    if (argc - optind > BENCH_MAX_SELECT) {
        fprintf(stderr, "clgrpo-bench: %d patterns at most, got %d\n", BENCH_MAX_SELECT, argc - optind);
        return 2;
    }
    if (b->once && writes(a)) {
        fputs("clgrpo-bench: --once measures nothing: there are no rows for submit, --json, --tsv, --svg or --html\n",
              stderr);
        return 2;
    }
    for (int i = optind; i < argc; i++)
        b->select[b->n_select++] = argv[i];
    if (b->n_select == 0 && a->submission != NULL)
        select_submitted(b);
    return 0;
}
