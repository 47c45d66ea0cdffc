/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peers/peers.h"

/* The name under which OpenBLAS has the kernels that fit the instruction set; NULL if it is to choose. */
static const char *
fitting_core(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "Haswell";
#endif
    return NULL;
}

/*
 * OpenBLAS chooses its kernels by the processor's model: on a model that it does not know it takes slow ones, and the
 * environment may force wrong ones. So those that fit the instruction set are forced, and the peer's name tells which
 * were chosen.
 */
void
peer_openblas_set_environment(void)
{
    const char *core = fitting_core();

    unsetenv("OPENBLAS_L2_SIZE");
    setenv("OPENBLAS_THREAD_TIMEOUT", "4",
           1); /* else its idle threads keep busy the cores on which our runs are timed */
    if (core != NULL)
        setenv("OPENBLAS_CORETYPE", core, 1);
}

static void *
load(void)
{
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so"};
    void *lib = NULL;

    for (size_t i = 0; lib == NULL && i < sizeof names / sizeof names[0]; i++)
        lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return lib;
}

const struct peer_openblas *
peer_openblas_load(void)
{
    static struct peer_openblas peer;
    static bool tried;
    char *(*core)(void);
    void *lib, *symbol;

    if (tried)
        return peer.sgemm != NULL ? &peer : NULL;
    tried = true;
    if ((lib = load()) == NULL || (symbol = dlsym(lib, "cblas_sgemm")) == NULL)
        return NULL;
    memcpy(&peer.sgemm, &symbol, sizeof symbol);
    symbol = dlsym(lib, "openblas_get_corename");
    memcpy(&core, &symbol, sizeof symbol);
    snprintf(peer.name, sizeof peer.name, "OpenBLAS/%s", core != NULL ? core() : "?");
    return &peer;
}
