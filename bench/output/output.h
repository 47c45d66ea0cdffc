/* SPDX-License-Identifier: Apache-2.0 */
/* What is written of a run, read again, and compared. */
#ifndef CLGRPO_BENCH_OUTPUT_H
#define CLGRPO_BENCH_OUTPUT_H

#include "measure/bench.h"

/* The formats. False, and then the file is not kept, if the rows cannot be put into the format. */
bool output_tsv(FILE *f, const struct bench *b);
bool output_svg(FILE *f, const struct bench *b);
bool output_html(FILE *f, const struct bench *b);
bool output_json(FILE *f, const struct bench *b);
/* For a report: the rows and all that is needed to read them, but nothing about who measured. */
bool output_submission(FILE *f, const struct bench *b);
/* Writes the whole file or none. Returns 0, or 1 with a sentence on standard error. */
int output_write(const struct bench *b, const char *path, bool (*format)(FILE *f, const struct bench *b));

/* Whether the file could be written, asked before the work: false with a sentence on standard error. Leaves nothing. */
bool output_try(const char *path);

/* The rows of a JSON file, of this program or another. False, with a sentence on standard error, if it has none. */
bool output_read(const char *path, struct bench_results *out);
void output_free(struct bench_results *r);

/* Runs "clgrpo-bench compare"; argv[0] is "compare". Returns the exit status. */
int output_compare(int argc, char **argv);

#endif
