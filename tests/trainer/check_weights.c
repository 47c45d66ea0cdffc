/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a model's folder: one file or shards, what must be there, and what must not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/safetensors.h"
#include "model/weights.h"
#include "scratch.h"
#include "suite.h"

static const float values[] = {1.5f, -2.0f, 3.0f, 0.25f, 5.0f, -6.0f}, zeros[6], broken[] = {1.0f, NAN};

#define VECTOR(name_, values_)                                                                                         \
    {                                                                                                                  \
        .name = (name_), .rank = 1, .shape = {2}, .f32 = (values_)                                                     \
    }
#define MATRIX(name_)                                                                                                  \
    {                                                                                                                  \
        .name = (name_), .rank = 2, .shape = {3, 2}, .f32 = values                                                     \
    }

static void
put_file(const char *name, const struct mg_st_entry *entries, size_t n, enum mg_st_dtype dtype)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", scratch_folder, name);
    mg_ok(mg_safetensors_write(path, entries, n, dtype, &err));
}

/* A file of one tensor of zero bytes' worth of any type. */
static void
put_typed(const char *name, const char *tensor, const char *type, const char *shape, size_t bytes)
{
    char path[128], header[256], file[512] = {0};
    int n = snprintf(header, sizeof header, "{\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[0,%zu]}}", tensor,
                     type, shape, bytes);

    snprintf(path, sizeof path, "%s/%s", scratch_folder, name);
    file[0] = (char)n;
    memcpy(file + 8, header, (size_t)n);
    scratch_write(path, file, 8 + (size_t)n + bytes);
}

static struct mg_weights *
weights(void)
{
    struct mg_weights *w = NULL;

    mg_err_clear(&err);
    mg_ok(mg_weights_open(scratch_folder, &w, &err));
    return w;
}

static void
reads(struct mg_weights *w, const char *name, size_t rows, size_t cols)
{
    float out[6] = {0};

    mg_ok(mg_weights_read(w, name, rows, cols, out, &err));
    ck_assert_int_eq(memcmp(out, values, rows * (cols > 0 ? cols : 1) * sizeof *out), 0);
}

static void
refuses_to_open(const char *part)
{
    struct mg_weights *w = NULL;

    mg_err_clear(&err);
    ck_assert_int_eq(mg_weights_open(scratch_folder, &w, &err), MG_INPUT);
    ck_assert_ptr_null(w);
    suite_says(err.text, part);
}

#define INDEX(map) "{\"metadata\": {\"total_size\": 1}, \"weight_map\": " map "}"

static void
put_shards(void)
{
    const struct mg_st_entry first[] = {VECTOR("model.norm.weight", values)}, second[] = {MATRIX("model.w.weight")};

    put_file("model-00001-of-00002.safetensors", first, 1, MG_ST_F32);
    put_file("model-00002-of-00002.safetensors", second, 1, MG_ST_BF16);
}

START_TEST(one_file)
{
    const struct mg_st_entry all[] = {VECTOR("model.norm.weight", values), MATRIX("model.w.weight")};
    struct mg_weights *w;

    put_file("model.safetensors", all, 2, MG_ST_F16);
    w = weights();
    reads(w, "model.norm.weight", 2, 0);
    reads(w, "model.w.weight", 3, 2);
    mg_ok(mg_weights_check_rest(w, false, &err));
    mg_weights_close(w);
}
END_TEST

START_TEST(shards)
{
    struct mg_weights *w;

    put_shards();
    scratch_put(scratch_folder, "model.safetensors.index.json",
                INDEX("{\"model.norm.weight\": \"model-00001-of-00002.safetensors\", \"model.w.weight\": "
                      "\"model-00002-of-00002.safetensors\"}"));
    w = weights();
    reads(w, "model.norm.weight", 2, 0);
    ck_assert_int_eq(mg_weights_check_rest(w, false, &err), MG_INPUT);
    suite_says(err.text, "model-00002-of-00002.safetensors", "model.w.weight");
    reads(w, "model.w.weight", 3, 2);
    mg_ok(mg_weights_check_rest(w, false, &err));
    mg_weights_close(w);
}
END_TEST

/* One whole file is taken where both are there, as other programs do. */
START_TEST(a_whole_file_comes_first)
{
    const struct mg_st_entry all[] = {VECTOR("model.norm.weight", values)};
    struct mg_weights *w;

    put_file("model.safetensors", all, 1, MG_ST_F32);
    scratch_put(scratch_folder, "model.safetensors.index.json", "no index");
    w = weights();
    reads(w, "model.norm.weight", 2, 0);
    mg_weights_close(w);
}
END_TEST

static const struct {
    const char *index, *sentence;
} indices[] = {
    {"", "index.json"},
    {"[]", "index.json"},
    {"{", "index.json"},
    {"{\"weight_map\": {\"a\": \"x.safetensors\", \"a\": \"x.safetensors\"}}", "index.json"},
    {"{}", "weight_map"},
    {INDEX("[]"), "weight_map"},
    {INDEX("{}"), "weight_map"},
    {INDEX("{\"a\": 7}"), "a is in \"\""},
    {INDEX("{\"a\": null}"), "a is in"},
    {INDEX("{\"a\": \"\"}"), "a is in"},
    {INDEX("{\"a\": \"../x.safetensors\"}"), "../x.safetensors"},
    {INDEX("{\"a\": \"/etc/x.safetensors\"}"), "/etc/x.safetensors"},
    {INDEX("{\"a\": \"b/x.safetensors\"}"), "b/x.safetensors"},
    {INDEX("{\"a\": \".x.safetensors\"}"), ".x.safetensors"},
    {INDEX("{\"a\": \".safetensors\"}"), "a is in"},
    {INDEX("{\"a\": \"config.json\"}"), "config.json"},
    {INDEX("{\"a\": \"model-00003-of-00003.safetensors\"}"), "model-00003-of-00003.safetensors"},
    {INDEX("{\"a\": \"torn.safetensors\"}"), "torn.safetensors"},
    {INDEX("{\"a\": \"folder.safetensors\"}"), "folder.safetensors"},
};

START_TEST(hostile_indices)
{
    char path[128];

    put_shards();
    scratch_put(scratch_folder, "torn.safetensors", "1234567");
    snprintf(path, sizeof path, "%s/folder.safetensors", scratch_folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    scratch_put(scratch_folder, "model.safetensors.index.json", indices[_i].index);
    refuses_to_open(indices[_i].sentence);
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* A long name, and more files than a model has. */
START_TEST(indices_without_bounds)
{
    const struct mg_st_entry one[] = {VECTOR("a", values)};
    char *text = NULL;
    size_t len = 0;
    FILE *to;

    to = open_memstream(&text, &len);
    fputs("{\"weight_map\": {\"a\": \"", to);
    for (int i = 0; i < 300; i++)
        fputc('x', to);
    fputs(".safetensors\"}}", to);
    fclose(to);
    scratch_put(scratch_folder, "model.safetensors.index.json", text);
    refuses_to_open("a is in");
    free(text);
    put_file("0.safetensors", one, 1, MG_ST_F32);
    to = open_memstream(&text, &len);
    fputs("{\"weight_map\": {\"t\": \"0.safetensors\"", to);
    for (int i = 1; i < 1100; i++) {
        char from[128], name[128];

        snprintf(from, sizeof from, "%s/0.safetensors", scratch_folder);
        snprintf(name, sizeof name, "%s/%d.safetensors", scratch_folder, i);
        ck_assert_int_eq(link(from, name), 0);
        fprintf(to, ", \"t%d\": \"%d.safetensors\"", i, i);
    }
    fputs("}}", to);
    fclose(to);
    scratch_put(scratch_folder, "model.safetensors.index.json", text);
    refuses_to_open("more than 1024 files");
    free(text);
}
END_TEST

/* What the index says and what its shards hold may differ; what is read must be where it says. */
START_TEST(an_index_that_is_wrong)
{
    struct mg_weights *w;
    float out[6];

    put_shards();
    scratch_put(scratch_folder, "model.safetensors.index.json",
                INDEX("{\"model.norm.weight\": \"model-00002-of-00002.safetensors\"}"));
    w = weights();
    ck_assert_int_eq(mg_weights_read(w, "model.norm.weight", 2, 0, out, &err), MG_INPUT);
    suite_says(err.text, "model-00002-of-00002.safetensors", "model.norm.weight", "the index says");
    mg_err_clear(&err);
    ck_assert_int_eq(mg_weights_read(w, "model.w.weight", 3, 2, out, &err), MG_INPUT);
    suite_says(err.text, "the index has no tensor model.w.weight");
    mg_weights_close(w);
}
END_TEST

START_TEST(no_files)
{
    refuses_to_open("model.safetensors: No such file");
}
END_TEST

static void
refuses_to_read(const char *name, size_t rows, size_t cols, const char *part)
{
    struct mg_weights *w = weights();
    float out[6];

    ck_assert_int_eq(mg_weights_read(w, name, rows, cols, out, &err), MG_INPUT);
    suite_says(err.text, "model.safetensors: ", name, part);
    mg_weights_close(w);
}

START_TEST(what_is_read_must_fit)
{
    const struct mg_st_entry all[] = {VECTOR("v", values), MATRIX("m"), VECTOR("nan", broken)};

    put_file("model.safetensors", all, 3, MG_ST_F32);
    refuses_to_read("x", 2, 0, "there is no tensor");
    refuses_to_read("v", 3, 0, "the configuration says 3, 0");
    refuses_to_read("v", 2, 1, "rank 1");
    refuses_to_read("m", 2, 3, "extents 3, 2");
    refuses_to_read("m", 3, 0, "rank 2");
    refuses_to_read("nan", 2, 0, "not finite");
    put_typed("model.safetensors", "v", "F64", "[2]", 16);
    refuses_to_read("v", 2, 0, "dtype is F64");
    put_typed("model.safetensors", "v", "I64", "[2]", 16);
    refuses_to_read("v", 2, 0, "dtype is I64");
    put_typed("model.safetensors", "v", "F32", "[2,1,1,1,1]", 8);
    refuses_to_read("v", 2, 0, "rank 5");
}
END_TEST

/* Names of tensors that nothing reads: whether such a file is refused. */
static const struct {
    const char *name, *type;
    bool refused;
} rest[] = {
    {"model.layers.0.self_attn.q_proj.bias", "F32", true},
    {"model.layers.0.mlp.down_proj.bias", "BF16", true},
    {"lm_head.bias", "F32", true},
    {"model.layers.0.self_attn.q_norm.weight", "F32", true},
    {"model.layers.0.post_feedforward_layernorm.weight", "F16", true},
    {"model.layers.17.mlp.up_proj.weight", "F32", true},
    {"mtp.0.norm.weight", "F64", true},
    {"lm_head.weight", "F32", true},
    {"visual.gamma", "F8_E4M3", true},
    {"model.position_ids", "I64", false},
    {"model.layers.0.self_attn.bias", "BOOL", false},
    {"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", false},
};

START_TEST(what_is_not_read)
{
    size_t bytes = strcmp(rest[_i].type, "F64") == 0 || strcmp(rest[_i].type, "I64") == 0 ? 16
                   : strcmp(rest[_i].type, "F32") == 0                                    ? 8
                   : strchr(rest[_i].type, '1') != NULL                                   ? 4
                                                                                          : 2;
    struct mg_weights *w;

    /* not zeros: a bias of zeros is another case */
    if (strcmp(rest[_i].type, "F32") == 0 || strchr(rest[_i].type, '1') != NULL) {
        const struct mg_st_entry one[] = {VECTOR(rest[_i].name, values)};

        put_file("model.safetensors", one, 1, strcmp(rest[_i].type, "F32") == 0 ? MG_ST_F32 : MG_ST_BF16);
    } else
        put_typed("model.safetensors", rest[_i].name, rest[_i].type, "[2]", bytes);
    w = weights();
    ck_assert_int_eq(mg_weights_check_rest(w, false, &err), rest[_i].refused ? MG_INPUT : MG_OK);
    if (rest[_i].refused)
        suite_says(err.text, "model.safetensors: ", rest[_i].name, "change the computation");
    mg_weights_close(w);
}
END_TEST

START_TEST(what_changes_nothing_is_passed_over)
{
    const struct mg_st_entry tied[] = {MATRIX("lm_head.weight"), VECTOR("model.layers.0.self_attn.q_proj.bias", zeros)};
    struct mg_weights *w;

    put_file("model.safetensors", tied, 2, MG_ST_F16);
    w = weights();
    mg_ok(mg_weights_check_rest(w, true, &err));
    ck_assert_int_eq(mg_weights_check_rest(w, false, &err), MG_INPUT);
    suite_says(err.text, "lm_head.weight");
    mg_weights_close(w);
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("weights", scratch_begin, scratch_end, 0);

    suite_tests(tc, one_file, shards, a_whole_file_comes_first, indices_without_bounds, an_index_that_is_wrong,
                no_files, what_is_read_must_fit, what_changes_nothing_is_passed_over);
    tcase_add_loop_test(tc, hostile_indices, 0, sizeof indices / sizeof *indices);
    tcase_add_loop_test(tc, what_is_not_read, 0, sizeof rest / sizeof *rest);
    return suite_main();
}
