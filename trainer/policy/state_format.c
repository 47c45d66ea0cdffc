/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/state_format.h"

#include <stdio.h>
#include <string.h>

enum mg_status
mg_state_format_check(const char *path, struct mg_err *err)
{
    static const char magic[] = MG_STATE_MAGIC;
    enum mg_status st = MG_OK;
    enum { VERSION = sizeof magic - 2 };
    char there[sizeof magic - 1] = "";
    FILE *f = fopen(path, "rb");
    size_t n = f != NULL ? fread(there, 1, sizeof there, f) : 0;

    if (f != NULL)
        fclose(f);
    if (n == sizeof there && memcmp(there, magic, VERSION) == 0 && there[VERSION] > magic[VERSION] &&
        there[VERSION] <= '9') {
        st = mg_fail(err, MG_INPUT, "%s is a state of format %c, this mgrpo reads format %c", path, there[VERSION],
                     magic[VERSION]);
        mg_hint(err, "The mgrpo that wrote it can go on with the run.");
    }
    return st;
}
