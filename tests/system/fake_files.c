/* SPDX-License-Identifier: Apache-2.0 */
/* fake_files DIR: the files of a run on the fake policy, but for its configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_policy.h"
#include "base/file.h"
#include "model/model_config.h"
#include "model/params_file.h"
#include "small_model.h"
#include "small_world.h"

static enum mg_status
write_files(const char *dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *json = mg_fake_tokenizer_json(), path[512];
    const struct mg_model_config model = mg_small_model(MG_FAKE_VOCAB, 1024, true);
    struct mg_params layout = {0};
    float *weights = NULL; /* looked at, and no more: the fake policy has weights of its own */

    snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    MG_TRY(mg_file_write_atomic(path, json, strlen(json), err));
    MG_TRY(mg_small_world(dir, err));
    MG_TRY(mg_model_config_save(dir, &model, "float32", err));
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    MG_TRY(mg_params_layout(&model, &layout, err));
    MG_ALLOC(weights, layout.elems);
    mg_params_draw(&layout, 1, weights);
    MG_TRY(mg_params_write(&layout, weights, path, MG_ST_F32, err));
out:
    mg_params_free(&layout);
    free(weights);
    free(json);
    return st;
}

int
main(int argc, char **argv)
{
    struct mg_err err;

    mg_err_clear(&err);
    if (argc != 2) {
        fputs("usage: fake_files DIR\n", stderr);
        return MG_INPUT;
    }
    if (write_files(argv[1], &err) != MG_OK)
        fprintf(stderr, "fake_files: %s\n", err.text);
    return (int)err.status;
}
