/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_POLICY_FILES_H
#define MGRPO_POLICY_FILES_H

#include "policy/policy_internal.h"

/* Reads the tensors of a model's folder into the weights: every tensor of the layout, of its shape, finite, and no
 * other that would change the computation. */
enum mg_status mg_policy_read_weights(struct mg_policy *p, const char *dir, struct mg_err *err);

#endif
