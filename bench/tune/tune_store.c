/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "output/whole_file.h"
#include "tune/tuner.h"

enum { MAX_LINE = 1024 };

static const char header[] = "# Tuned parameters of clgrpo, see clgrpo-tuning(5). Written by clgrpo-tune.\n"
                             "# op\ttype\tclass\tdevice\tparameters\tmedian us\tratio\tdriver\tversion\n";

static int
fail(const char *path, const char *what)
{
    fprintf(stderr, "clgrpo-tune: %s: %s: %s\n", path, what, strerror(errno));
    return 1;
}

/* The first columns, which say what a row is for: from the operation to the device. */
static void
row_head(const struct tune *t, const struct tune_result *r, char *text, size_t bytes)
{
    snprintf(text, bytes, "%s\t%s\t%s\t%s:%s\t", r->c->op, clg_tune_ops[r->op].type, r->c->shape_class,
             clg_tune_link_name(t->link), clg_tune_key(t->ctx, t->link));
}

/* The last columns: the driver and the version. */
static void
row_tail(const struct tune *t, char *text, size_t bytes)
{
    snprintf(text, bytes, "\t%s\t%s", t->link == CLG_TUNE_DEVICE ? t->info.driver : "-", clgrpo_version());
}

static void
write_row(const struct tune *t, const struct tune_result *r, FILE *f)
{
    const struct clg_tune_param *p = clg_tune_params + r->first_param;
    char head[512], tail[256];

    row_head(t, r, head, sizeof head);
    row_tail(t, tail, sizeof tail);
    fputs(head, f);
    for (size_t i = 0; i < r->n_params; i++)
        fprintf(f, "%s%s=%d", i > 0 ? " " : "", p[i].name, r->values[i]);
    fprintf(f, "\t%.1f\t%.3f%s\n", r->best_us, r->ratio, tail);
}

/* Whether a line is an earlier row of one of the results. */
static bool
is_replaced(const struct tune *t, const struct tune_result *results, size_t n, const char *line)
{
    char head[512], tail[256];
    const size_t bytes = strcspn(line, "\n");

    row_tail(t, tail, sizeof tail);
    for (size_t i = 0; i < n; i++) {
        row_head(t, &results[i], head, sizeof head);
        if (!results[i].failed && strncmp(line, head, strlen(head)) == 0 && bytes >= strlen(tail) &&
            strncmp(line + bytes - strlen(tail), tail, strlen(tail)) == 0)
            return true;
    }
    return false;
}

static bool
make_folder(const char *path)
{
    char folder[WHOLE_FILE_PATH];

    for (size_t i = 1; path[i] != '\0'; i++) {
        if (path[i] != '/')
            continue;
        memcpy(folder, path, i);
        folder[i] = '\0';
        if (mkdir(folder, 0755) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

/* Copies the lines of the file that are not replaced, and adds the new rows. */
static bool
write_all(const struct tune *t, const struct tune_result *results, size_t n, FILE *from, FILE *to)
{
    char line[MAX_LINE + 2];

    if (from == NULL)
        fputs(header, to);
    while (from != NULL && fgets(line, sizeof line, from) != NULL) {
        if (is_replaced(t, results, n, line))
            continue;
        fputs(line, to);
        if (strchr(line, '\n') == NULL && feof(from))
            fputc('\n', to);
    }
    for (size_t i = 0; i < n; i++)
        if (!results[i].failed && !results[i].is_standard)
            write_row(t, &results[i], to);
    return ferror(to) == 0;
}

int
tune_store(const struct tune *t, const struct tune_result *results, size_t n)
{
    char path[WHOLE_FILE_PATH];
    struct whole_file to;
    FILE *from;
    bool good;

    if (!clg_tune_path(path, sizeof path)) {
        fprintf(stderr, "clgrpo-tune: neither XDG_DATA_HOME nor HOME is an absolute path: no place for rows\n");
        return 1;
    }
    if (!make_folder(path))
        return fail(path, "its folder cannot be made");
    if (!whole_file_open(&to, path))
        return fail(path, "cannot be made");
    from = fopen(path, "r");
    good = whole_file_close(&to, write_all(t, results, n, from, to.f));
    if (from != NULL)
        fclose(from);
    return good ? 0 : fail(path, "cannot be written");
}
