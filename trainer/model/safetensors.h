/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_SAFETENSORS_H
#define MGRPO_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * The safetensors format: 8 bytes of header length, a JSON header, the data. Values are read of the types F32, F16 and
 * BF16; a file may hold tensors of all others. A reader checks the whole header before anything is used: types that the
 * format has, shapes without overflow, sizes that fit, tensors one after the other that fill the data to its end (no
 * overlap and no gap, as the format asks). The file is mapped: nobody may shorten it while it is open.
 */
enum mg_st_dtype { MG_ST_F32, MG_ST_F16, MG_ST_BF16, MG_ST_OTHER };
enum { MG_ST_MAX_RANK = 4, MG_ST_MAX_TENSORS = 1 << 16 };

struct mg_st_entry {
    const char *name; /* NUL-terminated; owned by the file when reading */
    enum mg_st_dtype dtype;
    const char *type; /* reading: its name in the file */
    bool real;        /* reading: a type of real numbers, as parameters are */
    unsigned rank;
    size_t shape[MG_ST_MAX_RANK]; /* reading: the first extents of a higher rank */
    size_t begin, bytes;          /* in the data section; ignored when writing */
    const float *f32;             /* writing: the values */
};

struct mg_safetensors;
enum mg_status mg_safetensors_open(const char *path, struct mg_safetensors **out, struct mg_err *err);
void mg_safetensors_close(struct mg_safetensors *s); /* accepts NULL */
size_t mg_safetensors_count(const struct mg_safetensors *s);
/* Tensor i of the data, i < count; the entries are an array. */
const struct mg_st_entry *mg_safetensors_at(const struct mg_safetensors *s, size_t i);
/* NULL if there is no such tensor. */
const struct mg_st_entry *mg_safetensors_find(const struct mg_safetensors *s, const char *name);
/* All elements of an entry, of a type other than MG_ST_OTHER, as f32. */
void mg_safetensors_read_f32(const struct mg_safetensors *s, const struct mg_st_entry *e, float *out);

/* Writes n entries, sorted by name, as `dtype` (round to nearest even), atomically. MG_INPUT: two have one name, a name
 * is not UTF-8 or is __metadata__, a rank or size is out of range. */
enum mg_status mg_safetensors_write(const char *path, const struct mg_st_entry *entries, size_t n,
                                    enum mg_st_dtype dtype, struct mg_err *err);

/* One value: round to nearest even, NaN kept, f16 overflow to infinity. */
uint16_t mg_f32_to_f16(float x);
float mg_f16_to_f32(uint16_t h);
uint16_t mg_f32_to_bf16(float x);
float mg_bf16_to_f32(uint16_t h);

#endif
