/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_DEVICE_H
#define CLGRPO_DEVICE_H

#include "internal.h"

/* Finds the device that a selector of clgrpo_context_open means. E_DEVICE: the sentence lists the devices there are. */
enum clgrpo_status clg_device_find(struct clgrpo_context *ctx, const char *selector, cl_device_id *device);
/* Fills in all of the context's info but the family. E_DEVICE: the device does not answer. */
enum clgrpo_status clg_device_probe(struct clgrpo_context *ctx);
/* Whether the device lists this extension, as a whole word. */
bool clg_device_has(cl_device_id device, const char *name);

#endif
