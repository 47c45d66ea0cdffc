/* SPDX-License-Identifier: Apache-2.0 */
#include "world/write.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

static const char *const split_name[] = {[MG_CLASS_TRAIN] = "train", [MG_CLASS_DEV] = "dev", [MG_CLASS_TEST] = "test"};

static enum mg_status
run(sqlite3 *db, const char *sql, struct mg_err *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return MG_OK;
    return mg_fail(err, MG_FAIL, "writing the corpus failed: %s", sqlite3_errmsg(db));
}

static enum mg_status
insert_pages(const struct mg_world *world, sqlite3 *db, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3_stmt *add = NULL;
    struct mg_text text = {0};
    const char *sql = "INSERT INTO docs (id, title, body) VALUES (?1, ?2, ?3)";

    MG_REQUIRE(sqlite3_prepare_v2(db, sql, -1, &add, NULL) == SQLITE_OK, MG_FAIL, "writing the corpus failed: %s",
               sqlite3_errmsg(db));
    for (uint32_t i = 0; i < world->facts.n_entities; i++) {
        const struct mg_entity *e = &world->facts.entity[i];

        if (!world->present[i])
            continue;
        mg_text_clear(&text);
        mg_world_page(world, i, &text);
        MG_REQUIRE(!text.failed, MG_FAIL, "out of memory: a page of %zu bytes", text.n);
        sqlite3_bind_text(add, 1, e->id, -1, SQLITE_STATIC);
        sqlite3_bind_text(add, 2, e->title, -1, SQLITE_STATIC);
        sqlite3_bind_text(add, 3, mg_text_str(&text), -1, SQLITE_STATIC);
        MG_REQUIRE(sqlite3_step(add) == SQLITE_DONE, MG_FAIL, "writing the corpus failed: %s", sqlite3_errmsg(db));
        sqlite3_reset(add);
    }
out:
    sqlite3_finalize(add);
    mg_text_free(&text);
    return st;
}

static enum mg_status
fill(const struct mg_world *world, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    sqlite3 *db = NULL;

    MG_REQUIRE(sqlite3_open(path, &db) == SQLITE_OK, MG_FAIL, "cannot write %s: %s", path,
               db ? sqlite3_errmsg(db) : "out of memory");
    MG_TRY(run(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL; BEGIN", err));
    MG_TRY(run(db,
               "CREATE VIRTUAL TABLE docs USING fts5(id UNINDEXED, title, body, tokenize = 'unicode61 "
               "remove_diacritics 2')",
               err));
    MG_TRY(insert_pages(world, db, err));
    MG_TRY(run(db, "INSERT INTO docs (docs) VALUES ('optimize'); COMMIT; VACUUM", err));
out:
    sqlite3_close(db);
    return st;
}

enum mg_status
mg_world_write_corpus(const struct mg_world *world, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *temp = NULL;

    MG_TRY(mg_file_temp_name(path, &temp, err));
    unlink(temp);
    st = fill(world, temp, err);
    if (st == MG_OK)
        st = mg_file_commit(temp, path, err);
    else
        unlink(temp);
out:
    free(temp);
    return st;
}

/* Other spellings that count as right: the codes of currencies and languages, and other names. NULL: none. */
static json_t *
aliases(const struct mg_world *world, uint32_t entity)
{
    json_t *list = NULL;
    const struct mg_entity *e = entity == MG_NO_ENTITY ? NULL : &world->facts.entity[entity];

    for (uint32_t i = 0; e && i < e->n_attr; i++) {
        const char *key = e->attr[i].key;
        bool code = strcmp(key, "code") == 0 && (e->kind == MG_CURRENCY || e->kind == MG_LANGUAGE);

        if (!code && strcmp(key, "also") != 0)
            continue;
        list = list ? list : json_array();
        json_array_append_new(list, json_string(e->attr[i].value));
    }
    return list;
}

static json_t *
literal_aliases(const char *answer)
{
    return answer[0] == '+' ? json_pack("[s]", answer + 1) : NULL;
}

static void
set_aliases(json_t *object, const struct mg_world *world, uint32_t entity, const char *answer)
{
    json_t *list = entity == MG_NO_ENTITY ? literal_aliases(answer) : aliases(world, entity);

    if (list)
        json_object_set_new(object, "aliases", list);
}

static json_t *
step_json(const struct mg_world *world, const struct mg_step *step)
{
    struct mg_text ask = {0};
    const struct mg_entity *e = &world->facts.entity[step->entity];
    const char *answer = mg_facts_value(&world->facts, step->attr);
    json_t *out;

    mg_ask_text(0, step->attr->key, e->title, &ask);
    out = ask.failed ? NULL : json_pack("{ssssss}", "ask", ask.p, "answer", answer, "page", e->id);
    if (out)
        set_aliases(out, world, step->attr->ref, answer);
    mg_text_free(&ask);
    return out;
}

/* The step that computes a difference; no page has its answer. */
static json_t *
difference_json(const struct mg_world *world, const struct mg_question *q, const char *answer)
{
    struct mg_text ask = {0};
    const char *less, *more;
    json_t *out;

    mg_difference_values(world, q, &less, &more);
    mg_difference_text(0, less, more, &ask);
    out = ask.failed ? NULL : json_pack("{ssss}", "ask", ask.p, "answer", answer);
    mg_text_free(&ask);
    return out;
}

static json_t *
question_json(const struct mg_world *world, const struct mg_question *q, uint32_t number)
{
    const struct mg_template *t = &mg_template[q->template];
    const char *const name[2] = {world->facts.entity[q->step[0].entity].title,
                                 world->facts.entity[q->step[q->n_steps / 2].entity].title};
    struct mg_text text = {0}, answer = {0};
    json_t *steps = json_array(), *out;

    mg_question_text(t, q->phrasing, name, &text);
    mg_question_answer(world, q, &answer);
    for (int i = 0; i < q->n_steps; i++)
        json_array_append_new(steps, step_json(world, &q->step[i]));
    if (mg_is_difference(t) && !answer.failed)
        json_array_append_new(steps, difference_json(world, q, answer.p));
    out = text.failed || answer.failed
              ? NULL
              : json_pack("{sosssisssbssss}", "id", json_sprintf("q%06u", (unsigned)number), "split",
                          split_name[q->split], "hops", (int)json_array_size(steps), "template", t->name,
                          "new_phrasing", (int)mg_phrasing_held_out(q), "question", text.p, "answer", answer.p);
    if (out) {
        set_aliases(out, world, mg_question_answer_entity(q), answer.p);
        json_object_set(out, "steps", steps);
    }
    json_decref(steps);
    mg_text_free(&text);
    mg_text_free(&answer);
    return out;
}

enum mg_status
mg_world_write_questions(const struct mg_world *world, const struct mg_questions *qs, const char *path,
                         struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_file_new *f = NULL;

    MG_TRY(mg_file_new_open(path, &f, err));
    for (uint32_t i = 0; i < qs->n; i++)
        MG_TRY(mg_json_write_line(f, question_json(world, &qs->q[i], i), err));
    MG_TRY(mg_file_new_commit(&f, err));
out:
    mg_file_new_abort(f);
    return st;
}
