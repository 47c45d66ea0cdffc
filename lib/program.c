/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include "cache.h"

/* Pieces of a program's source (what all programs share and the unit's files, each after a #line), its kernels, and
 * bytes of its options. */
enum { MAX_PIECES = 2 * (CLG_MAX_FRAGMENTS + 1), MAX_KERNELS = 8, MAX_OPTIONS = 1024 };

struct clg_program {
    struct clg_program *next;
    const struct clg_unit *unit;
    char options[MAX_OPTIONS];
    cl_program program; /* NULL: noted, not built yet */
    bool failed;        /* to build, in clg_programs_build */
    unsigned n_kernels;
    struct {
        char entry[64];
        cl_kernel kernel;
        size_t most; /* items of a work-group */
    } kernels[MAX_KERNELS];
};

/* The sources of a program in order, each behind a #line that names its file in compiler messages. */
struct pieces {
    const char *text[MAX_PIECES];
    size_t bytes[MAX_PIECES];
    char lines[MAX_PIECES / 2][64];
    cl_uint n;
};

static const struct clg_unit *
find_unit(const char *name)
{
    for (size_t i = 0; i < clg_n_units; i++)
        if (strcmp(clg_units[i].name, name) == 0)
            return &clg_units[i];
    return NULL;
}

static bool
add_piece(struct pieces *p, const char *file)
{
    for (size_t i = 0; i < clg_n_sources && p->n + 2 <= MAX_PIECES; i++) {
        if (strcmp(clg_sources[i].name, file) != 0)
            continue;
        char *line = p->lines[p->n / 2];

        p->bytes[p->n] = (size_t)snprintf(line, sizeof p->lines[0], "#line 1 \"%s\"\n", file);
        p->text[p->n++] = line;
        p->bytes[p->n] = clg_sources[i].n_bytes;
        p->text[p->n++] = (const char *)clg_sources[i].bytes;
        return true;
    }
    return false;
}

static enum clgrpo_status
collect(struct clgrpo_context *ctx, const struct clg_unit *unit, struct pieces *p)
{
    enum clgrpo_status st = CLGRPO_OK;

    p->n = 0;
    CLG_REQUIRE(ctx, add_piece(p, "common.clh"), CLGRPO_E_BUILD, "%s: common.clh is not embedded", unit->name);
    for (const char *const *f = unit->fragments; *f != NULL; f++)
        CLG_REQUIRE(ctx, add_piece(p, *f), CLGRPO_E_BUILD, "%s: fragment %s is not embedded", unit->name, *f);
out:
    return st;
}

static void
append(char **at, const char *end, const void *field, size_t bytes)
{
    cl_ulong n = bytes;

    if ((size_t)(end - *at) >= sizeof n + bytes) {
        memcpy(*at, &n, sizeof n);
        memcpy(*at + sizeof n, field, bytes);
        *at += sizeof n + bytes;
    }
}

/* All that decides the binary, each field behind its length, so that no two builds share a key. */
static char *
make_key(const struct clgrpo_context *ctx, const struct pieces *p, const char *options, size_t *n_bytes)
{
    const struct clgrpo_device_info *d = &ctx->info;
    const char *fields[] = {PACKAGE_VERSION, options, d->platform, d->vendor, d->name, d->driver};
    size_t bytes = 0;
    char *key, *at;

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        bytes += sizeof(cl_ulong) + strlen(fields[i]);
    for (cl_uint i = 0; i < p->n; i++)
        bytes += sizeof(cl_ulong) + p->bytes[i];
    key = at = malloc(bytes);
    if (key == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        append(&at, key + bytes, fields[i], strlen(fields[i]));
    for (cl_uint i = 0; i < p->n; i++)
        append(&at, key + bytes, p->text[i], p->bytes[i]);
    *n_bytes = bytes;
    return key;
}

static enum clgrpo_status
fail_build(struct clgrpo_context *ctx, cl_program program, const char *unit, cl_int code)
{
    size_t bytes = 0, n;
    char *log = NULL;

    clGetProgramBuildInfo(program, ctx->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes);
    if (bytes > 1 && (log = calloc(1, bytes + 1)) != NULL)
        clGetProgramBuildInfo(program, ctx->device, CL_PROGRAM_BUILD_LOG, bytes, log, NULL);
    n = log != NULL ? strcspn(log, "\n") : 0;
    clg_fail(ctx, CLGRPO_E_BUILD, "%s: clBuildProgram failed with %s: %.*s", unit, clg_cl_name(code), (int)n,
             log != NULL ? log : "");
    ctx->error.log = log;
    return CLGRPO_E_BUILD;
}

static cl_program
load_cached(struct clgrpo_context *ctx, const char *key, size_t key_bytes, const char *options)
{
    unsigned char *binary = NULL;
    const unsigned char *const_binary;
    size_t n = 0;
    cl_int code, binary_status = CL_SUCCESS;
    cl_program program;

    clg_cache_load(ctx->cache_dir, key, key_bytes, &binary, &n);
    if (binary == NULL)
        return NULL;
    const_binary = binary;
    program = clCreateProgramWithBinary(ctx->cl, 1, &ctx->device, &n, &const_binary, &binary_status, &code);
    free(binary);
    if (code != CL_SUCCESS)
        return NULL;
    if (binary_status == CL_SUCCESS && clBuildProgram(program, 1, &ctx->device, options, NULL, NULL) == CL_SUCCESS)
        return program;
    clReleaseProgram(program);
    return NULL;
}

static void
store_cached(struct clgrpo_context *ctx, const char *key, size_t key_bytes, cl_program program)
{
    size_t n = 0;
    unsigned char *binary;

    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof n, &n, NULL) != CL_SUCCESS || n == 0)
        return;
    binary = malloc(n);
    if (binary != NULL && clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS)
        clg_cache_store(ctx->cache_dir, key, key_bytes, binary, n);
    free(binary);
}

static enum clgrpo_status
build_source(struct clgrpo_context *ctx, const struct pieces *p, const struct clg_unit *unit, const char *options,
             cl_program *out)
{
    enum clgrpo_status st = CLGRPO_OK;
    cl_program program = NULL;
    cl_int code;

    program = clCreateProgramWithSource(ctx->cl, p->n, (const char **)(uintptr_t)p->text, p->bytes, &code);
    if (code != CL_SUCCESS) {
        st = clg_fail_cl(ctx, code, "clCreateProgramWithSource");
        goto out;
    }
    code = clBuildProgram(program, 1, &ctx->device, options, NULL, NULL);
    if (code != CL_SUCCESS) {
        st = fail_build(ctx, program, unit->name, code);
        goto out;
    }
    *out = program;
    program = NULL;
out:
    if (program != NULL)
        clReleaseProgram(program);
    return st;
}

/* From the folder of the cache, or from its source and then kept there. *out is NULL if it was not in the folder, and
 * `build` is false. */
static enum clgrpo_status
obtain(struct clgrpo_context *ctx, const struct clg_unit *unit, const struct pieces *p, const char *key,
       size_t key_bytes, const char *options, bool build, cl_program *out)
{
    enum clgrpo_status st = CLGRPO_OK;
    const double start = clg_now();

    *out = ctx->cache_dir != NULL ? load_cached(ctx, key, key_bytes, options) : NULL;
    if (*out != NULL) {
        ctx->cache_stats.n_loaded++;
        ctx->cache_stats.load_seconds += clg_now() - start;
    }
    if (*out != NULL || !build)
        return CLGRPO_OK;
    CLG_TRY(build_source(ctx, p, unit, options, out));
    if (ctx->cache_dir != NULL)
        store_cached(ctx, key, key_bytes, *out);
    ctx->cache_stats.n_built++;
    ctx->cache_stats.build_seconds += clg_now() - start;
out:
    return st;
}

/* While another process builds the program, waits for it, or else leaves the program NULL. */
static enum clgrpo_status
load_or_build(struct clgrpo_context *ctx, struct clg_program *p, bool wait)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct pieces pieces;
    size_t key_bytes = 0;
    char *key = NULL;
    int lock = -1;

    CLG_TRY(collect(ctx, p->unit, &pieces));
    key = make_key(ctx, &pieces, p->options, &key_bytes);
    CLG_REQUIRE(ctx, key != NULL, CLGRPO_E_MEMORY, "%s: out of memory for the cache key", p->unit->name);
    CLG_TRY(obtain(ctx, p->unit, &pieces, key, key_bytes, p->options, false, &p->program));
    if (p->program != NULL)
        goto out;
    /* Two processes that start together need the same programs; and PoCL 3.1 fails or crashes where two build one. */
    if (ctx->cache_dir != NULL && wait)
        lock = clg_cache_lock(ctx->cache_dir, key, key_bytes);
    else if (ctx->cache_dir != NULL && !clg_cache_try_lock(ctx->cache_dir, key, key_bytes, &lock))
        goto out;
    CLG_TRY(obtain(ctx, p->unit, &pieces, key, key_bytes, p->options, true, &p->program));
out:
    clg_cache_unlock(lock);
    free(key);
    return st;
}

/* Builds what is noted and no other process is building. *missing is one of those that are left, NULL if there are
 * none; *n_done counts the others. *failure is the last one, as the context's record is. */
static void
build_what_is_free(struct clgrpo_context *ctx, struct clg_program **missing, size_t *n_done,
                   enum clgrpo_status *failure)
{
    *missing = NULL;
    *n_done = 0;
    for (struct clg_program *p = ctx->programs; p != NULL; p = p->next) {
        enum clgrpo_status st;

        if (p->program != NULL || p->failed)
            continue;
        st = load_or_build(ctx, p, false);
        p->failed = st != CLGRPO_OK;
        if (p->failed)
            *failure = st;
        if (p->program == NULL && !p->failed)
            *missing = p;
        else
            (*n_done)++;
    }
}

enum clgrpo_status
clg_programs_build(struct clgrpo_context *ctx)
{
    enum clgrpo_status failure = CLGRPO_OK;
    struct clg_program *missing;
    size_t n_done;

    for (;;) {
        build_what_is_free(ctx, &missing, &n_done, &failure);
        if (missing == NULL)
            break;
        if (n_done == 0 && load_or_build(ctx, missing, true) != CLGRPO_OK) {
            missing->failed = true;
            failure = clgrpo_error_status(ctx);
        }
    }
    for (struct clg_program *p = ctx->programs; p != NULL; p = p->next)
        p->failed = false; /* a call tries again */
    return failure;
}

static enum clgrpo_status
get_program(struct clgrpo_context *ctx, const char *unit_name, const char *defines, struct clg_program **out)
{
    enum clgrpo_status st = CLGRPO_OK;
    const struct clg_unit *unit = find_unit(unit_name);
    struct clg_program *p = NULL;
    char options[MAX_OPTIONS];
    int n;

    CLG_REQUIRE(ctx, unit != NULL, CLGRPO_E_UNSUPPORTED, "no kernel unit '%s' in units.tsv", unit_name);
    /* a tier's defines name the version of the language that it needs */
    n = snprintf(options, sizeof options, "%s-DP_VECTOR_WIDTH=%u%s%s%s%s",
                 defines != NULL && strstr(defines, "-cl-std=") != NULL ? "" : "-cl-std=CL1.2 ", clg_vector_width(ctx),
                 ctx->info.has_fp64 ? " -DHAS_FP64" : "", ctx->info.has_fp16 ? " -DHAS_FP16" : "",
                 defines != NULL ? " " : "", defines != NULL ? defines : "");
    CLG_REQUIRE(ctx, n > 0 && (size_t)n < sizeof options, CLGRPO_E_BUILD, "%s: build options too long", unit_name);
    p = ctx->programs;
    while (p != NULL && (p->unit != unit || strcmp(p->options, options) != 0))
        p = p->next;
    if (p == NULL) {
        p = calloc(1, sizeof *p);
        CLG_REQUIRE(ctx, p != NULL, CLGRPO_E_MEMORY, "%s: out of memory", unit_name);
        p->unit = unit;
        memcpy(p->options, options, sizeof p->options);
        p->next = ctx->programs;
        ctx->programs = p;
    }
    if (p->program == NULL && !ctx->preparing)
        CLG_TRY(load_or_build(ctx, p, true));
    *out = p;
out:
    return st;
}

/* The items of a group that the compiled kernel takes, by its registers: at most what the device takes. */
static size_t
most_items(const struct clgrpo_context *ctx, cl_kernel kernel)
{
    size_t most = 0;

    if (clGetKernelWorkGroupInfo(kernel, ctx->device, CL_KERNEL_WORK_GROUP_SIZE, sizeof most, &most, NULL) !=
            CL_SUCCESS ||
        most == 0 || most > ctx->info.max_work_group)
        most = ctx->info.max_work_group;
    return most;
}

enum clgrpo_status
clg_kernel_get(struct clgrpo_context *ctx, const char *unit, const char *entry, const char *defines, cl_kernel *out)
{
    size_t most;

    return clg_kernel_get_most(ctx, unit, entry, defines, out, &most);
}

enum clgrpo_status
clg_kernel_get_most(struct clgrpo_context *ctx, const char *unit, const char *entry, const char *defines,
                    cl_kernel *out, size_t *most)
{
    enum clgrpo_status st = CLGRPO_OK;
    struct clg_program *p = NULL;
    cl_kernel kernel;
    cl_int code;

    CLG_TRY(get_program(ctx, unit, defines, &p));
    if (p->program == NULL) { /* noted */
        *out = NULL;
        *most = ctx->info.max_work_group;
        return CLGRPO_OK;
    }
    for (unsigned i = 0; i < p->n_kernels; i++) {
        if (strcmp(p->kernels[i].entry, entry) == 0) {
            *out = p->kernels[i].kernel;
            *most = p->kernels[i].most;
            return CLGRPO_OK;
        }
    }
    CLG_REQUIRE(ctx, p->n_kernels < MAX_KERNELS && strlen(entry) < sizeof p->kernels[0].entry, CLGRPO_E_BUILD,
                "%s: more than %d kernels, or the name '%s' is too long", unit, MAX_KERNELS, entry);
    kernel = clCreateKernel(p->program, entry, &code);
    CLG_REQUIRE(ctx, code == CL_SUCCESS, CLGRPO_E_BUILD, "%s: clCreateKernel of %s failed with %s", unit, entry,
                clg_cl_name(code));
    snprintf(p->kernels[p->n_kernels].entry, sizeof p->kernels[0].entry, "%s", entry);
    p->kernels[p->n_kernels].most = *most = most_items(ctx, kernel);
    p->kernels[p->n_kernels++].kernel = kernel;
    *out = kernel;
out:
    return st;
}

void
clg_programs_destroy(struct clgrpo_context *ctx)
{
    while (ctx->programs != NULL) {
        struct clg_program *p = ctx->programs;

        ctx->programs = p->next;
        for (unsigned i = 0; i < p->n_kernels; i++)
            clReleaseKernel(p->kernels[i].kernel);
        if (p->program != NULL)
            clReleaseProgram(p->program);
        free(p);
    }
}
