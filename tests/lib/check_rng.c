/* SPDX-License-Identifier: Apache-2.0 */
/* Philox4x32-10 against the known answers that its authors publish with Random123, and by what a bijection must do. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

struct answer {
    uint32_t counter[4], key[2], out[4];
};

static const struct answer answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    /* the digits of pi: every word of counter and key is different */
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};
enum { N_ANSWERS = sizeof answers / sizeof answers[0] };

START_TEST(known_answers)
{
    const struct answer *a = &answers[_i];
    uint32_t out[4];

    clgrpo_philox4x32(a->counter, a->key, out);
    for (int i = 0; i < 4; i++)
        ck_assert_msg(out[i] == a->out[i], "word %d is %08x, want %08x", i, out[i], a->out[i]);
}
END_TEST

/* Every bit of the input must matter: turning any one over changes about half of the 128 bits of the output. Fewer than
 * 24 or more than 104 has a probability below 1e-12. */
START_TEST(every_input_bit_matters)
{
    uint32_t in[6] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0}, base[4], out[4];

    clgrpo_philox4x32(in, in + 4, base);
    for (int bit = 0; bit < 192; bit++) {
        int changed = 0;

        in[bit / 32] ^= 1u << bit % 32;
        clgrpo_philox4x32(in, in + 4, out);
        in[bit / 32] ^= 1u << bit % 32;
        for (int i = 0; i < 4; i++)
            changed += __builtin_popcount(out[i] ^ base[i]);
        ck_assert_msg(changed >= 24 && changed <= 104, "input bit %d changes %d output bits", bit, changed);
    }
}
END_TEST

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, 4 * sizeof(uint32_t));
}

/* For one key the map is a bijection: neighbouring counters never meet. */
START_TEST(counters_do_not_collide)
{
    enum { N = 4096 };
    static uint32_t out[N][4];
    const uint32_t key[2] = {7, 0x80000001u};

    for (uint32_t i = 0; i < N; i++)
        clgrpo_philox4x32((const uint32_t[4]){i, 0, 5, 0}, key, out[i]);
    qsort(out, N, sizeof out[0], compare);
    for (int i = 1; i < N; i++)
        ck_assert_msg(compare(out[i - 1], out[i]) != 0, "two counters give the same four words");
}
END_TEST

int
main(void)
{
    TCase *tc = fx_case("rng");

    tcase_add_loop_test(tc, known_answers, 0, N_ANSWERS);
    fx_tests(tc, every_input_bit_matters, counters_do_not_collide);
    return fx_main();
}
