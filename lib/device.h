/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_DEVICE_H
#define CLGRPO_DEVICE_H

#include "internal.h"

/* Fills all of info but the family. */
cl_int clg_device_probe(cl_device_id device, struct clgrpo_device_info *info);
/* Whether the device lists this extension, as a whole word. */
bool clg_device_has(cl_device_id device, const char *name);
/* Finds the device that a selector of clgrpo_context_open means; else a sentence in `error`. */
enum clgrpo_status clg_device_find(const char *selector, cl_device_id *device, char *error, size_t error_bytes);

#endif
