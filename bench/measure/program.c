/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opened the other way round, so that its use fails as that of the closed one did. */
void
program_begin(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            exit(1);
}

int
program_end(const char *name, int rc)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return rc;
    fprintf(stderr, "%s: standard output: %s\n", name, strerror(errno));
    return rc != 0 ? rc : 1;
}

/* Whether that status means a wrong name, by `selector` or by CLGRPO_DEVICE. */
static bool
misnamed(enum clgrpo_status st, const char *selector)
{
    const char *named = selector != NULL ? selector : getenv("CLGRPO_DEVICE");

    return st == CLGRPO_E_DEVICE && named != NULL && named[0] != '\0';
}

int
program_open(const char *name, const char *selector, const struct clgrpo_context_config *config,
             struct clgrpo_context **ctx)
{
    char error[512];
    enum clgrpo_status st = clgrpo_context_open(selector, config, ctx, error, sizeof error);

    if (st == CLGRPO_OK)
        return 0;
    fprintf(stderr, "%s: %s\n", name, error);
    if (!misnamed(st, selector))
        return 1;
    fputs("  clgrpo-info lists the devices; clgrpo_context(3) says how one is named.\n", stderr);
    return 2;
}
