/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of tile_product for the simt kernels of the language-model head: 64 rows x 128 columns. */
#ifndef P_TX
#define P_TX 16 /* C_LSE_LANES */
#endif
