/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STOP_H
#define MGRPO_STOP_H

#include <stdbool.h>

#include "base/status.h"

/* SIGINT and SIGTERM ask for a stop: the work goes on to its next safe point and ends there with MG_STOP. */
void mg_stop_install(void);
bool mg_stop_wanted(void);
/* How often it was asked for. */
unsigned mg_stop_count(void);
/* MG_STOP if a stop is wanted. */
enum mg_status mg_stop_check(struct mg_err *err);

#endif
