/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults of gemm_simt_tile.cl for the simt kernels of the language-model head, before it in their unit: 64 rows x 128 columns. */
#ifndef P_TX
#define P_TX 16 /* C_LSE_LANES */
#endif
