/* SPDX-License-Identifier: Apache-2.0 */
#include "run/key.h"

#include <ctype.h>
#include <string.h>

bool
mg_is_agent_name(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > MG_AGENT_NAME_MAX || !islower((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '-')
            return false;
    return true;
}
