/* SPDX-License-Identifier: Apache-2.0 */
#include "small_world.h"

#include <stdio.h>

#include "world/write.h"

enum mg_status
mg_small_world(const char *dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_world world = {0};
    struct mg_questions questions = {0};
    char path[512];

    MG_TRY(mg_world_create(&world, mg_world_facts_path(), 0, MG_WORLD_SMALL, err));
    MG_TRY(mg_questions_create(&questions, &world, false, err));
    snprintf(path, sizeof path, "%s/corpus.db", dir);
    MG_TRY(mg_world_write_corpus(&world, path, err));
    snprintf(path, sizeof path, "%s/questions.jsonl", dir);
    MG_TRY(mg_world_write_questions(&world, &questions, path, err));
out:
    mg_questions_destroy(&questions);
    mg_world_destroy(&world);
    return st;
}
