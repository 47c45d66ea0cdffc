/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a file of the cache of device binaries, behind the magic of one. What is
 * loaded is whole; what is stored in its place is loaded again.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/dev/shm/fuzz_kernel_cache.XXXXXX", path[320];
static const char key[] = "key";

/* The cache names its file by the key: the only one in the folder. */
static void
begin(void)
{
    struct dirent *d;
    DIR *stream;

    if (mkdtemp(folder) == NULL)
        abort();
    clg_cache_store(folder, key, sizeof key, (const unsigned char *)"binary", 6);
    stream = opendir(folder);
    while (stream != NULL && (d = readdir(stream)) != NULL)
        if (d->d_name[0] != '.')
            snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
    if (stream == NULL || path[0] == '\0')
        abort();
    closedir(stream);
}

static void
end(void)
{
    unlink(path);
    rmdir(folder);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *binary = NULL;
    size_t n = 0, again = 0;
    int fd;

    if (path[0] == '\0') {
        begin();
        atexit(end);
    }
    fd = open(path, O_WRONLY | O_TRUNC);
    if (fd < 0 || write(fd, "clgrpo01", 8) != 8 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
    clg_cache_load(folder, key, sizeof key, &binary, &n);
    if (binary != NULL) { /* all of it is there: a sanitizer sees a byte too few */
        clg_cache_store(folder, key, sizeof key, binary, n);
        free(binary);
        clg_cache_load(folder, key, sizeof key, &binary, &again);
        if (binary == NULL || again != n)
            abort();
        free(binary);
    }
    return 0;
}
