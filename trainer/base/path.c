/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <stdarg.h>
#include <stdio.h>

struct mg_path
mg_path_print(const char *fmt, ...)
{
    struct mg_path p;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(p.text, sizeof p.text, fmt, ap);
    va_end(ap);
    return p;
}
