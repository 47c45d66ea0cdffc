/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "rollout_log.h"

enum { MAX_PATH = 4096 };

/* The dialogues of both agents in one evaluation. */
struct evening {
    struct mg_logged *row[MG_N_SIDES];
    size_t n[MG_N_SIDES];
};

struct teller {
    FILE *to;
    bool html;
    struct mg_tokenizer *tok;
    struct mg_specials specials;
    struct evening when[2]; /* before, after */
};

static json_int_t
phase_named(const struct mg_report *r, const char *wanted)
{
    const json_t *entry;
    size_t i;

    json_array_foreach(r->metrics[MG_SIDE_MAIN], i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));

        if (name != NULL && strcmp(name, wanted) == 0)
            return json_integer_value(json_object_get(entry, "phase"));
    }
    return -1;
}

static enum mg_status
read_evening(const struct mg_report *r, json_int_t phase, struct evening *e, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char path[MAX_PATH];

    for (int side = 0; side < MG_N_SIDES && json_array_size(r->metrics[side]) > 0; side++) {
        snprintf(path, sizeof path, "%s/%s/rollouts/%06lld.jsonl.gz", r->run, mg_side_name((enum mg_side)side),
                 (long long)phase);
        if (access(path, F_OK) == 0) /* a run that goes on may not have got there yet */
            MG_TRY(mg_rollout_log_read(path, &e->row[side], &e->n[side], err));
    }
out:
    return st;
}

static const struct mg_logged *
find(const struct evening *e, enum mg_side side, uint32_t question, uint32_t call)
{
    for (size_t i = 0; i < e->n[side]; i++)
        if (e->row[side][i].question == question && e->row[side][i].rollout == 0 && e->row[side][i].call == call)
            return &e->row[side][i];
    return NULL;
}

static void
tell_turn(const struct teller *t, int role, const char *text, bool inner)
{
    if (!t->html) {
        fprintf(t->to, "%s%-8s", inner ? "      " : "  ", mg_role_name((enum mg_role)role));
        mg_plain_text(t->to, text);
        fputc('\n', t->to);
        return;
    }
    fprintf(t->to, "<p class=\"%s\"><b>%s</b> ", inner ? "inner" : "outer", mg_role_name((enum mg_role)role));
    mg_html_text(t->to, text);
    fputs("</p>\n", t->to);
}

/* The text of n tokens, malloc'ed: an id or bytes that are no text become U+FFFD. */
static enum mg_status
text_of(const struct teller *t, const int32_t *ids, uint32_t n, char **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *raw = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&raw, &len);

    MG_REQUIRE(to != NULL, MG_FAIL, "out of memory: the text of %u tokens", n);
    for (uint32_t i = 0; i < n; i++) {
        size_t bytes = 0;
        const char *piece = mg_tokenizer_piece(t->tok, ids[i], &bytes);

        if (piece == NULL)
            fputs(MG_NO_TEXT, to);
        else
            fwrite(piece, 1, bytes, to);
    }
    MG_REQUIRE(fclose(to) == 0, MG_FAIL, "out of memory: the text of %u tokens", n);
    *out = raw;
    raw = NULL;
out:
    free(raw);
    return st;
}

/* The turns of a dialogue; behind each subtask the dialogue of the sub-agent. */
static enum mg_status
tell(const struct teller *t, const struct evening *e, const struct mg_logged *row, bool inner, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = NULL;
    uint32_t call = 0;

    for (uint32_t i = 0, end; i < row->len; i = end) {
        const struct mg_logged *sub;
        int role = 0;

        while (role < MG_N_ROLES && row->ids[i] != t->specials.role[role])
            role++;
        for (end = i + 1; end < row->len && !mg_specials_has(&t->specials, row->ids[end]);)
            end++;
        if (role == MG_N_ROLES)
            continue;
        MG_TRY(text_of(t, row->ids + i + 1, end - i - 1, &text, err));
        tell_turn(t, role, text, inner);
        free(text);
        text = NULL;
        if (role != MG_ROLE_SUB || inner)
            continue;
        sub = find(e, MG_SIDE_SEARCH, row->question, call++);
        if (sub != NULL)
            MG_TRY(tell(t, e, sub, true, err));
    }
out:
    free(text);
    return st;
}

static enum mg_status
tell_both(const struct teller *t, uint32_t question, struct mg_err *err)
{
    static const char *const names[] = {"before", "after"};
    enum mg_status st = MG_OK;

    if (t->html)
        fputs("<section class=\"pair\">\n", t->to);
    for (int w = 0; w < 2; w++) {
        const struct mg_logged *row = find(&t->when[w], MG_SIDE_MAIN, question, 0);

        if (row == NULL)
            continue;
        fprintf(t->to, t->html ? "<div><h3>%s, reward %.1f</h3>\n" : "%s, reward %.1f\n", names[w], row->reward);
        MG_TRY(tell(t, &t->when[w], row, false, err));
        fputs(t->html ? "</div>\n" : "\n", t->to);
    }
    if (t->html)
        fputs("</section>\n", t->to);
out:
    return st;
}

/* First the questions whose reward rose, then the others, each in the order of the run. */
static enum mg_status
choose(const struct teller *t, unsigned count, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct evening *before = &t->when[0];

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < before->n[MG_SIDE_MAIN] && count > 0; i++) {
            const struct mg_logged *was = &before->row[MG_SIDE_MAIN][i];
            const struct mg_logged *is = find(&t->when[1], MG_SIDE_MAIN, was->question, 0);
            bool rose = is != NULL && is->reward > was->reward + 0.5;

            if (is == NULL || rose != (pass == 0))
                continue;
            MG_TRY(tell_both(t, was->question, err));
            count--;
        }
out:
    return st;
}

enum mg_status
mg_report_dialogues(FILE *to, const struct mg_report *r, unsigned count, bool html, struct mg_err *err)
{
    static const char *const names[] = {"before", "after"};
    enum mg_status st = MG_OK;
    struct teller t = {.to = to, .html = html};

    for (int w = 0; w < 2; w++) {
        json_int_t phase = phase_named(r, names[w]);

        if (phase < 0)
            goto out; /* a run without evaluations has none to show */
        MG_TRY(read_evening(r, phase, &t.when[w], err));
    }
    MG_TRY(mg_tokenizer_load(r->config.tokenizer, &t.tok, err));
    MG_TRY(mg_specials_find(t.tok, &t.specials, err));
    MG_TRY(choose(&t, count, err));
out:
    for (int w = 0; w < 2; w++)
        for (int side = 0; side < MG_N_SIDES; side++)
            mg_logged_free(t.when[w].row[side], t.when[w].n[side]);
    mg_tokenizer_free(t.tok);
    return st;
}
