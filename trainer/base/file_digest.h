/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_FILE_DIGEST_H
#define MGRPO_FILE_DIGEST_H

#include <stddef.h>

#include "base/status.h"

/* The digest of what a file holds, as text: by it files are compared wherever they lie. */
enum { MG_DIGEST = 17 };
enum mg_status mg_file_digest(const char *path, char out[MG_DIGEST], struct mg_err *err);
/* The same of n bytes in memory. */
void mg_bytes_digest(const void *bytes, size_t n, char out[MG_DIGEST]);

#endif
