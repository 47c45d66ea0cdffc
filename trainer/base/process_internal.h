/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PROCESS_INTERNAL_H
#define MGRPO_PROCESS_INTERNAL_H

#include <uv.h>

#include "base/keeper.h"
#include "base/process.h"

enum {
    MG_PROGRAM_SAID = 4096 /* bytes of standard error that are kept */,
    MG_PROGRAM_GRACE_MS = 2000 /* for pipes that stay open once the keeper has exited */,
    MG_KEEPER_GRACE_MS = 60000 /* for the keeper: nothing else would end the processes that it has not ended yet */,
    MG_PROGRAM_SENTENCE = 160
};
/* The pipes of a program. */
enum { MG_PIPE_IN, MG_PIPE_OUT, MG_PIPE_SAID, MG_PIPE_REPORT, MG_N_PIPES };

struct mg_processes {
    uv_loop_t loop;
    uv_timer_t pause; /* bounds a wait */
    bool has_loop;
    uint32_t at_once, running;
    size_t count;
    struct mg_program *first, *last; /* waiting to run */
    struct mg_program *active;
};

struct mg_program {
    struct mg_processes *pool;
    struct mg_program *next, *previous;
    char **argv, *in; /* argv: the keeper's */
    size_t n_in;
    struct mg_process_limits limits;
    mg_process_done *done;
    void *arg;

    uv_process_t keeper;
    uv_pipe_t pipe[MG_N_PIPES];
    uv_timer_t timer;
    uv_write_t write;
    int n_handles;         /* libuv handles that are not closed yet */
    bool open[MG_N_PIPES]; /* not at its end of file */
    bool has_keeper, gone; /* the keeper was started; it has ended */
    bool late, closing;
    double start;
    char *out, *said, read[8192];
    size_t n_out, n_said, all_said;
    struct mg_keeper_report report;
    size_t n_report;
    bool network, ended; /* `wait` is valid */
    int wait;
    char sentence[MG_PROGRAM_SENTENCE]; /* the first failure */
};

void mg_program_free(struct mg_program *g);
/* Asks its keeper to end it; it has ended when the keeper has. */
void mg_program_end(struct mg_program *g);
/* The timer's callback: at the time limit, and at the end of the grace period after it. */
void mg_program_on_time(uv_timer_t *timer);
/* Starts waiting programs, up to at_once; a program that has ended is removed from the pool. */
void mg_processes_start_waiting(struct mg_processes *p);

#endif
