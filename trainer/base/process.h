/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PROCESS_H
#define MGRPO_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * Untrusted child programs, many at once, over an event loop: only mg_processes_wait() blocks. A program gets bytes on
 * standard input; its output is kept up to a bound. It runs without a shell in a session of its own, with PATH, HOME
 * and TMPDIR of this process, LANG=C.UTF-8 and no other variable, under resource limits; without a network, and without
 * a view of other processes, where the system allows user namespaces. When it ends, is too slow or writes too much, all
 * processes that it started are killed; so too when this process ends, in whatever way.
 *
 * A pool and its programs belong to one thread. Its executable must call mg_keeper_enter() first of all.
 */
struct mg_processes;

/* Whose a program of root's is. Not given: root's, or where the system cannot bound root's processes nobody's, with
 * root's rights on files. */
struct mg_process_user {
    bool given;
    uint32_t uid, gid;
};
/* The user of a name; "": not given. MG_INPUT: there is none, or this process is not root's and the name another's. */
enum mg_status mg_process_user_find(const char *name, struct mg_process_user *out, struct mg_err *err);

struct mg_process_limits {
    double seconds;     /* of the clock, from its start; > 0 */
    uint32_t memory;    /* MiB of address space, of each process */
    uint32_t files;     /* open at once, of each process */
    uint32_t processes; /* at once, threads included; the keeper counts them where the system does not */
    uint32_t file_size; /* MiB, of each file that it writes */
    size_t output;      /* bytes on standard output */
    bool network;       /* it may use the network */
    struct mg_process_user user;
};
struct mg_process_spec {
    const char *const *argv; /* NULL-terminated; a program without a slash is looked for in PATH */
    const char *folder;      /* its working directory */
    const char *in;          /* n_in bytes; it may leave them unread */
    size_t n_in;
    struct mg_process_limits limits;
};

/* How a program ended; the pointers are valid during the callback only. */
struct mg_process_end {
    bool good;            /* by itself, with status 0 */
    bool by_itself;       /* within its limits, with an exit status */
    int status;           /* its exit status; -1 if it has none */
    const char *sentence; /* "ended with status 3", "ran longer than 5 s": what happened, without the program's name */
    const char *out;      /* n_out bytes and a NUL; any bytes */
    size_t n_out;
    const char *said; /* the last n_said bytes of standard error and a NUL; any bytes */
    size_t n_said;
    double seconds; /* from start to end */
    bool network;   /* it had the network, by its limits or because the system does not let it be turned off */
};
/* Called once for each program that was started, from poll, wait or destroy. It may start others. */
typedef void mg_process_done(void *arg, const struct mg_process_end *end);

/* Whether a program is there and may be run, looked for as mg_process_start does: MG_INPUT says what is wrong. */
enum mg_status mg_process_check(const char *program, const char *folder, struct mg_err *err);

/* At most at_once programs run, others wait in the order of their start. */
enum mg_status mg_processes_create(uint32_t at_once, struct mg_processes **out, struct mg_err *err);
/* Ends what still runs, without a call of `done`. Accepts NULL. */
void mg_processes_destroy(struct mg_processes *p);
/* The spec is copied. A program that cannot be run is reported to `done`, not as a failure of this function. */
enum mg_status mg_process_start(struct mg_processes *p, const struct mg_process_spec *spec, mg_process_done *done,
                                void *arg, struct mg_err *err);
/* Handles pending events, without waiting. */
void mg_processes_poll(struct mg_processes *p);
/* Waits for an event, `ms` milliseconds at most, and handles it. */
void mg_processes_wait(struct mg_processes *p, double ms);
/* Programs that were started and have not ended. */
size_t mg_processes_count(const struct mg_processes *p);

/* Called by mg_keeper_enter(): this executable can start processes. */
void mg_processes_may_start(void);

#endif
