/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_digest.h"
#include "base/hash.h"
#include "base/stop.h"

enum { CHUNK = 1 << 20 };

/* The digest of a file is that of the digests of its parts, so that a large one is read once, through a small
 * buffer. */
static void
add_part(uint64_t hash[2], const void *part, size_t n)
{
    hash[1] = mg_hash(part, n);
    hash[0] = mg_hash(hash, 2 * sizeof *hash);
}

void
mg_bytes_digest(const void *bytes, size_t n, char out[MG_DIGEST])
{
    uint64_t hash[2] = {0, 0};

    for (size_t at = 0; at < n; at += CHUNK)
        add_part(hash, (const char *)bytes + at, n - at < CHUNK ? n - at : CHUNK);
    snprintf(out, MG_DIGEST, "%016" PRIx64, hash[0]);
}

enum mg_status
mg_file_digest(const char *path, char out[MG_DIGEST], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint64_t hash[2] = {0, 0};
    char *part = NULL;
    FILE *f = fopen(path, "rb");
    struct stat about;
    size_t n;

    MG_REQUIRE(f != NULL, MG_INPUT, "%s: %s", path, strerror(errno));
    MG_REQUIRE(fstat(fileno(f), &about) == 0 && !S_ISDIR(about.st_mode), MG_INPUT,
               "%s is a directory, a file is needed", path);
    MG_ALLOC(part, (size_t)CHUNK);
    while ((n = fread(part, 1, CHUNK, f)) > 0) {
        add_part(hash, part, n);
        MG_TRY(mg_stop_check(err));
    }
    MG_REQUIRE(!ferror(f), MG_FAIL, "%s: %s", path, strerror(errno));
    snprintf(out, MG_DIGEST, "%016" PRIx64, hash[0]);
out:
    if (f != NULL)
        fclose(f);
    free(part);
    return st;
}
