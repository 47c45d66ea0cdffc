/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/join.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_digest.h"
#include "run/run_path.h"

static void
say(void *who, const char *sentence)
{
    fprintf(stderr, "%s: %s\n", (const char *)who, sentence);
}

static enum mg_status
agree_on_file(struct mg_store *s, const char *address, const char *what, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *other = NULL, mine[MG_DIGEST] = "none";

    if (path[0] != '\0')
        MG_TRY(mg_file_digest(path, mine, err));
    MG_TRY(mg_store_agree(s, what, mine, &other, err));
    if (other != NULL) {
        st = mg_fail(err, MG_INPUT, "the %s %s has the digest %s, that of the run in %s has %.20s", what, path, mine,
                     address, other);
        mg_hint(err, "All hosts of a run need the same files.");
    }
out:
    free(other);
    return st;
}

static enum mg_status
agree_on_config(struct mg_store *s, const char *address, const struct mg_config *config, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *mine = mg_config_common_json(config), *other = NULL, *difference = NULL;

    MG_REQUIRE(mine != NULL, MG_FAIL, "out of memory: the configuration as text");
    MG_TRY(mg_store_agree(s, "configuration", mine, &other, err));
    if (other == NULL)
        goto out;
    difference = mg_config_difference(mine, other);
    st = mg_fail(err, MG_INPUT, "store %s belongs to a run of another configuration: %s", address,
                 difference != NULL ? difference : "it was written by another mgrpo");
    mg_hint(err, "All hosts of a run need the same; another run needs another name in the store's address.");
out:
    free(mine);
    free(other);
    free(difference);
    return st;
}

/* Who is here has extended the run as those have that came before. */
static enum mg_status
agree_on_extensions(struct mg_store *s, const char *address, const struct mg_config *config, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *other = NULL, what[32], mine[16];

    for (uint32_t i = 0; i < config->n_extended; i++) {
        snprintf(what, sizeof what, "extension-%u", i + 1);
        snprintf(mine, sizeof mine, "%u", config->extended[i]);
        MG_TRY(mg_store_agree(s, what, mine, &other, err));
        MG_REQUIRE(other == NULL, MG_INPUT, "%s: to %s train steps, that of the run in %s is to %.20s", what, mine,
                   address, other);
    }
out:
    free(other);
    return st;
}

/* Host and folder, for people; the folder's number tells two of one name apart. */
static enum mg_status
name_holder(const char *dir, char **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char host[128] = "", *real = realpath(dir, NULL);
    struct stat about = {0};

    MG_REQUIRE(real != NULL && stat(real, &about) == 0, MG_FAIL, "%s: %s", dir, strerror(errno));
    gethostname(host, sizeof host - 1);
    MG_REQUIRE(asprintf(out, "%s:%s (%llx)", host, real, (unsigned long long)about.st_ino) > 0, MG_FAIL,
               "out of memory: a path");
out:
    free(real);
    return st;
}

enum mg_status
mg_join(const struct mg_config *config, const char *run_dir, const char *holder_dir, const char *who,
        struct mg_store **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path file = mg_run_path(run_dir, MG_RUN_STORE);
    struct mg_store_place place = {.address = config->store[0] != '\0' ? config->store : file.text,
                                   .password_file = config->store_password_file,
                                   .say = say,
                                   .arg = (void *)who};
    struct mg_store *s = NULL;
    char *holder = NULL;

    if (holder_dir != NULL)
        MG_TRY(name_holder(holder_dir, &holder, err));
    place.holder = holder;
    MG_TRY(mg_store_open(&place, &s, err));
    MG_TRY(agree_on_config(s, place.address, config, err));
    MG_TRY(agree_on_file(s, place.address, "corpus", config->corpus, err));
    MG_TRY(agree_on_file(s, place.address, "questions", config->questions, err));
    MG_TRY(agree_on_file(s, place.address, "tokenizer", config->tokenizer, err));
    MG_TRY(agree_on_extensions(s, place.address, config, err));
    *out = s;
    s = NULL;
out:
    mg_store_close(s);
    free(holder);
    return st;
}
