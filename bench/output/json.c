/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/utsname.h>

#include "output/kernel_hash.h"
#include "output/output.h"

/* With --kernels; NaN, which JSON does not have, is null. */
static json_t *
kernels_to_json(const struct bench_row *r)
{
    json_t *all = json_array();

    for (unsigned i = 0; i < r->n_kernels; i++) {
        const struct bench_kernel *k = &r->kernels[i];

        json_array_append_new(all, json_pack("{s:s, s:s, s:f, s:f, s:f, s:o, s:o}", "operation", k->operation, "kernel",
                                             k->name, "launches", k->launches, "us", k->us, "share", k->share, "flop",
                                             isnan(k->flop) ? json_null() : json_real(k->flop), "bytes",
                                             isnan(k->bytes) ? json_null() : json_real(k->bytes)));
    }
    return all;
}

static json_t *
row_to_json(const struct bench *b, const struct bench_row *r)
{
    json_t *peers = json_array(), *row;

    for (unsigned i = 0; i < r->n_peers; i++)
        json_array_append_new(peers, json_pack("{s:s, s:f, s:f}", "name", r->peers[i].name, "value", r->peers[i].value,
                                               "ratio", r->peers[i].ratio));
    row = json_pack(
        "{s:s, s:f, s:s, s:f, s:s, s:f, s:f, s:f, s:f, s:i, s:i, s:i, s:f, s:f, s:b, s:s, s:s, s:s, s:s, s:o}", "row",
        r->row, "value", r->value, "unit", r->unit, "limit", r->limit, "limit_name", r->limit_name, "ratio", r->ratio,
        "median_us", r->median_us, "event_us", r->event_us, "spread", r->spread, "rounds", (int)r->rounds, "copies",
        (int)r->copies, "launches", (int)r->launches, "flop", r->flop, "bytes", r->bytes, "cached", (int)r->cached,
        "note", r->note, "device", b->info.key, "family", bench_family_name(b->info.family), "kernels",
        BENCH_KERNEL_HASH, "peers", peers);
    if (r->n_kernels > 0)
        json_object_set_new(row, "commands", kernels_to_json(r));
    return row;
}

/* The machine's limits first. */
static json_t *
all_rows(const struct bench *b)
{
    json_t *all = json_array();

    for (unsigned i = 0; i < b->n_limits; i++)
        json_array_append_new(all, row_to_json(b, &b->limits[i]));
    for (unsigned i = 0; i < b->n_rows; i++)
        json_array_append_new(all, row_to_json(b, &b->rows[i]));
    return all;
}

static bool
dump(json_t *document, FILE *f)
{
    bool good = document != NULL && json_dumpf(document, f, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0;

    json_decref(document);
    return fputc('\n', f) != EOF && good;
}

bool
output_json(FILE *f, const struct bench *b)
{
    return dump(all_rows(b), f);
}

/* The model of the host's processor, where the system tells it. */
static void
processor(char *out, size_t bytes)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[512];

    snprintf(out, bytes, "unknown");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        const char *colon = strchr(line, ':');

        if (colon == NULL || (strncmp(line, "model name", 10) != 0 && strncmp(line, "Model", 5) != 0))
            continue;
        snprintf(out, bytes, "%s", colon + 1 + strspn(colon + 1, " \t"));
        out[strcspn(out, "\n")] = '\0';
        break;
    }
    if (f != NULL)
        fclose(f);
}

static json_t *
device_to_json(const struct bench *b)
{
    const struct clgrpo_device_info *d = &b->info;
    char version[128] = "";

    clGetDeviceInfo(clgrpo_context_device(b->ctx), CL_DEVICE_VERSION, sizeof version - 1, version, NULL);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:I, s:b, s:b, s:s}", "platform",
                     d->platform, "name", d->name, "vendor", d->vendor, "driver", d->driver, "opencl", version, "type",
                     (d->type & CL_DEVICE_TYPE_CPU) != 0   ? "cpu"
                     : (d->type & CL_DEVICE_TYPE_GPU) != 0 ? "gpu"
                                                           : "other",
                     "compute_units", (int)d->compute_units, "vector_width", (int)d->vector_width, "global_bytes",
                     (json_int_t)d->global_bytes, "local_bytes", (json_int_t)d->local_bytes, "max_work_group",
                     (json_int_t)d->max_work_group, "cache_bytes", (json_int_t)b->machine.cache_bytes, "fp64",
                     (int)d->has_fp64, "fp16", (int)d->has_fp16, "family", bench_family_name(b->info.family));
}

static const char *
compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "unknown";
#endif
}

/* Of uname it takes no nodename, and it takes no compiler's build line: both may name a host. */
bool
output_submission(FILE *f, const struct bench *b)
{
    struct utsname os;
    char model[128];

    if (uname(&os) != 0)
        memset(&os, 0, sizeof os);
    processor(model, sizeof model);
    return dump(json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:s, s:f, s:o, s:o}", "format",
                          "clgrpo-bench submission 1", "version", clgrpo_version(), "kernels", BENCH_KERNEL_HASH,
                          "compiler", compiler(), "system", "name", os.sysname, "release", os.release, "machine",
                          os.machine, "processor", model, "seconds", b->seconds, "device", device_to_json(b), "rows",
                          all_rows(b)),
                f);
}
