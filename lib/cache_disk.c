/* SPDX-License-Identifier: Apache-2.0 */
#include "hash.h"
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/*
 * A cache file: header, key, zlib stream of the binary. A file is used only if its magic, its whole key and the
 * checksum of the inflated binary agree: a file of another key with the same name, one that was written in part, and
 * one of another program are misses, never a wrong kernel.
 */
struct header {
    char magic[8];
    uint64_t key_bytes, packed_bytes, binary_bytes;
    uint32_t crc, reserved;
};
static const char magic[8] = {'c', 'l', 'g', 'r', 'p', 'o', '0', '1'};
static const uint64_t max_binary = 256u << 20;

/* Two hashes of the key from different starts: a name only, never trusted. */
static bool
file_name(char *path, size_t bytes, const char *dir, const char *key, size_t key_bytes)
{
    int n = snprintf(path, bytes, "%s/%016llx%016llx.bin", dir,
                     (unsigned long long)clg_hash(CLG_HASH_START, key, key_bytes),
                     (unsigned long long)clg_hash(0x84222325cbf29ce4u, key, key_bytes));

    return n > 0 && (size_t)n < bytes;
}

static bool
make_dirs(const char *dir)
{
    char path[4096];
    size_t n = strlen(dir);

    if (n == 0 || n >= sizeof path)
        return false;
    memcpy(path, dir, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        char c = path[i];

        path[i] = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return false;
        path[i] = c;
    }
    return true;
}

char *
clg_cache_dir(const char *configured)
{
    const char *base = NULL, *tail = "";
    char path[4096];

    if (configured != NULL)
        base = configured;
    else if ((base = getenv("XDG_CACHE_HOME")) != NULL && base[0] == '/')
        tail = "/clgrpo";
    else if ((base = getenv("HOME")) != NULL && base[0] == '/')
        tail = "/.cache/clgrpo";
    if (base == NULL || base[0] == '\0' || (configured == NULL && base[0] != '/'))
        return NULL;
    if (snprintf(path, sizeof path, "%s%s", base, tail) >= (int)sizeof path || !make_dirs(path))
        return NULL;
    return strdup(path);
}

static bool
read_exactly(FILE *f, void *p, size_t n)
{
    return fread(p, 1, n, f) == n;
}

static bool
header_fits(const struct header *h, size_t key_bytes)
{
    return memcmp(h->magic, magic, sizeof magic) == 0 && h->key_bytes == key_bytes && h->packed_bytes <= max_binary &&
           h->binary_bytes <= max_binary && h->binary_bytes > 0;
}

static unsigned char *
read_body(FILE *f, const struct header *h, const char *key)
{
    unsigned char *packed = malloc((size_t)(h->key_bytes + h->packed_bytes));
    unsigned char *binary = malloc((size_t)h->binary_bytes);
    uLongf n = (uLongf)h->binary_bytes;
    bool good;

    good = packed != NULL && binary != NULL && read_exactly(f, packed, (size_t)(h->key_bytes + h->packed_bytes)) &&
           memcmp(packed, key, (size_t)h->key_bytes) == 0 &&
           uncompress(binary, &n, packed + h->key_bytes, (uLong)h->packed_bytes) == Z_OK && n == h->binary_bytes &&
           crc32(0, binary, (uInt)n) == h->crc;
    free(packed);
    if (!good) {
        free(binary);
        return NULL;
    }
    return binary;
}

void
clg_cache_load(const char *dir, const char *key, size_t key_bytes, unsigned char **binary, size_t *n_bytes)
{
    char path[4200];
    struct header h;
    FILE *f;

    *binary = NULL;
    if (!file_name(path, sizeof path, dir, key, key_bytes) || (f = fopen(path, "rb")) == NULL)
        return;
    if (read_exactly(f, &h, sizeof h) && header_fits(&h, key_bytes)) {
        *binary = read_body(f, &h, key);
        *n_bytes = (size_t)h.binary_bytes;
    }
    fclose(f);
}

static bool
write_file(int fd, const struct header *h, const char *key, const unsigned char *packed)
{
    FILE *f = fdopen(fd, "wb");
    bool good;

    if (f == NULL) {
        close(fd);
        return false;
    }
    good = fwrite(h, sizeof *h, 1, f) == 1 && fwrite(key, 1, (size_t)h->key_bytes, f) == h->key_bytes &&
           fwrite(packed, 1, (size_t)h->packed_bytes, f) == h->packed_bytes;
    return fclose(f) == 0 && good;
}

/* A cache that cannot be written only costs time, so failures are silent. There is no fsync: a file that was written in
 * part is a miss. */
void
clg_cache_store(const char *dir, const char *key, size_t key_bytes, const unsigned char *binary, size_t n_bytes)
{
    char path[4200], temp[4300];
    struct header h = {.key_bytes = key_bytes, .binary_bytes = n_bytes};
    uLongf packed_bytes = compressBound((uLong)n_bytes);
    unsigned char *packed = malloc(packed_bytes);
    int fd;

    if (packed == NULL || n_bytes > max_binary || !file_name(path, sizeof path, dir, key, key_bytes) ||
        compress2(packed, &packed_bytes, binary, (uLong)n_bytes, 1) != Z_OK)
        goto out;
    memcpy(h.magic, magic, sizeof magic);
    h.packed_bytes = packed_bytes;
    h.crc = (uint32_t)crc32(0, binary, (uInt)n_bytes);
    snprintf(temp, sizeof temp, "%s.XXXXXX", path);
    if ((fd = mkstemp(temp)) < 0)
        goto out;
    if (!write_file(fd, &h, key, packed) || rename(temp, path) != 0)
        unlink(temp);
out:
    free(packed);
}
