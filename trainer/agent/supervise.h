/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_SUPERVISE_H
#define MGRPO_SUPERVISE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/status.h"

/*
 * Keeps a few processes running until all have ended well. One that crashes is started again, after a pause that
 * doubles from a quarter of a second; one that crashes MG_CRASHES times in a row without progress ends the run. One
 * that ends with MG_INPUT or MG_END ends it at once. A stop is passed on to all and waited for; asked a second time, or
 * after MG_STOP_SECONDS, they are killed.
 */
enum { MG_CRASHES = 5 };

struct mg_child {
    const char *name;
    char *const *argv; /* argv[0] is the program's path */
    const char *log;   /* standard error is appended to this file */
    pid_t pid;         /* 0: not running */
    bool ended;        /* well */
    unsigned crashes;  /* in a row */
    double start_at;   /* when it may start, by mg_clock */
    off_t log_from;    /* where its words begin in the log */
};

struct mg_watch {
    /* Called every `every` seconds; whether a child got on since the last call goes to moved[]. */
    enum mg_status (*look)(void *arg, bool *moved, struct mg_err *err);
    /* Told why a child is started again; may be NULL. */
    void (*say)(void *arg, const char *sentence);
    void *arg;
    double every;
};
/* On return no child runs. MG_STOP if a stop ended it. */
enum mg_status mg_supervise(struct mg_child *children, size_t n, const struct mg_watch *watch, struct mg_err *err);

#endif
