/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "model/safetensors.h"
#include "scratch.h"
#include "suite.h"

static char dir[64], path[128];

static void
setup(void)
{
    scratch_make(dir);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
}

static void
teardown(void)
{
    scratch_remove_file(dir, path);
}

/* A file of a header and n bytes of data; `claim` overrides the header's length unless it is 0. */
static void
put(const char *header, size_t n, uint64_t claim)
{
    size_t len = strlen(header);
    unsigned char *bytes = calloc(8 + len + n, 1);

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((claim ? claim : len) >> (8 * i));
    memcpy(bytes + 8, header, len);
    for (size_t i = 0; i < n; i++)
        bytes[8 + len + i] = (unsigned char)(i + 1);
    ck_assert_int_eq(mg_file_write_atomic(path, bytes, 8 + len + n, &err), MG_OK);
    free(bytes);
}

static const float numbers[] = {2.5f, -3.0f, 0.375f, 1024.0f, -0.0f, 65504.0f};

START_TEST(comes_back)
{
    enum mg_st_dtype dtype = (enum mg_st_dtype)_i;
    struct mg_st_entry in[] = {{.name = "model.norm.weight", .rank = 1, .shape = {2}, .f32 = numbers},
                               {.name = "b", .rank = 2, .shape = {2, 3}, .f32 = numbers},
                               {.name = "empty", .rank = 2, .shape = {0, 7}, .f32 = numbers},
                               {.name = "\xc3\xa9\"\\", .rank = 0, .f32 = numbers + 2}};
    struct mg_safetensors *s = NULL;
    float out[6];

    ck_assert_int_eq(mg_safetensors_write(path, in, 4, dtype, &err), MG_OK);
    ck_assert_msg(mg_safetensors_open(path, &s, &err) == MG_OK, "%s", err.text);
    ck_assert_uint_eq(mg_safetensors_count(s), 4);
    for (int t = 0; t < 4; t++) {
        const struct mg_st_entry *e = mg_safetensors_find(s, in[t].name);
        size_t n = t == 0 ? 2 : t == 1 ? 6 : t == 2 ? 0 : 1;

        ck_assert_ptr_nonnull(e);
        ck_assert_int_eq(e->dtype, dtype);
        ck_assert_uint_eq(e->rank, in[t].rank);
        ck_assert_int_eq(memcmp(e->shape, in[t].shape, e->rank * sizeof *e->shape), 0);
        for (int i = 0; i < 6; i++)
            out[i] = NAN;
        mg_safetensors_read_f32(s, e, out);
        for (size_t i = 0; i < 6; i++) {
            if (i >= n) /* nothing past the end is touched */
                ck_assert(isnan(out[i]));
            else if (dtype == MG_ST_BF16 && in[t].f32[i] > 60000.0f)
                ck_assert_float_eq(out[i], 65536.0f);
            else
                ck_assert_float_eq(out[i], in[t].f32[i]);
        }
    }
    ck_assert_ptr_null(mg_safetensors_find(s, "c"));
    mg_safetensors_close(s);
}
END_TEST

/* The form that other readers want: length a multiple of 8, names sorted, format "pt". */
START_TEST(layout)
{
    struct mg_st_entry in[] = {{.name = "z", .rank = 1, .shape = {1}, .f32 = numbers},
                               {.name = "a", .rank = 1, .shape = {2}, .f32 = numbers + 1}};
    static const char want[] =
        "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
        "\"data_offsets\":[0,8]},\"z\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}";
    char *bytes;
    size_t len;

    ck_assert_int_eq(mg_safetensors_write(path, in, 2, MG_ST_F32, &err), MG_OK);
    ck_assert_int_eq(mg_file_read(path, 1 << 20, &bytes, &len, &err), MG_OK);
    ck_assert_uint_eq((unsigned char)bytes[0] % 8, 0);
    ck_assert_uint_eq(len, 8 + (unsigned char)bytes[0] + 12u);
    ck_assert_int_eq(memcmp(bytes + 8, want, sizeof want - 1), 0);
    free(bytes);
}
END_TEST

#define F32(name, shape, begin, end)                                                                                   \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

#define ONES "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"

static const struct {
    const char *header;
    size_t bytes;
    uint64_t claim;
    const char *sentence;
} refused[] = {
    {"", 0, 0, "header"},
    {"{}", 0, 3, "header of 3 bytes in a file of 10"},
    {"{}", 0, UINT64_MAX, "header of 18446744073709551615"},
    {"{}", 0, (100u << 20) + 1, "header"},
    {"[]", 0, 0, "object"},
    {"{", 0, 0, "header"},
    {"{}", 4, 0, "end at byte 0"},
    {"{\"a\":1}", 0, 0, "dtype"},
    {"{\"a\":{\"dtype\":\"I65\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, 0, "I65"},
    {"{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, 0, "4 bytes of data for 1 elements of I64"},
    {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1, 0, "3 elements of F4"},
    {"{\"a\":{\"dtype\":\"I64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]}}", 0, 0, "elements of I64"},
    {"{\"a\":{\"dtype\":\"BOOL\",\"shape\":[4294967296,1,1,1,4294967296],\"data_offsets\":[0,0]}}", 0, 0, "overflows"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, 0, "shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, 0, "data"},
    {"{" F32("a", "[2]", "0", "8") "," F32("a", "[2]", "8", "16") "}", 16, 0, "a"},
    {"{" F32("a", "[" ONES ONES ONES ONES "2]", "0", "8") "}", 8, 0, "at most 64"},
    {"{" F32("a", "[-2]", "0", "8") "}", 8, 0, "dimension 0"},
    {"{" F32("a", "[2.0]", "0", "8") "}", 8, 0, "dimension 0"},
    {"{" F32("a", "[4294967296,4294967296]", "0", "0") "}", 0, 0, "overflows"},
    {"{" F32("a", "[4611686018427387904]", "0", "0") "}", 0, 0, "elements"},
    {"{" F32("a", "[2]", "0", "9") "}", 9, 0, "9 bytes of data for 2 elements"},
    {"{" F32("a", "[2]", "0", "8") "}", 7, 0, "the file has 7"},
    {"{" F32("a", "[2]", "8", "0") "}", 8, 0, "from 8 to 0"},
    {"{" F32("a", "[2]", "-8", "0") "}", 8, 0, "from -8 to 0"},
    {"{" F32("a", "[2]", "9223372036854775800", "9223372036854775807") "}", 8, 0, "9223372036854775807"},
    {"{" F32("a", "[2]", "0", "8") "," F32("b", "[2]", "4", "12") "}", 12, 0, "ends at 8"},
    {"{" F32("a", "[2]", "0", "8") "," F32("b", "[2]", "0", "8") "}", 8, 0, "ends at 8"},
    {"{" F32("a", "[1]", "0", "4") "," F32("b", "[1]", "8", "12") "}", 12, 0, "ends at 4"},
    {"{" F32("a", "[1]", "0", "4") "}", 8, 0, "end at byte 4"},
};

START_TEST(refuses)
{
    struct mg_safetensors *s = NULL;

    put(refused[_i].header, refused[_i].bytes, refused[_i].claim);
    ck_assert_msg(mg_safetensors_open(path, &s, &err) == MG_INPUT, "%s is read", refused[_i].header);
    ck_assert_ptr_null(s);
    ck_assert_msg(strstr(err.text, refused[_i].sentence) != NULL, "%s: %s", refused[_i].header, err.text);
}
END_TEST

/* Tensors of other types and of higher ranks are no fault of a file; their sizes and order are checked. */
START_TEST(other_types_are_passed_over)
{
    struct mg_safetensors *s = NULL;
    const struct mg_st_entry *e;
    float value;

    put("{\"ids\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
        "\"mask\":{\"dtype\":\"BOOL\",\"shape\":[1,1,1,2,2],\"data_offsets\":[16,20]},"
        "\"nibbles\":{\"dtype\":\"F4\",\"shape\":[8],\"data_offsets\":[20,24]}," F32("w", "[1]", "24", "28") "}",
        28, 0);
    ck_assert_msg(mg_safetensors_open(path, &s, &err) == MG_OK, "%s", err.text);
    ck_assert_uint_eq(mg_safetensors_count(s), 4);
    e = mg_safetensors_find(s, "mask");
    ck_assert_int_eq(e->dtype, MG_ST_OTHER);
    ck_assert_str_eq(e->type, "BOOL");
    ck_assert(!e->real);
    ck_assert_uint_eq(e->rank, 5);
    ck_assert(mg_safetensors_find(s, "nibbles")->real);
    ck_assert_str_eq(mg_safetensors_at(s, 0)->name, "ids");
    e = mg_safetensors_find(s, "w");
    ck_assert_int_eq(e->dtype, MG_ST_F32);
    mg_safetensors_read_f32(s, e, &value);
    mg_safetensors_close(s);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    struct mg_safetensors *s = NULL;

    ck_assert_int_eq(mg_safetensors_open("no-such-file", &s, &err), MG_INPUT);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_safetensors_open(dir, &s, &err), MG_INPUT);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_file_write_atomic(path, "1234567", 7, &err), MG_OK);
    ck_assert_int_eq(mg_safetensors_open(path, &s, &err), MG_INPUT);
}
END_TEST

START_TEST(refuses_to_write)
{
    struct mg_st_entry same[] = {{.name = "a", .rank = 1, .shape = {1}, .f32 = numbers},
                                 {.name = "a", .rank = 1, .shape = {1}, .f32 = numbers}};
    struct mg_st_entry large[] = {{.name = "a", .rank = 2, .shape = {SIZE_MAX / 2, 3}, .f32 = numbers}};
    struct mg_st_entry deep[] = {{.name = "a", .rank = MG_ST_MAX_RANK + 1, .f32 = numbers}};
    struct mg_st_entry named[] = {{.name = "\xff", .rank = 1, .shape = {1}, .f32 = numbers}};
    struct mg_st_entry meta[] = {{.name = "__metadata__", .rank = 1, .shape = {1}, .f32 = numbers}};
    const struct {
        const struct mg_st_entry *entries;
        size_t n;
    } bad[] = {{same, 2}, {large, 1}, {deep, 1}, {named, 1}, {meta, 1}};

    for (int i = 0; i < 5; i++) {
        mg_err_clear(&err);
        ck_assert_int_eq(mg_safetensors_write(path, bad[i].entries, bad[i].n, MG_ST_F16, &err), MG_INPUT);
        ck_assert_int_ne(access(path, F_OK), 0);
    }
}
END_TEST

/* Wherever a file ends too early, it is refused. */
START_TEST(refuses_every_beginning)
{
    struct mg_st_entry in[] = {{.name = "a", .rank = 2, .shape = {2, 2}, .f32 = numbers},
                               {.name = "b", .rank = 1, .shape = {2}, .f32 = numbers}};
    struct mg_safetensors *s = NULL;
    char *bytes;
    size_t len;

    ck_assert_int_eq(mg_safetensors_write(path, in, 2, MG_ST_F16, &err), MG_OK);
    ck_assert_int_eq(mg_file_read(path, 1 << 20, &bytes, &len, &err), MG_OK);
    for (size_t n = 0; n < len; n++) {
        ck_assert_int_eq(mg_file_write_atomic(path, bytes, n, &err), MG_OK);
        ck_assert_msg(mg_safetensors_open(path, &s, &err) == MG_INPUT, "%zu of %zu bytes are read", n, len);
        ck_assert_ptr_nonnull(strstr(err.text, path));
        mg_err_clear(&err);
    }
    free(bytes);
}
END_TEST

/* A disk that is full, here a limit on the size of files, in the header, in the first tensor and in the last. */
START_TEST(a_failed_write_leaves_the_old_file)
{
    static float many[1000];
    static const rlim_t limits[] = {10, 200, 8100};
    struct mg_st_entry old = {.name = "old", .rank = 1, .shape = {3}, .f32 = numbers};
    struct mg_st_entry in[] = {{.name = "a", .rank = 1, .shape = {1000}, .f32 = many},
                               {.name = "b", .rank = 1, .shape = {1000}, .f32 = many}};
    struct mg_safetensors *s = NULL;
    struct rlimit before, small;

    ck_assert_int_eq(mg_safetensors_write(path, &old, 1, MG_ST_F32, &err), MG_OK);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 3; i++) {
        small = before;
        small.rlim_cur = limits[i];
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
        mg_err_clear(&err);
        ck_assert_int_eq(mg_safetensors_write(path, in, 2, MG_ST_F32, &err), MG_FAIL);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
        ck_assert_ptr_nonnull(strstr(err.text, path));
        ck_assert_int_eq(mg_safetensors_open(path, &s, &err), MG_OK);
        ck_assert_ptr_nonnull(mg_safetensors_find(s, "old"));
        mg_safetensors_close(s);
    }
}
END_TEST

/* All 65,536 halves come back, NaN as NaN. */
START_TEST(halves_come_back)
{
    for (unsigned h = 0; h < 65536; h++) {
        float f16 = mg_f16_to_f32((uint16_t)h), bf16 = mg_bf16_to_f32((uint16_t)h);

        if (isnan(f16))
            ck_assert((h & 0x7fffu) > 0x7c00u && isnan(mg_f16_to_f32(mg_f32_to_f16(f16))));
        else
            ck_assert_uint_eq(mg_f32_to_f16(f16), h);
        if (isnan(bf16))
            ck_assert((h & 0x7fffu) > 0x7f80u && isnan(mg_bf16_to_f32(mg_f32_to_bf16(bf16))));
        else
            ck_assert_uint_eq(mg_f32_to_bf16(bf16), h);
    }
}
END_TEST

/* Between two neighbours: below, at and above the middle, where the tie goes to the even one. */
START_TEST(halves_round_to_nearest_even)
{
    for (unsigned h = 0; h < 0x7bff; h++) {
        double low = mg_f16_to_f32((uint16_t)h), high = mg_f16_to_f32((uint16_t)(h + 1));
        float middle = (float)((low + high) / 2);

        ck_assert_uint_eq(mg_f32_to_f16(middle), h + (h & 1));
        ck_assert_uint_eq(mg_f32_to_f16(nextafterf(middle, 0.0f)), h);
        ck_assert_uint_eq(mg_f32_to_f16(-nextafterf(middle, INFINITY)), (h + 1) | 0x8000u);
    }
    for (unsigned h = 0; h < 0x7f7f; h++) {
        float middle = (float)(((double)mg_bf16_to_f32((uint16_t)h) + mg_bf16_to_f32((uint16_t)(h + 1))) / 2);

        ck_assert_uint_eq(mg_f32_to_bf16(middle), h + (h & 1));
        ck_assert_uint_eq(mg_f32_to_bf16(nextafterf(middle, 0.0f)), h);
        ck_assert_uint_eq(mg_f32_to_bf16(-nextafterf(middle, INFINITY)), (h + 1) | 0x8000u);
    }
}
END_TEST

START_TEST(halves_at_the_ends)
{
    ck_assert_uint_eq(mg_f32_to_f16(65519.996f), 0x7bff);
    ck_assert_uint_eq(mg_f32_to_f16(65520.0f), 0x7c00);
    ck_assert_uint_eq(mg_f32_to_f16(-1e30f), 0xfc00);
    ck_assert_uint_eq(mg_f32_to_f16(INFINITY), 0x7c00);
    ck_assert_uint_eq(mg_f32_to_f16(-1e-30f), 0x8000);
    ck_assert_uint_eq(mg_f32_to_bf16(3.4028234e38f), 0x7f80);
    ck_assert_uint_eq(mg_f32_to_bf16(-INFINITY), 0xff80);
}
END_TEST

int
main(void)
{
    TCase *files = suite_case("safetensors files", setup, teardown, 0), *halves = suite_case("halves", NULL, NULL, 0);

    tcase_add_loop_test(files, comes_back, MG_ST_F32, MG_ST_BF16 + 1);
    tcase_add_loop_test(files, refuses, 0, (int)(sizeof refused / sizeof *refused));
    suite_tests(files, layout, other_types_are_passed_over, refuses_what_is_no_file, refuses_to_write,
                refuses_every_beginning, a_failed_write_leaves_the_old_file);
    suite_tests(halves, halves_come_back, halves_round_to_nearest_even, halves_at_the_ends);
    return suite_main();
}
