/* SPDX-License-Identifier: Apache-2.0 */
#include "run/digests.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

static struct mg_digest *
add(struct mg_digests *d, const char *section, const char *name, const char *key, const char *path)
{
    struct mg_digest *to = &d->of[d->n++];

    *to = (struct mg_digest){.path = path};
    snprintf(to->name, sizeof to->name, "%s%s%.64s%s%s", section, section[0] != '\0' ? " " : "", name,
             section[0] != '\0' ? ": " : "", key);
    return to;
}

static bool
ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n >= m && strcmp(name + n - m, end) == 0;
}

/* The files of a model's folder that make the model. */
static int
is_of_model(const struct dirent *entry)
{
    return strcmp(entry->d_name, "config.json") == 0 || ends_in(entry->d_name, ".safetensors") ||
           ends_in(entry->d_name, ".safetensors.index.json");
}

/* The digest of a model: of the names and digests of its files, in the order of the names. */
static enum mg_status
digest_model(const char *dir, char out[MG_DIGEST], struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, is_of_model, alphasort);
    char *text = NULL, one[MG_DIGEST];
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    MG_REQUIRE(n >= 0, MG_INPUT, "%s: %s", dir, strerror(errno));
    MG_REQUIRE(to != NULL, MG_FAIL, "out of memory: the digests of %d files", n);
    for (int i = 0; i < n; i++) {
        MG_TRY(mg_file_digest(mg_path_print("%s/%s", dir, entry[i]->d_name).text, one, err));
        fprintf(to, "%s %s\n", entry[i]->d_name, one);
    }
    MG_REQUIRE(fflush(to) == 0, MG_FAIL, "out of memory: the digests of %d files", n);
    mg_bytes_digest(text, len, out);
out:
    for (int i = 0; i < n; i++)
        free(entry[i]);
    free(entry);
    if (to != NULL)
        fclose(to);
    free(text);
    return st;
}

static bool
uses(const struct mg_config *c, int agent, const char *tool)
{
    for (uint32_t i = 0; i < c->n_agents; i++)
        for (uint32_t k = 0; (agent == MG_ALL_AGENTS || agent == (int)i) && k < c->agent[i].tools.n; k++)
            if (strcmp(c->agent[i].tools.item[k], tool) == 0)
                return true;
    return false;
}

enum mg_status
mg_digests_take(const struct mg_config *c, int agent, struct mg_digests *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    out->n = 0;
    if (c->corpus[0] != '\0')
        MG_TRY(mg_file_digest(c->corpus, add(out, "", "", "corpus", c->corpus)->text, err));
    MG_TRY(mg_file_digest(c->questions, add(out, "", "", "questions", c->questions)->text, err));
    MG_TRY(mg_file_digest(c->tokenizer, add(out, "", "", "tokenizer", c->tokenizer)->text, err));
    for (uint32_t i = 0; i < c->n_agents; i++) {
        const struct mg_agent_config *a = &c->agent[i];

        if (agent == MG_ALL_AGENTS || agent == (int)i)
            MG_TRY(digest_model(a->model, add(out, "agent", a->name, "model", a->model)->text, err));
    }
    for (uint32_t i = 0; i < c->n_tools; i++) {
        const struct mg_tool_config *t = &c->tool[i];

        if (t->corpus[0] != '\0' && uses(c, agent, t->name))
            MG_TRY(mg_file_digest(t->corpus, add(out, "tool", t->name, "corpus", t->corpus)->text, err));
    }
out:
    return st;
}
