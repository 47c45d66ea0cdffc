/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_KEEPER_H
#define MGRPO_KEEPER_H

#include <stdint.h>

/*
 * The keeper of an untrusted program: this executable, run again in a process of its own, which starts the program
 * under its limits, kills everything that the program started once it ends, and reports how it ended. A fresh process
 * has no threads, device or model, so that fork() in it is safe and cheap.
 *
 *   mgrpo-keeper PARENT SECONDS MEMORY FILES PROCESSES FILE_SIZE NETWORK GIVEN UID GID FOLDER PROGRAM [ARGUMENT]...
 *
 * PARENT: process id of the caller; when it is gone, so are the program and the keeper. The limits are decimal numbers:
 * seconds, of CPU and in all, MiB of address space, open files, processes, MiB of a file. NETWORK is 0 or 1: off or as
 * it is. GIVEN is 1 if root's program is to run as user UID of group GID. Descriptors 0, 1 and 2 are the program's; to
 * 3, a pipe, the keeper writes reports.
 */
#define MG_KEEPER_NAME "mgrpo-keeper"
enum { MG_KEEPER_REPORT_FD = 3, MG_KEEPER_NUMBERS = 10 };

enum mg_keeper_event {
    MG_KEEPER_NETWORK,   /* value: 0 if the network is off, or the errno that says why it could not be turned off */
    MG_KEEPER_NO_START,  /* value: errno */
    MG_KEEPER_LATE,      /* time is up and the caller has not said so: it is being ended; value: seconds */
    MG_KEEPER_PROCESSES, /* more processes than allowed: it is being ended; value: their number */
    MG_KEEPER_END        /* value: how the program ended, as of waitpid() */
};
struct mg_keeper_report {
    int32_t event, value;
};

/* First call of main() in every program that starts processes: does not return in a keeper. */
void mg_keeper_enter(int argc, char **argv);

#endif
