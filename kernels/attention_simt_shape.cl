/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of tile_product for the simt kernels of attention. */
#ifndef C_HEAD_DIM
#define C_HEAD_DIM 64
#endif
#ifndef C_PREFIX /* sequences may continue another */
#define C_PREFIX 0
#endif
#define P_TX 8
#define P_NI 8
#ifndef P_TY
#define P_TY 16
#endif
#ifndef P_MI
#define P_MI 4
#endif
#ifndef P_UNROLL
#define P_UNROLL 4
#endif
#if C_HEAD_DIM > 64
#define T_MOST_N (C_HEAD_DIM / 8)
#define T_MOST   C_HEAD_DIM
#else
#define T_MOST_N 8
#define T_MOST   64
#endif
