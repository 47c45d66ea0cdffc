/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_PROCESS_INTERNAL_H
#define MGRPO_PROCESS_INTERNAL_H

#include <uv.h>

#include "base/keeper.h"
#include "base/process.h"

enum {
    MG_PROGRAM_SAID = 4096 /* bytes of standard error that are kept */,
    MG_PROGRAM_GRACE_MS = 2000,
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
    int n_handles;         /* not closed yet */
    bool open[MG_N_PIPES]; /* will still tell something */
    bool has_keeper, gone; /* it was made; it has ended */
    bool late, closing;
    double start;
    char *out, *said, read[8192];
    size_t n_out, n_said, all_said;
    struct mg_keeper_report report;
    size_t n_report;
    bool network, ended; /* `wait` is there */
    int wait;
    char sentence[MG_PROGRAM_SENTENCE]; /* the first thing that went wrong */
};

void mg_program_free(struct mg_program *g);
/* Has its keeper end it. */
void mg_program_end(struct mg_program *g);
/* Called once it waits no longer for its end. */
void mg_program_on_time(uv_timer_t *timer);
/* Starts those that wait, as many as may run; they leave the pool by themselves when they have ended. */
void mg_processes_start_waiting(struct mg_processes *p);

#endif
