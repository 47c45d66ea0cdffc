/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROCESS_CASE_H
#define PROCESS_CASE_H

#include "base/process.h"
#include "suite.h"

/* Programs run to their end in a folder of their own, and how each ended. */
extern char folder[64];

struct outcome {
    unsigned calls;
    bool good, network;
    int status;
    char sentence[200], *out, *said;
    size_t n_out, n_said;
    double seconds;
};

struct mg_process_limits limits(double seconds);
void start(struct mg_processes *p, const char *const *argv, const struct mg_process_limits *l, const char *in,
           size_t n_in, struct outcome *o);
struct mg_processes *pool(uint32_t at_once);
void wait_all(struct mg_processes *p);
void run_argv(const char *const *argv, const struct mg_process_limits *l, const char *in, size_t n_in,
              struct outcome *o);
void run_sh(const char *script, const struct mg_process_limits *l, const char *in, struct outcome *o);
void drop(struct outcome *o);
bool there(const char *name);
/* This process and its children can make no user namespace; false where the system has no filters for that. */
bool forbid_namespaces(void);
void folder_setup(void);
void folder_teardown(void);

#endif
