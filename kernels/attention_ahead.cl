/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the tiles of decoding (attention_tile.cl) ask for memory ahead of its use: C_HINTS times in every step of an
 * inner loop, `step` elements from each other from `next` on, and so that P_TILES tiles together, where there are as
 * many, ask for as many lines as they read in that step. One tile of one row reads f32 from end to end; hardware
 * foresees that, and hints would only be in its way. Behind a prefix one tile may walk alone: it asks for every second
 * line where it reads several in a step, and hardware for its neighbour. Each hint stands by itself: in a loop, it
 * would keep the compiler from scheduling the tile.
 */
#ifndef P_TILES
#define P_TILES 1
#endif
#define C_LINES ((C_PANEL * (int)sizeof(cache_t) + 63) / 64)
#if C_PREFIX
#define C_HINTS ((C_LINES + 1) / 2)
#else
#define C_HINTS (P_TILES * P_ROWS == 1 && sizeof(cache_t) == 4 ? 0 : (C_LINES + P_TILES - 1) / P_TILES)
#endif

struct clg_ahead {
    __global const cache_t *next;
    int step;
};

#define C_HINT(n, i, ahead)                                                                                            \
    do {                                                                                                               \
        if (C_HINTS > (n))                                                                                             \
            CLG_AHEAD(2, (ahead).next + ((i)*C_HINTS + (n)) * (ahead).step);                                           \
    } while (0)
#define T_AHEAD(i, ahead)                                                                                              \
    do {                                                                                                               \
        C_HINT(0, i, ahead);                                                                                           \
        C_HINT(1, i, ahead);                                                                                           \
        C_HINT(2, i, ahead);                                                                                           \
        C_HINT(3, i, ahead);                                                                                           \
    } while (0)
