/* SPDX-License-Identifier: Apache-2.0 */
#include "tune_params.h"

#include <string.h>

/* Every operation with parameters. The classes stand in the order of their numbers. */
const struct clg_tune_op clg_tune_ops[CLG_TUNE_N_OPS] = {
    [CLG_TUNE_GEMM_CPU] = {"gemm_cpu", "f32", 3, {"skinny", "plain", "tn"}},
    [CLG_TUNE_GEMM_SIMT] = {"gemm_simt", "f32", 3, {"skinny", "plain", "tn"}},
    [CLG_TUNE_ATTENTION_CPU] = {"attention_cpu", "f32", 3, {"d32", "d64", "d128"}},
    [CLG_TUNE_ATTENTION_SIMT] = {"attention_simt", "f32", 3, {"d32", "d64", "d128"}},
    [CLG_TUNE_ATTENTION_BACKWARD_SIMT] = {"attention_backward_simt", "f32", 3, {"d32", "d64", "d128"}},
    [CLG_TUNE_LOGPROB_CPU] = {"linear_logprob_cpu", "f32", 1, {"all"}},
    [CLG_TUNE_ROWS_SIMT] = {"rows_simt", "f32", 1, {"all"}},
};

/*
 * Every parameter: operation, name, meaning; standard in each class; allowed values; whether it changes the order of a
 * sum. Those of an operation stand together. KC divides the sums of a product without changing their order: between
 * slices a sum is stored in C as it is.
 */
const struct clg_tune_param clg_tune_params[CLG_TUNE_N_PARAMS] = {
    [CLG_TUNE_GEMM_CPU_KC] =
        {CLG_TUNE_GEMM_CPU, "KC", "terms of a slice of k", {256, 256, 256}, 6, {128, 192, 256, 384, 512, 1024}, false},
    [CLG_TUNE_GEMM_CPU_MC] =
        {CLG_TUNE_GEMM_CPU, "MC", "most rows of a group", {96, 96, 256}, 5, {48, 96, 192, 256, 384}, false},
    [CLG_TUNE_GEMM_CPU_NC] =
        {CLG_TUNE_GEMM_CPU, "NC", "most columns of a group", {512, 256, 256}, 5, {128, 256, 512, 1024, 2048}, false},
    [CLG_TUNE_GEMM_CPU_GROUPS] =
        {CLG_TUNE_GEMM_CPU, "GROUPS", "groups wanted for each core", {4, 4, 1}, 4, {1, 2, 4, 8}, false},
    [CLG_TUNE_GEMM_SIMT_PROVIDER] =
        {CLG_TUNE_GEMM_SIMT, "PROVIDER", "0: own kernels, 1: CLBlast", {0, 0, 0}, 2, {0, 1}, true},
    [CLG_TUNE_GEMM_SIMT_TILE] = {CLG_TUNE_GEMM_SIMT,
                                 "TILE",
                                 "0: by shape, else a tile of the device's list, from 1",
                                 {0, 0, 0},
                                 5,
                                 {0, 1, 2, 3, 4},
                                 false},
    [CLG_TUNE_ATTENTION_CPU_TILES] =
        {CLG_TUNE_ATTENTION_CPU, "P_TILES", "most register tiles of a group", {64, 32, 32}, 4, {8, 16, 32, 64}, false},
    [CLG_TUNE_ATTENTION_SIMT_TILE] =
        {CLG_TUNE_ATTENTION_SIMT, "TILE", "tile of the device's list, from 0", {0, 0, 0}, 2, {0, 1}, false},
    [CLG_TUNE_ATTENTION_BACKWARD_SIMT_TILE] =
        {CLG_TUNE_ATTENTION_BACKWARD_SIMT, "TILE", "tile of the device's list, from 0", {0, 0, 0}, 2, {0, 1}, false},
    [CLG_TUNE_LOGPROB_CPU_PANEL_KIB] = {CLG_TUNE_LOGPROB_CPU,
                                        "PANEL_KIB",
                                        "KiB of w packed at a time",
                                        {2048},
                                        6,
                                        {256, 512, 1024, 2048, 4096, 8192},
                                        false},
    [CLG_TUNE_ROWS_SIMT_GROUP] =
        {CLG_TUNE_ROWS_SIMT, "P_GROUP", "items that share a row", {64}, 3, {32, 64, 128}, true},
};

size_t
clg_tune_first(size_t op)
{
    size_t first = 0;

    while (first < CLG_TUNE_N_PARAMS && clg_tune_params[first].op != op)
        first++;
    return first;
}

size_t
clg_tune_count(size_t op)
{
    size_t first = clg_tune_first(op), n = 0;

    while (first + n < CLG_TUNE_N_PARAMS && clg_tune_params[first + n].op == op)
        n++;
    return n;
}

bool
clg_tune_find_op(const char *name, size_t *op)
{
    for (*op = 0; *op < CLG_TUNE_N_OPS; ++*op)
        if (strcmp(clg_tune_ops[*op].name, name) == 0)
            return true;
    return false;
}

bool
clg_tune_find_class(size_t op, const char *name, int *shape_class)
{
    *shape_class = CLG_TUNE_ANY_CLASS;
    if (strcmp(name, "*") == 0)
        return true;
    for (size_t i = 0; i < clg_tune_ops[op].n_classes; i++)
        if (strcmp(clg_tune_ops[op].classes[i], name) == 0)
            *shape_class = (int)i;
    return *shape_class != CLG_TUNE_ANY_CLASS;
}

const char *
clg_tune_source_name(enum clg_tune_source source)
{
    static const char *const names[] = {"standard", "built-in", "user", "environment", "call"};

    return (unsigned)source < sizeof names / sizeof names[0] ? names[source] : "?";
}

const char *
clg_tune_link_name(enum clg_tune_link link)
{
    static const char *const names[] = {"class", "vendor", "arch", "device"};

    return (unsigned)link < sizeof names / sizeof names[0] ? names[link] : "?";
}
