/* SPDX-License-Identifier: Apache-2.0 */
/* Tiers: a wrong, a broken, a slow and a missing one are each refused for their own reason; a right and fast one is
 * used, and its verdict is kept. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "gemm_case.h"
#include "tier.h"

static struct clgrpo_context *
open_cached(const char *dir, bool allow_reordering)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;

    config.family = CLGRPO_FAMILY_SIMT;
    config.cache_dir = dir;
    config.tune_file = "";
    config.allow_reordering = allow_reordering;
    return fx_open(NULL, &config);
}

/* The library's own probe, with other defines in the place of the tier's. */
static struct clg_tier_spec
spec_with(const char *defines)
{
    struct clg_tier_spec s = clg_tiers[CLG_TIER_SUBGROUP_SUM];

    s.name = "test";
    s.extension = NULL;
    s.defines[0] = defines;
    s.defines[1] = NULL;
    return s;
}

static struct clg_tier
judge(struct clgrpo_context *ctx, const struct clg_tier_spec *spec)
{
    struct clg_tier t;
    unsigned which = 9;

    clg_tier_judge(ctx, spec, &t, &which);
    ck_assert_msg(clgrpo_error_status(ctx) == CLGRPO_OK, "%s", clgrpo_error_text(ctx));
    ck_assert(t.reason[0] != '\0');
    return t;
}

static void
expect(const struct clg_tier_spec *spec, enum clg_tier_verdict want, const char *reason)
{
    struct clgrpo_context *ctx = open_cached("", false);
    struct clg_tier t = judge(ctx, spec);

    ck_assert_msg(t.verdict == want && strstr(t.reason, reason) != NULL, "%s: %s, want %s: %s",
                  clg_tier_verdict_name(t.verdict), t.reason, clg_tier_verdict_name(want), reason);
    clgrpo_context_destroy(ctx);
}

/* Every item reads the first item's input. */
START_TEST(wrong_everywhere)
{
    const struct clg_tier_spec s = spec_with("-Dget_global_id(x)=get_group_id(x)");

    expect(&s, CLG_TIER_WRONG, "wrong numbers with one and with many work-groups");
}
END_TEST

/* Right with one work-group: all do the work of the first. */
START_TEST(wrong_with_many_groups)
{
    const struct clg_tier_spec s = spec_with("-Dget_global_id(x)=get_local_id(x)");

    expect(&s, CLG_TIER_WRONG, "wrong numbers with many work-groups");
}
END_TEST

/* Sub-groups of four items that read their partners from local memory: `first` and `second` are the distances. */
#define FOURS(first, second)                                                                                           \
    "-DHAS_SUBGROUPS=1 -DC_LANE=get_local_id(0)%4 -DC_LANES=4 "                                                        \
    "-DC_SHUFFLE_XOR(x,m)=(m==2?C_LEVEL_4(scratch,(lane^" first ")):C_LEVEL_4(scratch,(lane^" second                   \
    "))+C_LEVEL_4(scratch,(lane^3)))"

/* The order of the tree, so its bits, on a device without sub-groups too. */
START_TEST(same_bits)
{
    struct clg_tier_spec s = spec_with(FOURS("2", "1"));
    struct clgrpo_context *ctx = open_cached("", false);
    struct clg_tier t = judge(ctx, &s);

    ck_assert_msg(t.verdict >= CLG_TIER_SLOWER, "%s", t.reason);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* Near the reference, but neighbours before halves. */
START_TEST(other_bits)
{
    struct clg_tier_spec s = spec_with(FOURS("1", "2"));
    struct clgrpo_context *ctx = open_cached("", true);

    expect(&s, CLG_TIER_WRONG, "wrong numbers");
    s.changes_order = true; /* then the bound alone counts */
    ck_assert_int_ge(judge(ctx, &s).verdict, CLG_TIER_SLOWER);
    clgrpo_context_destroy(ctx);
}
END_TEST

START_TEST(broken)
{
    const struct clg_tier_spec s = spec_with("-Dgroup_tree=1");

    expect(&s, CLG_TIER_BROKEN, "clBuildProgram failed");
}
END_TEST

START_TEST(second_defines)
{
    struct clg_tier_spec s = spec_with("-Dgroup_tree=1");
    struct clgrpo_context *ctx = open_cached("", false);
    struct clg_tier t = {0};
    unsigned which = 9;

    s.defines[1] = "-DC_UNUSED=1";
    clg_tier_probe(ctx, &s, &t, &which);
    ck_assert_int_ge(t.verdict, CLG_TIER_SLOWER);
    ck_assert_uint_eq(which, 1);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* The right numbers without any optimisation; and in place of that the plain kernel: a gain, so it is used. */
#define SLOW "-cl-opt-disable"
START_TEST(slower_and_faster)
{
    const struct clg_tier_spec slow = spec_with(SLOW);
    struct clg_tier_spec plain = spec_with("-DC_UNUSED=1");

    plain.below = SLOW;
    expect(&slow, CLG_TIER_SLOWER, "times as fast");
    expect(&plain, CLG_TIER_USED, "times as fast");
}
END_TEST

START_TEST(absent)
{
    struct clg_tier_spec s = spec_with("-DC_UNUSED=1");

    s.extension = "cl_khr_no_such_thing";
    expect(&s, CLG_TIER_ABSENT, "does not list");
    s.extension = "cl_khr"; /* part of many names, and none */
    expect(&s, CLG_TIER_ABSENT, "does not list");
}
END_TEST

START_TEST(disabled)
{
    const struct clg_tier_spec s = spec_with("-Dgroup_tree=1");

    setenv("CLGRPO_DISABLE", "other,test", 1);
    expect(&s, CLG_TIER_DISABLED, "CLGRPO_DISABLE");
    setenv("CLGRPO_DISABLE", "tes,testing,,", 1);
    expect(&s, CLG_TIER_BROKEN, "clBuildProgram");
    unsetenv("CLGRPO_DISABLE");
}
END_TEST

START_TEST(frozen)
{
    struct clg_tier_spec s = spec_with("-DC_UNUSED=1");

    s.changes_order = true;
    expect(&s, CLG_TIER_FROZEN, "order");
}
END_TEST

/* The second context takes the verdict from the disk; another probe or a damaged file does not. */
START_TEST(verdict_is_kept)
{
    char dir[] = "check_tier.XXXXXX", command[64];
    struct clg_tier_spec s = spec_with("-Dget_global_id(x)=get_group_id(x)"), other;
    struct clgrpo_context *ctx;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    for (int i = 0; i < 3; i++) {
        struct clgrpo_cache_stats stats = CLGRPO_CACHE_STATS_INIT;
        struct clg_tier t;

        ctx = open_cached(dir, false);
        t = judge(ctx, &s);
        ck_assert_int_eq(t.verdict, CLG_TIER_WRONG);
        ck_assert_int_eq(t.cached, i == 1);
        ck_assert_ptr_nonnull(strstr(t.reason, "many work-groups"));
        fx_ok(ctx, clgrpo_cache_stats_get(ctx, &stats));
        ck_assert_uint_eq(stats.n_built + stats.n_loaded, i == 1 ? 0 : 2);
        other = spec_with("-DC_UNUSED=1");
        ck_assert(i > 0 || !judge(ctx, &other).cached);
        clgrpo_context_destroy(ctx);
        if (i == 1) {
            snprintf(command, sizeof command, "for f in %s/*; do echo x >$f; done", dir);
            ck_assert_int_eq(system(command), 0);
        }
    }
    snprintf(command, sizeof command, "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

/* Whatever this device has: the verdicts, and an operation's bits with and without. */
START_TEST(own_tiers)
{
    struct clgrpo_context *ctx = open_cached("", false), *without;
    float *x = fx_random(37 * 300, 1.0f, 3), *w = fx_random(300, 1.0f, 4), *y[2];
    struct clgrpo_context *both[2];

    for (unsigned i = 0; i < CLG_N_TIERS; i++) {
        const struct clg_tier *t = clg_tier_get(ctx, (enum clg_tier_id)i);

        ck_assert(t->name != NULL && t->meaning != NULL && t->reason[0] != '\0');
        ck_assert_msg(t->verdict != CLG_TIER_WRONG, "%s: %s", t->name, t->reason);
    }
    setenv("CLGRPO_DISABLE", "subgroup-sum", 1);
    without = open_cached("", false);
    both[0] = ctx, both[1] = without;
    for (int i = 0; i < 2; i++) {
        struct clgrpo_rmsnorm_args a = CLGRPO_RMSNORM_ARGS_INIT;

        a.x = fx_upload(both[i], CLGRPO_F32, 2, FX_SHAPE(37, 300), x);
        a.w = fx_upload(both[i], CLGRPO_F32, 1, FX_SHAPE(300), w);
        a.y = fx_output(both[i], CLGRPO_F32, 2, FX_SHAPE(37, 300));
        a.eps = 1e-5f;
        fx_ok(both[i], clgrpo_rmsnorm(both[i], &a, clgrpo_context_queue(both[i]), 0, NULL, NULL));
        y[i] = fx_download(both[i], &a.y);
        fx_release_all(&a.x, &a.w, &a.y);
    }
    unsetenv("CLGRPO_DISABLE");
    fx_same_bits("rmsnorm with and without tiers", y[0], y[1], sizeof(float) * 37 * 300);
    free(x), free(w), free(y[0]), free(y[1]);
    clgrpo_context_destroy(ctx);
    clgrpo_context_destroy(without);
}
END_TEST

/* The probe of half arithmetic where there is none: its reference is what f32 gives, and it tells what is wrong. */
START_TEST(half_probe)
{
    struct clg_tier_spec s = clg_tiers[CLG_TIER_HALF_PRODUCT];
    struct clgrpo_context *ctx = open_cached("", true);

    s.name = "test";
    s.extension = NULL;
    s.defines[0] = "-DC_UNUSED=1";
    ck_assert_int_ge(judge(ctx, &s).verdict, CLG_TIER_SLOWER);
    s.defines[0] = "-Dget_group_id(x)=get_global_offset(x)";
    ck_assert_int_eq(judge(ctx, &s).verdict, CLG_TIER_WRONG);
    clgrpo_context_destroy(ctx);
}
END_TEST

/* c within what the tier promises for eights summed in half (with denormals as zero), and not the f32 chain's bits. */
static void
check_half(struct clgrpo_context *ctx, struct gemm_shape s, unsigned flags, float alpha, bool packed)
{
    struct gemm_product p = gemm_product_make(ctx, s, flags, alpha, flags % 2);
    const size_t n = s.m * s.n;
    double *want = malloc(n * sizeof *want), *magnitude = malloc(n * sizeof *magnitude);
    float *got[2], *chain = malloc(n * sizeof *chain);
    size_t n_other = 0;

    fx_store_as(ctx, CLGRPO_F16, &p.args.a, p.a);
    fx_store_as(ctx, CLGRPO_F16, &p.args.b, p.b);
    if (packed)
        gemm_product_pack(ctx, &p, CLGRPO_F16);
    p.args.accumulate = p.ref.accumulate = false; /* the second run would add to the first's */
    for (int i = 0; i < 2; i++)
        got[i] = gemm_product_run(ctx, &p);
    fx_same_bits("half, twice", got[0], got[1], n * sizeof(float));
    ref_gemm(&p.ref, want, magnitude);
    ref_gemm_chain(&p.ref, chain);
    for (size_t i = 0; i < n; i++) {
        const double bound = (9.0 * 0x1p-11 + 2.0 * (double)s.k * 0x1p-24) * magnitude[i] + (double)s.k * 0x1p-14;

        ck_assert_msg(fabs((double)got[0][i] - want[i]) <= bound, "%zu x %zu x %zu, element %zu: %g, want %g within %g",
                      s.m, s.n, s.k, i, (double)got[0][i], want[i], bound);
        n_other += got[0][i] != chain[i];
    }
    ck_assert_msg(n_other > n / 2 || s.k < 8, "%zu of %zu elements differ from f32: not half arithmetic", n_other, n);
    free(got[0]), free(got[1]), free(chain), free(want), free(magnitude);
    gemm_product_free(&p);
}

/* The product by half arithmetic, used by force where it need not be faster; absent where the device has none. */
START_TEST(half_product)
{
    static const struct gemm_shape shapes[] = {{1, 5, 3}, {37, 50, 29}, {70, 66, 64}, {130, 70, 203}};
    struct clgrpo_context *ctx = open_cached("", true);
    const struct clg_tier t = *clg_tier_get(ctx, CLG_TIER_HALF_PRODUCT);

    if (clg_device_has(ctx->device, "cl_khr_fp16"))
        ck_assert_msg(t.verdict != CLG_TIER_ABSENT && t.verdict != CLG_TIER_WRONG, "%s", t.reason);
    if (t.verdict == CLG_TIER_USED || t.verdict == CLG_TIER_SLOWER) {
        ctx->tiers[CLG_TIER_HALF_PRODUCT] = (struct clg_tier_state){.judged = true, .tier = {.verdict = CLG_TIER_USED}};
        for (unsigned i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            for (unsigned flags = 0; flags < 4; flags++)
                check_half(ctx, shapes[i], flags, i % 2 ? 0.75f : 1.0f, flags == i);
    }
    clgrpo_context_destroy(ctx);
}
END_TEST

/* Without leave to change an order, products of f16 keep the bits of f32. */
START_TEST(half_product_is_frozen)
{
    struct clgrpo_context *ctx = open_cached("", false);
    struct gemm_product p = gemm_product_make(ctx, (struct gemm_shape){37, 50, 29}, 2, 1.0f, 0);

    fx_store_as(ctx, CLGRPO_F16, &p.args.a, p.a);
    fx_store_as(ctx, CLGRPO_F16, &p.args.b, p.b);
    gemm_product_check(ctx, &p);
    clgrpo_context_destroy(ctx);
}
END_TEST

int
main(void)
{
    TCase *t = fx_case("tier"), *half = fx_case("half");

    fx_own_driver_cache();
    fx_tests(t, wrong_everywhere, wrong_with_many_groups, same_bits, other_bits, broken, second_defines,
             slower_and_faster, absent, disabled, frozen, verdict_is_kept, own_tiers);
    fx_tests(half, half_probe, half_product, half_product_is_frozen);
    return fx_main();
}
