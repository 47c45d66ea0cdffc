/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the tiles of decoding (attention_tile.cl) ask for memory ahead of its use: C_HINTS times in every step of an
 * inner loop, `step` elements from each other, and so that P_TILES tiles together, where there are as many, ask for as
 * many lines as they read in that step. One tile of one row reads f32 from end to end; hardware foresees that, and hints
 * would only be in its way.
 */
#ifndef P_TILES
#define P_TILES 1
#endif
#define C_LINES ((C_PANEL * (int)sizeof(cache_t) + 63) / 64)
#define C_HINTS (P_TILES * P_ROWS == 1 && sizeof(cache_t) == 4 ? 0 : (C_LINES + P_TILES - 1) / P_TILES)

#define T_AHEAD(i, ahead, step)                                                                                        \
    for (int hint_ = 0; hint_ < C_HINTS; hint_++)                                                                      \
    CLG_AHEAD(2, (ahead) + ((i)*C_HINTS + hint_) * (step))
