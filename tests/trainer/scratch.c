/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "suite.h"

void
scratch_make(char folder[64])
{
    mg_err_clear(&err);
    strcpy(folder, "/tmp/mgrpo_test.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

void
scratch_remove(const char *folder)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

void
scratch_remove_file(const char *folder, const char *path)
{
    unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "%s holds more than %s", folder, path);
}

void
scratch_write(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "w");

    ck_assert_msg(f != NULL, "%s cannot be written", path);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

void
scratch_put(const char *folder, const char *name, const char *text)
{
    scratch_write(mg_path_print("%s/%s", folder, name).text, text, strlen(text));
}

char scratch_folder[64];

void
scratch_begin(void)
{
    scratch_make(scratch_folder);
}

void
scratch_end(void)
{
    scratch_remove(scratch_folder);
}
