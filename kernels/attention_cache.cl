/* SPDX-License-Identifier: Apache-2.0 */
/* First fragment of the units whose key and value tiles are the KV cache itself: T_SPACE is where they lie. */
#define T_SPACE __global
