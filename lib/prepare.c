/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

enum clgrpo_status
clgrpo_prepare_begin(struct clgrpo_context *ctx)
{
    enum clgrpo_status st = CLGRPO_OK;

    if (ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(ctx, !ctx->preparing, CLGRPO_E_ARGUMENT, "prepare_begin: it was called before, without its end");
    ctx->preparing = true;
out:
    return st;
}

enum clgrpo_status
clgrpo_prepare_end(struct clgrpo_context *ctx)
{
    enum clgrpo_status st = CLGRPO_OK;

    if (ctx == NULL)
        return CLGRPO_E_ARGUMENT;
    CLG_REQUIRE(ctx, ctx->preparing, CLGRPO_E_ARGUMENT, "prepare_end: there was no prepare_begin");
    ctx->preparing = false;
    CLG_TRY(clg_programs_build(ctx));
out:
    return st;
}
