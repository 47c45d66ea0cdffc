/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for the disk cache. */
#ifndef CLGRPO_TESTS_CACHE_CASE_H
#define CLGRPO_TESTS_CACHE_CASE_H

extern char cache_path[256];
/* A test's setup and teardown. */
void make_cache_path(void);
void remove_cache_path(void);
/* The one cache file of the folder; fails unless there are n in all. */
void find_cache_file(char path[512], int n);

#endif
