/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "hash.h"
#include "internal.h"

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
enum { NAME = 37 /* bytes */, TEMPORARY = 64, ATTEMPTS = 100 };

static void
file_name(char name[NAME], const char *key, size_t key_bytes)
{
    snprintf(name, NAME, "%016llx%016llx.bin", (unsigned long long)clg_hash(CLG_HASH_START, key, key_bytes),
             (unsigned long long)clg_hash(0x84222325cbf29ce4u, key, key_bytes));
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

/* Without O_NONBLOCK the opening of a FIFO would wait for its writer. */
static FILE *
open_own(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    FILE *f = fd >= 0 && clg_cache_is_own(fd, S_IFREG) ? fdopen(fd, "rb") : NULL;

    if (f == NULL && fd >= 0)
        close(fd);
    return f;
}

void
clg_cache_load(const char *dir, const char *key, size_t key_bytes, unsigned char **binary, size_t *n_bytes)
{
    int folder = clg_cache_open(dir);
    struct header h;
    char name[NAME];
    FILE *f = NULL;

    *binary = NULL;
    if (folder < 0)
        return;
    file_name(name, key, key_bytes);
    f = open_own(folder, name);
    close(folder);
    if (f == NULL)
        return;
    if (read_exactly(f, &h, sizeof h) && header_fits(&h, key_bytes)) {
        *binary = read_body(f, &h, key);
        *n_bytes = (size_t)h.binary_bytes;
        futimens(fileno(f), NULL); /* the time of its last use */
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

/* A new file of a name that nobody else has. */
static int
make_temporary(int dir, const char *name, char temporary[TEMPORARY])
{
    int fd = -1;

    for (int i = 0; fd < 0 && i < ATTEMPTS; i++) {
        snprintf(temporary, TEMPORARY, "%s.%ld-%d", name, (long)getpid(), i);
        fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    return fd;
}

/* A cache that cannot be written only costs time, so failures are silent. There is no fsync: a file that was written in
 * part is a miss. */
void
clg_cache_store(const char *dir, const char *key, size_t key_bytes, const unsigned char *binary, size_t n_bytes)
{
    char name[NAME], temporary[TEMPORARY];
    struct header h = {.key_bytes = key_bytes, .binary_bytes = n_bytes};
    uLongf packed_bytes = compressBound((uLong)n_bytes);
    unsigned char *packed = malloc(packed_bytes);
    int folder = clg_cache_open(dir), fd;

    if (packed == NULL || folder < 0 || n_bytes > max_binary ||
        compress2(packed, &packed_bytes, binary, (uLong)n_bytes, 1) != Z_OK)
        goto out;
    memcpy(h.magic, magic, sizeof magic);
    h.packed_bytes = packed_bytes;
    h.crc = (uint32_t)crc32(0, binary, (uInt)n_bytes);
    file_name(name, key, key_bytes);
    if ((fd = make_temporary(folder, name, temporary)) < 0)
        goto out;
    if (!write_file(fd, &h, key, packed) || renameat(folder, temporary, folder, name) != 0)
        unlinkat(folder, temporary, 0);
    clg_cache_evict(folder, CLG_CACHE_MOST);
out:
    if (folder >= 0)
        close(folder);
    free(packed);
}
