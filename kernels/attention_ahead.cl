/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefetches in the register tiles of decoding. Each step i of an inner loop issues C_HINTS of them, `step` elements
 * apart, from `next` on.
 *
 * C_HINTS is chosen so that P_TILES tiles together prefetch as many cache lines as they read in a step. A single tile
 * of one row that reads f32 has none: it reads consecutive memory, which hardware prefetches by itself. With C_PREFIX
 * one tile may read alone: it prefetches every second line where it reads several in a step; hardware fetches the
 * neighbour of each. Each hint is a statement of its own: a loop around them would keep the compiler from scheduling
 * the tile's loop.
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
