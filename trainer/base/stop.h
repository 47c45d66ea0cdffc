/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STOP_H
#define MGRPO_STOP_H

#include <stdbool.h>

#include "base/status.h"

/* SIGINT and SIGTERM ask for a stop: the work goes on to its next safe point and ends there with MG_STOP. What is not
 * there after so many seconds, since it compiles a kernel or reads a large file, ends at once with the same status:
 * whatever is on the disk is whole at any moment. With 0 seconds it all ends at once. */
void mg_stop_install(double seconds);
/* For commands, and for who waits for others that were asked at the same time. */
#define MG_STOP_SECONDS       1.4
#define MG_STOP_OTHER_SECONDS 1.8
bool mg_stop_wanted(void);
/* How often it was asked for. */
unsigned mg_stop_count(void);
/* MG_STOP if a stop is wanted. */
enum mg_status mg_stop_check(struct mg_err *err);

#endif
