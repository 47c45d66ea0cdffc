/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process_case.h"
#include "base/clock.h"
#include "scratch.h"

char folder[64];

static void
keep(void *arg, const struct mg_process_end *end)
{
    struct outcome *o = arg;

    o->calls++;
    o->good = end->good;
    o->network = end->network;
    o->status = end->status;
    snprintf(o->sentence, sizeof o->sentence, "%s", end->sentence);
    o->out = malloc(end->n_out + 1);
    o->said = malloc(end->n_said + 1);
    memcpy(o->out, end->out, end->n_out + 1);
    memcpy(o->said, end->said, end->n_said + 1);
    o->n_out = end->n_out;
    o->n_said = end->n_said;
    o->seconds = end->seconds;
}

struct mg_process_limits
limits(double seconds)
{
    return (struct mg_process_limits){
        .seconds = seconds, .memory = 512, .files = 64, .processes = 16, .file_size = 8, .output = 4096};
}

void
start(struct mg_processes *p, const char *const *argv, const struct mg_process_limits *l, const char *in, size_t n_in,
      struct outcome *o)
{
    struct mg_process_spec spec = {.argv = argv, .folder = folder, .in = in, .n_in = n_in, .limits = *l};

    mg_ok(mg_process_start(p, &spec, keep, o, &err));
}

struct mg_processes *
pool(uint32_t at_once)
{
    struct mg_processes *p = NULL;

    mg_ok(mg_processes_create(at_once, &p, &err));
    return p;
}

void
wait_all(struct mg_processes *p)
{
    double start_time = mg_clock();

    while (mg_processes_count(p) > 0) {
        mg_processes_wait(p, 50.0);
        ck_assert_msg(mg_clock() - start_time < 60.0, "programs do not end");
    }
}

void
run_argv(const char *const *argv, const struct mg_process_limits *l, const char *in, size_t n_in, struct outcome *o)
{
    struct mg_processes *p = pool(4);

    memset(o, 0, sizeof *o);
    start(p, argv, l, in, n_in, o);
    wait_all(p);
    mg_processes_destroy(p);
    ck_assert_uint_eq(o->calls, 1);
}

void
run_sh(const char *script, const struct mg_process_limits *l, const char *in, struct outcome *o)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};

    run_argv(argv, l, in, strlen(in), o);
}

void
drop(struct outcome *o)
{
    free(o->out);
    free(o->said);
}

bool
there(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

bool
forbid_namespaces(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof code / sizeof code[0], .filter = code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0 &&
           unshare(CLONE_NEWUSER) != 0;
}

void
folder_setup(void)
{
    scratch_make(folder);
}

void
folder_teardown(void)
{
    scratch_remove(folder);
}
