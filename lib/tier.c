/* SPDX-License-Identifier: Apache-2.0 */
#include "tier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "device.h"
#include "hash.h"

/* What the probe of subgroup-sum computes in one round. Its longest chain of additions is shorter than four groups. */
static void
sum_reference(const float *x, size_t group, double *want, double *bound)
{
    double sum = 0.0, magnitude = 0.0, squares = 0.0;

    for (size_t i = 0; i < group; i++) {
        sum += (double)x[i];
        magnitude += fabs((double)x[i]);
        squares += (double)x[i] * (double)x[i];
    }
    squares *= 2.0 * 0x1p-10 * (double)group;
    for (size_t i = 0; i < group; i++) {
        want[i] = sum + squares;
        bound[i] = 4.0 * (double)group * 0x1p-24 * (magnitude + squares);
    }
}

/* Input i of a group as the probe of half-product rounds it. */
static double
rounded(const float *x, size_t i)
{
    return rint((double)x[i % 64] * 256.0) / 256.0;
}

/* What the probe of half-product computes in one round: 16 products for each item, which half arithmetic sums eight at
 * a time. The bound holds whether halves round to nearest or to zero, and where denormals are 0. */
static void
product_reference(const float *x, size_t group, double *want, double *bound)
{
    for (size_t i = 0; i < group; i++) {
        const size_t row = i / 8 * 4 + i / 8 % 4 + i / 32 * 32, col = i % 8 * 4 + i % 4 + i % 8 / 4 * 32;
        double sum = 0.0, magnitude = 0.0;

        for (size_t k = 0; k < 16; k++) {
            const double product = rounded(x, row + 5 * k) * rounded(x, 27 * k + 64 - col);

            sum += product;
            magnitude += fabs(product);
        }
        want[i] = sum;
        bound[i] = 9.0 * 0x1p-10 * magnitude + 16.0 * 0x1p-14;
    }
}

const struct clg_tier_spec clg_tiers[CLG_N_TIERS] = {
    [CLG_TIER_SUBGROUP_SUM] = {.name = "subgroup-sum",
                               .meaning = "sums of a group by sub-group shuffles, in the same order",
                               .extension = "cl_khr_subgroup_shuffle",
                               .defines = {"-cl-std=CL3.0 -DHAS_SUBGROUPS=1 -DP_LANES=16",
                                           "-cl-std=CL3.0 -DHAS_SUBGROUPS=1", "-cl-std=CL2.0 -DHAS_SUBGROUPS=1"},
                               .changes_order = false,
                               .unit = "probe_rows",
                               .entry = "k_probe_rows",
                               .common = "-DC_CPU=0",
                               .below = "",
                               .group = 64,
                               .rounds = 200,
                               .reference = sum_reference},
    [CLG_TIER_HALF_PRODUCT] = {.name = "half-product",
                               .meaning = "products of f16 by f16 summed by eights in half arithmetic, then in f32",
                               .extension = "cl_khr_fp16",
                               .unlisted = "NVIDIA",
                               .defines = {"-DC_HALF=1"},
                               .changes_order = true,
                               .unit = "probe_gemm",
                               .entry = "k_probe_gemm",
                               .common = "-DP_TX=8 -DP_TY=8 -DP_MI=8 -DP_NI=8 -DP_K=8 -DP_VEC=4 -DP_BUFFERS=2",
                               .below = "",
                               .group = 64,
                               .rounds = 40,
                               .reference = product_reference},
};

static const char *const verdict_names[] = {
    [CLG_TIER_ABSENT] = "absent", [CLG_TIER_DISABLED] = "disabled", [CLG_TIER_FROZEN] = "frozen",
    [CLG_TIER_BROKEN] = "broken", [CLG_TIER_WRONG] = "wrong",       [CLG_TIER_SLOWER] = "not faster",
    [CLG_TIER_USED] = "used"};
enum { N_VERDICTS = sizeof verdict_names / sizeof verdict_names[0] };

const char *
clg_tier_verdict_name(enum clg_tier_verdict verdict)
{
    return (unsigned)verdict < N_VERDICTS ? verdict_names[verdict] : "?";
}

/* ---- Verdicts on disk ---- */

/* Of the probe's sources: where they change, an earlier verdict no longer counts. */
static uint64_t
hash_unit(const char *unit)
{
    uint64_t hash = CLG_HASH_START;

    for (size_t u = 0; u < clg_n_units; u++) {
        if (strcmp(clg_units[u].name, unit) != 0)
            continue;
        for (const char *const *f = clg_units[u].fragments; *f != NULL; f++)
            for (size_t s = 0; s < clg_n_sources; s++)
                if (strcmp(clg_sources[s].name, *f) == 0)
                    hash = clg_hash(hash, clg_sources[s].bytes, clg_sources[s].n_bytes);
    }
    return hash;
}

static size_t
verdict_key(const struct clgrpo_context *ctx, const struct clg_tier_spec *spec, char *key, size_t bytes)
{
    const struct clgrpo_device_info *d = &ctx->info;
    int n = snprintf(key, bytes, "tier\n%s\n%s\n%s %s %s\n%016llx\n%s\n%s\n%s\n%s\n%u", PACKAGE_VERSION, spec->name,
                     spec->defines[0], spec->common, spec->below, (unsigned long long)hash_unit(spec->unit),
                     d->platform, d->vendor, d->name, d->driver, d->compute_units);

    return n > 0 && (size_t)n < bytes ? (size_t)n : 0;
}

static bool
load_verdict(const struct clgrpo_context *ctx, const char *key, size_t key_bytes, struct clg_tier *out, unsigned *which)
{
    unsigned char *text = NULL;
    char line[256] = "";
    size_t n = 0;
    unsigned verdict = 0;
    int used = 0;
    bool good;

    if (ctx->cache_dir == NULL || key_bytes == 0)
        return false;
    clg_cache_load(ctx->cache_dir, key, key_bytes, &text, &n);
    if (text == NULL)
        return false;
    memcpy(line, text, n < sizeof line ? n : sizeof line - 1);
    free(text);
    good = sscanf(line, "%u %u %lf %n", &verdict, which, &out->ratio, &used) == 3 && used > 0 &&
           verdict >= CLG_TIER_BROKEN && verdict < N_VERDICTS && *which < CLG_TIER_MAX_DEFINES;
    if (good) {
        out->verdict = (enum clg_tier_verdict)verdict;
        snprintf(out->reason, sizeof out->reason, "%.127s", line + used);
        out->cached = true;
    }
    return good;
}

static void
store_verdict(const struct clgrpo_context *ctx, const char *key, size_t key_bytes, const struct clg_tier *t,
              unsigned which)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%u %u %.3f %s", (unsigned)t->verdict, which, t->ratio, t->reason);

    if (ctx->cache_dir != NULL && key_bytes > 0 && n > 0)
        clg_cache_store(ctx->cache_dir, key, key_bytes, (const unsigned char *)line, (size_t)n);
}

/* ---- Judging ---- */

/* Whether CLGRPO_DISABLE, a list of names with commas between, has this name. */
static bool
is_disabled(const char *name)
{
    const char *list = secure_getenv("CLGRPO_DISABLE");
    const size_t n = strlen(name);

    while (list != NULL && *list != '\0') {
        const size_t word = strcspn(list, ",");

        if (word == n && memcmp(list, name, n) == 0)
            return true;
        list += word + (list[word] == ',');
    }
    return false;
}

static void
settle(struct clg_tier *out, enum clg_tier_verdict verdict, const char *reason)
{
    out->verdict = verdict;
    snprintf(out->reason, sizeof out->reason, "%s", reason);
}

void
clg_tier_judge(struct clgrpo_context *ctx, const struct clg_tier_spec *spec, struct clg_tier *out, unsigned *which)
{
    char key[1024];
    size_t key_bytes = verdict_key(ctx, spec, key, sizeof key);

    *out = (struct clg_tier){.name = spec->name, .meaning = spec->meaning};
    *which = 0;
    if (is_disabled(spec->name))
        settle(out, CLG_TIER_DISABLED, "CLGRPO_DISABLE names it");
    else if (spec->extension != NULL && !clg_device_has(ctx->device, spec->extension) &&
             (spec->unlisted == NULL || strstr(ctx->info.platform, spec->unlisted) == NULL))
        settle(out, CLG_TIER_ABSENT, "the device does not list what it needs");
    else if (spec->changes_order && !ctx->allow_reordering)
        settle(out, CLG_TIER_FROZEN, "it changes the order of a sum");
    else if (!load_verdict(ctx, key, key_bytes, out, which)) {
        clg_tier_probe(ctx, spec, out, which);
        store_verdict(ctx, key, key_bytes, out, *which);
    }
}

/* What the context knows of a tier. Those that its family can use are judged when it is made, others when somebody
 * asks. */
static const struct clg_tier_state *
state(struct clgrpo_context *ctx, size_t id)
{
    struct clg_tier_state *s = &ctx->tiers[id];

    if (!s->judged) {
        s->judged = true; /* first, as the probe's own kernels ask for it, too */
        clg_tier_judge(ctx, &clg_tiers[id], &s->tier, &s->which);
    }
    return s;
}

const char *
clg_tier_defines(struct clgrpo_context *ctx, enum clg_tier_id id)
{
    const struct clg_tier_state *s = state(ctx, id);

    return s->tier.verdict == CLG_TIER_USED ? clg_tiers[id].defines[s->which] : "";
}

const struct clg_tier *
clg_tier_get(struct clgrpo_context *ctx, enum clg_tier_id id)
{
    return &state(ctx, id)->tier;
}
