/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
mg_err_clear(struct mg_err *err)
{
    err->status = MG_OK;
    err->text[0] = '\0';
    err->hint[0] = '\0';
}

enum mg_status
mg_fail(struct mg_err *err, enum mg_status status, const char *fmt, ...)
{
    va_list ap;

    if (err->status != MG_OK)
        return status;
    err->status = status;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return status;
}

void
mg_hint(struct mg_err *err, const char *fmt, ...)
{
    va_list ap;

    if (err->hint[0] != '\0')
        return;
    va_start(ap, fmt);
    vsnprintf(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

enum mg_status
mg_fail_at(struct mg_err *err, const char *fmt, ...)
{
    char sentence[sizeof err->text];
    size_t n;
    va_list ap;

    memcpy(sentence, err->text, sizeof sentence);
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    n = strlen(err->text);
    snprintf(err->text + n, sizeof err->text - n, ": %s", sentence);
    return err->status;
}
