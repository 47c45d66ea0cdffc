/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_FILE_H
#define MGRPO_FILE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Reading whole files, and writing files atomically. A file that cannot be opened, or is larger than allowed, is
 * MG_INPUT; an error while reading or writing is MG_FAIL.
 */

/*
 * Reads all of `path`, at most max_bytes. *data is a new buffer of *len bytes followed by one NUL (so that text can be
 * used as a string); the caller frees it. On failure neither output is touched. Works on pipes.
 */
enum mg_status mg_file_read(const char *path, size_t max_bytes, char **data, size_t *len, struct mg_err *err);
/* Writes what `from`, of at most max_bytes, holds to `to`, as mg_file_write_atomic does. */
enum mg_status mg_file_copy(const char *from, const char *to, size_t max_bytes, struct mg_err *err);

/*
 * A file that is being written: in the same directory as `path`, under a temporary name, and renamed over `path` by the
 * commit, after fsync of the file and before fsync of its directory. Readers see the old file or the new one, never a
 * part. A symbolic link stays, and the file that it leads to is replaced; a device, a pipe and whatever the standard
 * output is are written to as they are; a directory is MG_INPUT. Commit and abort free it; a commit that fails aborts.
 * A commit sets *f to NULL and mg_file_new_abort accepts NULL, so that cleanup may call abort unconditionally.
 */
struct mg_file_new;
enum mg_status mg_file_new_open(const char *path, struct mg_file_new **f, struct mg_err *err);
enum mg_status mg_file_new_write(struct mg_file_new *f, const void *data, size_t len, struct mg_err *err);
enum mg_status mg_file_new_commit(struct mg_file_new **f, struct mg_err *err);
void mg_file_new_abort(struct mg_file_new *f);

/* Whether a path is the standard output: what goes there must not be mixed with what a command prints. */
bool mg_file_is_output(const char *path);

/* The three steps above for data already in memory. */
enum mg_status mg_file_write_atomic(const char *path, const void *data, size_t len, struct mg_err *err);

/*
 * For a file that another library writes: the temporary name of `path`, malloc'ed, and the commit of what was written
 * under it. Temporary files of the path that dead processes have left are removed. A commit syncs the file, renames it
 * to `path` and syncs the directory; after a failed one the temporary file is removed. MG_INPUT: a device or a pipe.
 */
enum mg_status mg_file_temp_name(const char *path, char **temp, struct mg_err *err);
enum mg_status mg_file_commit(const char *temp, const char *path, struct mg_err *err);

/* Makes a rename to `path`, or its creation, durable: syncs the directory that holds it. */
enum mg_status mg_dir_sync(const char *path, struct mg_err *err);

/* What a failed call means by its errno: MG_END where the disk is full, as it will be for the next try; else
 * MG_FAIL. */
enum mg_status mg_file_fault(int error);

/* Makes the directory `path` and its missing parents, mode 0777 less the umask. An existing directory is success. */
enum mg_status mg_dir_make(const char *path, struct mg_err *err);
/* Makes it, and looks whether a file can be written there: what a long work will end with is tried before it begins. */
enum mg_status mg_dir_make_writable(const char *path, struct mg_err *err);

#endif
