/* SPDX-License-Identifier: Apache-2.0 */
#include "cache_case.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

char cache_path[256];

void
make_cache_path(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(cache_path, sizeof cache_path, "%s/clgrpo_cache.XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(cache_path));
}

void
find_cache_file(char path[512], int n)
{
    DIR *d = opendir(cache_path);
    int found = 0;

    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strstr(e->d_name, ".bin") == NULL)
            continue;
        found++;
        snprintf(path, 512, "%.200s/%.255s", cache_path, e->d_name);
    }
    closedir(d);
    ck_assert_int_eq(found, n);
}

void
remove_cache_path(void)
{
    DIR *d = opendir(cache_path);
    char path[512];

    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%.200s/%.255s", cache_path, e->d_name);
        if (e->d_name[0] != '.')
            unlink(path);
    }
    closedir(d);
    rmdir(cache_path);
}
