/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/hash.h"
#include "base/file.h"
#include "policy/policy_internal.h"
#include "policy/state_format.h"

/*
 * A state file: header, the caller's text, a zlib stream of weights, first moments and second moments. It is read only
 * if the header fits this model and the checksum of all that follows the header agrees.
 */
struct state_header {
    char magic[8];
    uint64_t elems, version, extra_bytes, packed_bytes;
    uint32_t crc, reserved;
};
static const char state_magic[] = MG_STATE_MAGIC;
enum { MAX_EXTRA = 1 << 20 };

static enum mg_status
gather_state(struct mg_policy *p, float *host, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = p->params.elems;

    MG_TRY(mg_op_read(p, p->weights, host, err));
    MG_TRY(mg_op_read(p, p->m, host + n, err));
    MG_TRY(mg_op_read(p, p->v, host + 2 * n, err));
out:
    return st;
}

static enum mg_status
write_state(const char *path, const struct state_header *h, const char *extra, const unsigned char *packed,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_file_new *f = NULL;

    MG_TRY(mg_file_new_open(path, &f, err));
    MG_TRY(mg_file_new_write(f, h, sizeof *h, err));
    MG_TRY(mg_file_new_write(f, extra, (size_t)h->extra_bytes, err));
    MG_TRY(mg_file_new_write(f, packed, (size_t)h->packed_bytes, err));
    MG_TRY(mg_file_new_commit(&f, err));
out:
    mg_file_new_abort(f);
    return st;
}

enum mg_status
mg_policy_save_state(struct mg_policy *p, const char *path, const char *extra, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = 3 * p->params.elems;
    struct state_header h = {.elems = p->params.elems, .version = p->version, .extra_bytes = strlen(extra)};
    uLongf packed_bytes = compressBound((uLong)(n * sizeof(float)));
    unsigned char *packed = NULL;
    float *host = NULL;

    MG_REQUIRE(p->limits.train, MG_FAIL, "the policy was opened without optimiser state");
    MG_ALLOC(host, n);
    MG_ALLOC(packed, packed_bytes);
    MG_TRY(gather_state(p, host, err));
    MG_REQUIRE(compress2(packed, &packed_bytes, (const Bytef *)host, (uLong)(n * sizeof(float)), 1) == Z_OK, MG_FAIL,
               "%s: zlib could not compress %zu bytes", path, n * sizeof(float));
    memcpy(h.magic, state_magic, sizeof h.magic);
    h.packed_bytes = packed_bytes;
    h.crc = (uint32_t)crc32_z(crc32_z(0, (const Bytef *)extra, (z_size_t)h.extra_bytes), packed, packed_bytes);
    MG_TRY(write_state(path, &h, extra, packed, err));
out:
    free(host);
    free(packed);
    return st;
}

static enum mg_status
check_state(const char *path, const char *data, size_t len, const struct mg_policy *p, struct state_header *h,
            struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(len >= sizeof *h, MG_INPUT, "%s: %zu bytes are too few for a state file", path, len);
    memcpy(h, data, sizeof *h);
    MG_REQUIRE(memcmp(h->magic, state_magic, sizeof h->magic) == 0, MG_INPUT, "%s: not a state file", path);
    MG_REQUIRE(h->elems == p->params.elems, MG_INPUT, "%s: state of %llu weights, the model has %zu", path,
               (unsigned long long)h->elems, p->params.elems);
    MG_REQUIRE(h->extra_bytes <= MAX_EXTRA && h->packed_bytes <= len &&
                   sizeof *h + h->extra_bytes + h->packed_bytes == len,
               MG_INPUT, "%s: %zu bytes, its header says %llu and %llu", path, len, (unsigned long long)h->extra_bytes,
               (unsigned long long)h->packed_bytes);
    MG_REQUIRE(crc32_z(0, (const Bytef *)data + sizeof *h, len - sizeof *h) == h->crc, MG_INPUT,
               "%s: the checksum does not agree, the file is damaged", path);
out:
    return st;
}

static enum mg_status
scatter_state(struct mg_policy *p, const float *host, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = p->params.elems;

    MG_TRY(mg_op_write(p, p->weights, host, err));
    MG_TRY(mg_op_write(p, p->m, host + n, err));
    MG_TRY(mg_op_write(p, p->v, host + 2 * n, err));
    MG_TRY(mg_op_zero(p, p->grad, err));
    p->packed_fresh = false;
out:
    return st;
}

enum mg_status
mg_policy_load_state(struct mg_policy *p, const char *path, char **extra, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = 3 * p->params.elems, len = 0;
    uLongf bytes = (uLongf)(n * sizeof(float));
    struct state_header h;
    char *data = NULL, *text = NULL;
    float *host = NULL;

    MG_REQUIRE(p->limits.train, MG_FAIL, "the policy was opened without optimiser state");
    MG_TRY(mg_file_read(path, sizeof h + MAX_EXTRA + compressBound(bytes), &data, &len, err));
    MG_TRY(check_state(path, data, len, p, &h, err));
    MG_ALLOC(host, n);
    MG_ALLOC(text, (size_t)h.extra_bytes + 1);
    memcpy(text, data + sizeof h, (size_t)h.extra_bytes);
    MG_REQUIRE(uncompress((Bytef *)host, &bytes, (const Bytef *)data + sizeof h + h.extra_bytes,
                          (uLong)h.packed_bytes) == Z_OK &&
                   bytes == n * sizeof(float),
               MG_INPUT, "%s: the zlib stream is damaged", path);
    MG_TRY(scatter_state(p, host, err));
    p->version = h.version;
    *extra = text;
    text = NULL;
out:
    free(data);
    free(host);
    free(text);
    return st;
}

enum mg_status
mg_policy_digest(struct mg_policy *p, uint64_t *digest, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = p->params.elems;
    float *host = NULL;

    MG_ALLOC(host, n);
    MG_TRY(mg_op_read(p, p->weights, host, err));
    *digest = mg_hash(host, n * sizeof *host);
out:
    free(host);
    return st;
}
