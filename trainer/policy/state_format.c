/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/state_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"

struct state_header {
    char magic[8];
    uint64_t elems, version, extra_bytes, packed_bytes;
    uint32_t crc, reserved;
};
static const char magic[] = MG_STATE_MAGIC;
enum { MAX_EXTRA = 1 << 20 };

enum mg_status
mg_state_format_check(const char *path, struct mg_err *err)
{
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

/* ---- Writing ---- */

static enum mg_status
write_parts(const char *path, const struct state_header *h, const char *extra, const unsigned char *packed,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_file_new *f = NULL;

    MG_TRY(mg_file_new_open(path, &f, err));
    MG_TRY(mg_file_new_write(f, h, sizeof *h, err));
    MG_TRY(mg_file_new_write(f, extra, (size_t)h->extra_bytes, err));
    MG_TRY(mg_file_new_write(f, packed, (size_t)h->packed_bytes, err));
    MG_TRY(mg_file_new_commit(&f, err));
out:
    mg_file_new_abort(f);
    return st;
}

enum mg_status
mg_state_write(const char *path, size_t elems, const float *host, uint64_t version, const char *extra,
               struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct state_header h = {.elems = elems, .version = version, .extra_bytes = strlen(extra)};
    uLong bytes = (uLong)(3 * elems * sizeof *host);
    uLongf packed_bytes = compressBound(bytes);
    unsigned char *packed = NULL;

    MG_ALLOC(packed, packed_bytes);
    MG_REQUIRE(compress2(packed, &packed_bytes, (const Bytef *)host, bytes, 1) == Z_OK, MG_FAIL,
               "%s: zlib could not compress %lu bytes", path, bytes);
    memcpy(h.magic, magic, sizeof h.magic);
    h.packed_bytes = packed_bytes;
    h.crc = (uint32_t)crc32_z(crc32_z(0, (const Bytef *)extra, (z_size_t)h.extra_bytes), packed, packed_bytes);
    MG_TRY(write_parts(path, &h, extra, packed, err));
out:
    free(packed);
    return st;
}

/* ---- Reading ---- */

static enum mg_status
check_header(const char *path, const char *data, size_t len, size_t elems, struct state_header *h, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(len >= sizeof *h, MG_INPUT, "%s: %zu bytes are too few for a state file", path, len);
    memcpy(h, data, sizeof *h);
    MG_REQUIRE(memcmp(h->magic, magic, sizeof h->magic) == 0, MG_INPUT, "%s: not a state file", path);
    MG_REQUIRE(h->elems == elems, MG_INPUT, "%s: state of %llu weights, the model has %zu", path,
               (unsigned long long)h->elems, elems);
    MG_REQUIRE(h->extra_bytes <= MAX_EXTRA && h->packed_bytes <= len &&
                   sizeof *h + h->extra_bytes + h->packed_bytes == len,
               MG_INPUT, "%s: %zu bytes, its header says %llu and %llu", path, len, (unsigned long long)h->extra_bytes,
               (unsigned long long)h->packed_bytes);
    MG_REQUIRE(crc32_z(0, (const Bytef *)data + sizeof *h, len - sizeof *h) == h->crc, MG_INPUT,
               "%s: the checksum does not agree, the file is damaged", path);
out:
    return st;
}

enum mg_status
mg_state_read(const char *path, size_t elems, float *host, uint64_t *version, char **extra, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const uLongf all = (uLongf)(3 * elems * sizeof *host);
    uLongf bytes = all;
    struct state_header h;
    char *data = NULL, *text = NULL;
    size_t len = 0;

    MG_TRY(mg_file_read(path, sizeof h + MAX_EXTRA + compressBound(bytes), &data, &len, err));
    MG_TRY(check_header(path, data, len, elems, &h, err));
    MG_ALLOC(text, (size_t)h.extra_bytes + 1);
    memcpy(text, data + sizeof h, (size_t)h.extra_bytes);
    MG_REQUIRE(uncompress((Bytef *)host, &bytes, (const Bytef *)data + sizeof h + h.extra_bytes,
                          (uLong)h.packed_bytes) == Z_OK &&
                   bytes == all,
               MG_INPUT, "%s: the zlib stream is damaged", path);
    *version = h.version;
    *extra = text;
    text = NULL;
out:
    free(data);
    free(text);
    return st;
}
