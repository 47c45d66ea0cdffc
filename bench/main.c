/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "machine/machine.h"
#include "measure/bench.h"
#include "measure/program.h"
#include "names/nearest.h"
#include "output/output.h"
#include "peers/peers.h"
#include "rows/row_groups.h"

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
write_files(const struct bench *b, const struct arguments *a)
{
    const struct {
        const char *path;
        bool (*format)(FILE *f, const struct bench *b);
    } files[] = {{a->json, output_json}, {a->tsv, output_tsv}, {a->svg, output_svg}, {a->html, output_html}};
    int rc = 0;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i].path != NULL)
            rc |= output_write(b, files[i].path, files[i].format);
    if (a->submission == NULL)
        return rc == 0;
    if (output_write(b, a->submission, output_submission) != 0)
        return false;
    printf("\n%s: attach this file to your report.\nIt names the hardware, the driver and the system's release, "
           "and nobody; read it before you send it.\n",
           a->submission);
    return rc == 0;
}

/* Whether there is where to write, before minutes of measuring. */
static bool
try_files(const struct arguments *a)
{
    const char *const path[] = {a->json, a->tsv, a->svg, a->html, a->submission};
    bool good = true;

    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++)
        good = (path[i] == NULL || output_try(path[i])) && good;
    return good;
}

static int
run_once(struct bench *b, const bool has_rows[GROUPS])
{
    printf("row\tflop\tbytes\n");
    run_rows(b, has_rows);
    return b->failed ? 1 : 0;
}

/* The limits are measured before, between and behind the rows: clock rates and the machine's other load change, and two
 * of the driver's threads may share a core for a while. */
static void
measure_with(struct bench *b, struct machine_probe *probe, const bool has_rows[GROUPS])
{
    if (!machine_measure(probe))
        return;
    bench_print_machine(b, "limits");
    bench_print_header(b);
    b->started = bench_now_us();
    b->between = machine_measure_between;
    b->between_arg = probe;
    run_rows(b, has_rows);
    b->between = NULL;
    if (b->failed || !machine_measure(probe))
        return;
    bench_print_corrections(b);
    bench_print_machine(b, "best limits");
}

static int
measure(struct bench *b, const struct arguments *a, const bool has_rows[GROUPS])
{
    struct machine_probe *probe = machine_open(b);

    if (probe == NULL)
        return 1;
    measure_with(b, probe, has_rows);
    machine_close(probe);
    if (b->n_limits == 0)
        return 1;
    return write_files(b, a) && !b->failed ? 0 : 1;
}

/* What selects no row may be a command, written wrong. */
static int
no_such_row(const char *pattern)
{
    struct names_nearest n = {.wanted = pattern};

    names_try(&n, "submit");
    names_try(&n, "compare");
    fprintf(stderr, "clgrpo-bench: no row's name is or holds \"%.60s\"%s\n", pattern, names_hint_of(&n, "").text);
    fputs("  clgrpo-bench --list prints the names.\n", stderr);
    return 2;
}

static int
run(struct bench *b, const struct arguments *a)
{
    bool has_rows[GROUPS];

    list_rows(b, has_rows);
    if (b->n_wanted == 0) {
        return no_such_row(b->select[0]);
    }
    if (!a->list)
        return b->once ? run_once(b, has_rows) : measure(b, a, has_rows);
    for (unsigned i = 0; i < b->n_wanted; i++)
        puts(b->wanted[i]);
    return 0;
}

static int
open_and_run(struct bench *b, const struct arguments *a)
{
    cl_int code;
    int rc = program_open("clgrpo-bench", a->device, &a->config, &b->ctx);

    if (rc != 0)
        return rc;
    rc = 1;
    b->queue = clCreateCommandQueue(clgrpo_context_cl(b->ctx), clgrpo_context_device(b->ctx), CL_QUEUE_PROFILING_ENABLE,
                                    &code);
    if (code != CL_SUCCESS)
        fprintf(stderr, "clgrpo-bench: no command queue with timestamps (OpenCL error %d)\n", code);
    else if (bench_ok(b, clgrpo_device_info_get(b->ctx, &b->info), "device"))
        rc = run(b, a);
    if (code == CL_SUCCESS)
        clReleaseCommandQueue(b->queue);
    clgrpo_context_destroy(b->ctx);
    return rc;
}

static int
bench(int argc, char **argv)
{
    static struct bench b = {.seconds = 0.3, .n_groups = GROUPS};
    struct arguments a = {.config = CLGRPO_CONTEXT_CONFIG_INIT};
    bool submit = argc > 1 && strcmp(argv[1], "submit") == 0;
    int rc;

    peer_openblas_set_environment();
    b.info = CLGRPO_DEVICE_INFO_INIT;
    if (argc > 1 && strcmp(argv[1], "compare") == 0)
        return output_compare(argc - 1, argv + 1);
    a.submission = submit ? "clgrpo-bench.submission.json" : NULL;
    rc = arguments_parse(argc - submit, argv + submit, &b, &a);
    if (rc != 0 || a.done)
        return rc;
    b.progress = isatty(STDERR_FILENO) != 0;
    for (unsigned g = 0; g < GROUPS; g++)
        b.group_titles[g] = groups[g].title;
    if ((a.against != NULL && !output_read(a.against, &b.previous)) ||
        (a.peers != NULL && !output_read(a.peers, &b.peers)) || !try_files(&a))
        rc = 2;
    else
        rc = open_and_run(&b, &a);
    output_free(&b.previous);
    output_free(&b.peers);
    return rc;
}

int
main(int argc, char **argv)
{
    program_begin();
    return program_end("clgrpo-bench", bench(argc, argv));
}
