/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_KEEPER_SWEEP_H
#define MGRPO_KEEPER_SWEEP_H

#include <stddef.h>

/* For the keeper of a program, the subreaper of all that it starts. */

/* How many descendants this process has; zombies count. */
size_t mg_keeper_descendants(void);
/* Kills all of them, and those that they start meanwhile. */
void mg_keeper_sweep(void);

#endif
