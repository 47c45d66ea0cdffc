/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that stand between the library and OpenCL: the function behind one of this program's own. */
#ifndef CLGRPO_TESTS_NEXT_CL_H
#define CLGRPO_TESTS_NEXT_CL_H

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

static inline void *
next_cl(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);

    if (f == NULL)
        abort();
    return f;
}
#define NEXT(name) ((__typeof__(&name))(uintptr_t)next_cl(#name))

#endif
