/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_CAST_H
#define CLGRPO_CAST_H

#include "launch.h"

/* clgrpo_cast without its argument check, as launches of `seq`; rank 1 (dense) or 2. */
enum clgrpo_status clg_cast_run(struct clg_seq *seq, const struct clgrpo_tensor *from, const struct clgrpo_tensor *to);

#endif
