/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rows/row_groups.h"
#include "rows/touch.h"
#include "measure/median.h"

/*
 * What a program waits for before its first result: every operation once in a fresh context, first with an empty cache
 * folder, then with the folder that the first time filled.
 */
enum { WARM_LIMIT_MS = 300, WARM_ROUNDS = 5 };

/* Milliseconds for every operation once in a context of its own; negative if something failed. */
static double
start_ms(struct bench *b, const char *cache_dir, struct clgrpo_cache_stats *stats)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    struct clgrpo_context *usual = b->ctx, *fresh = NULL;
    double start = bench_now_us(), ms = -1.0;

    config.family = b->info.family;
    config.cache_dir = cache_dir;
    if (!bench_ok(
            b, clgrpo_context_create(clgrpo_context_cl(usual), clgrpo_context_device(usual), &config, &fresh, NULL, 0),
            "program"))
        return -1.0;
    b->ctx = fresh;
    touch_all(b);
    if (!b->failed && bench_ok(b, clgrpo_cache_stats_get(fresh, stats), "program"))
        ms = 1e-3 * (bench_now_us() - start);
    b->ctx = usual;
    clgrpo_context_destroy(fresh);
    return ms;
}

static void
remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char file[512];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        int n = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);

        if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof file)
            unlink(file);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(path);
}

static void
add(struct bench *b, const char *name, double ms, double limit, double spread, unsigned rounds)
{
    struct bench_row row = {.kind = BENCH_OTHER, .unit = "ms", .value = ms, .limit = limit, .rounds = rounds};

    if (ms < 0.0 || !bench_wanted(b, name))
        return;
    snprintf(row.row, sizeof row.row, "%s", name);
    snprintf(row.limit_name, sizeof row.limit_name, "%s", limit > 0.0 ? "promise" : "-");
    row.ratio = limit > 0.0 ? limit / ms : 0.0;
    row.median_us = 1e3 * ms;
    row.spread = spread;
    bench_add_row(b, &row);
}

void
rows_program(struct bench *b)
{
    static const char cold[] = "program.cold_start", warm[] = "program.warm_start", load[] = "program.warm_load";
    struct clgrpo_cache_stats stats = CLGRPO_CACHE_STATS_INIT;
    const char *root = getenv("TMPDIR");
    double ms[WARM_ROUNDS], first, usual;
    char dir[300];
    bool any = bench_wanted(b, cold);

    any = bench_wanted(b, warm) || any;
    any = bench_wanted(b, load) || any;
    if (!any)
        return;
    snprintf(dir, sizeof dir, "%.250s/clgrpo-bench-XXXXXX", root != NULL && root[0] != '\0' ? root : "/tmp");
    if (mkdtemp(dir) == NULL) {
        bench_fail(b, "%s: %s", dir, strerror(errno));
        return;
    }
    first = start_ms(b, dir, &stats);
    for (unsigned i = 0; i < WARM_ROUNDS; i++)
        ms[i] = start_ms(b, dir, &stats);
    remove_folder(dir);
    usual = bench_median(ms, WARM_ROUNDS);
    add(b, cold, first, 0.0, 0.0, 1);
    add(b, warm, usual, WARM_LIMIT_MS, (ms[WARM_ROUNDS - 1] - ms[0]) / usual, WARM_ROUNDS);
    add(b, load, stats.n_built == 0 ? 1e3 * stats.load_seconds : -1.0, 0.0, 0.0, 1);
}
