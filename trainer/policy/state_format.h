/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STATE_FORMAT_H
#define MGRPO_STATE_FORMAT_H

#include "base/status.h"

/* A state file begins with these 8 bytes, the last of which is the version of the format. */
#define MG_STATE_MAGIC "mgrpost1"
/* MG_INPUT: the file is a state of another version, which is no damage. A file that is damaged or not there passes. */
enum mg_status mg_state_format_check(const char *path, struct mg_err *err);

#endif
