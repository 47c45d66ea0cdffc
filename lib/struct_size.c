/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <string.h>

static enum clgrpo_status
read_size(struct clgrpo_context *ctx, const char *name, const void *given, size_t bytes, size_t *size)
{
    enum clgrpo_status st = CLGRPO_OK;

    CLG_REQUIRE(ctx, given != NULL, CLGRPO_E_ARGUMENT, "%s is null", name);
    memcpy(size, given, sizeof *size);
    CLG_REQUIRE(ctx, *size >= sizeof *size, CLGRPO_E_ARGUMENT, "%s: struct_size is %zu; use the INIT macro", name,
                *size);
    CLG_REQUIRE(ctx, *size <= bytes, CLGRPO_E_ARGUMENT,
                "%s: struct_size is %zu, clgrpo %s knows %zu bytes: the program was built for a newer one", name, *size,
                clgrpo_version(), bytes);
out:
    return st;
}

enum clgrpo_status
clg_struct_take(struct clgrpo_context *ctx, const char *name, const void *given, void *full, size_t bytes)
{
    size_t size = 0;
    enum clgrpo_status st = read_size(ctx, name, given, bytes, &size);

    if (st == CLGRPO_OK)
        memcpy((char *)full + sizeof size, (const char *)given + sizeof size, size - sizeof size);
    return st;
}

enum clgrpo_status
clg_struct_give(struct clgrpo_context *ctx, const char *name, void *out, const void *full, size_t bytes)
{
    size_t size = 0;
    enum clgrpo_status st = read_size(ctx, name, out, bytes, &size);

    if (st == CLGRPO_OK)
        memcpy((char *)out + sizeof size, (const char *)full + sizeof size, size - sizeof size);
    return st;
}
