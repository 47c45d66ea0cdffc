/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "model/params_file.h"

enum mg_status
mg_policy_read_weights(struct mg_policy *p, const char *dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    float *host = NULL;

    MG_ALLOC(host, p->params.elems);
    MG_TRY(mg_params_read(&p->params, dir, host, err));
    MG_TRY(mg_weights_write(p, host, err));
    p->packed_fresh = false;
out:
    free(host);
    return st;
}

static enum mg_status
write_weights(struct mg_policy *p, const char *path, enum mg_st_dtype dtype, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    float *host = NULL;

    MG_ALLOC(host, p->params.elems);
    MG_TRY(mg_op_read(p, p->weights, host, err));
    MG_TRY(mg_params_write(&p->params, host, path, dtype, err));
out:
    free(host);
    return st;
}

enum mg_status
mg_policy_save_model(struct mg_policy *p, const char *dir, const char *dtype, struct mg_err *err)
{
    static const struct {
        const char *name, *torch;
        enum mg_st_dtype dtype;
    } types[] = {{"f32", "float32", MG_ST_F32}, {"f16", "float16", MG_ST_F16}, {"bf16", "bfloat16", MG_ST_BF16}};
    enum mg_status st = MG_OK;
    struct mg_path path = mg_path_print("%s/model.safetensors", dir);
    size_t t = 0;

    while (t < 3 && strcmp(types[t].name, dtype) != 0)
        t++;
    MG_REQUIRE(t < 3, MG_INPUT, "dtype is \"%.16s\", need f32, f16 or bf16", dtype);
    MG_TRY(mg_dir_make(dir, err));
    MG_TRY(write_weights(p, path.text, types[t].dtype, err));
    MG_TRY(mg_model_config_save(dir, &p->config, types[t].torch, err));
out:
    return st;
}
