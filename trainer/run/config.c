/* SPDX-License-Identifier: Apache-2.0 */
#include "run/config.h"

#include <confuse.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/config_keys.h"
#include "base/file.h"
#include "base/lines.h"
#include "names/nearest.h"

enum {
    MAX_CONFIG_BYTES = 1 << 20,
    MAX_KEYS = 64,
    MAX_GIVEN = 1024,
    MAX_WHERE = 400,
    MAX_LIST = 64,
    MAX_PROSE = 1 << 16
};

void
mg_config_free(struct mg_config *c)
{
    for (size_t i = 0; i < MG_N_SECTIONS; i++) {
        mg_section_cut(c, &mg_sections[i], 0);
        free(*(void **)((char *)c + mg_sections[i].items));
    }
    for (size_t i = 0; i < mg_n_config_keys; i++)
        mg_config_unset(c, &mg_config_keys[i]);
    memset(c, 0, sizeof *c);
}

/* libConfuse reports by callbacks without a user pointer; for the time of one call, the parser's own sentence and the
 * line of each key are kept here. */
static char parse_error[512];
static struct given {
    char section[16], title[64], key[32];
    int line;
    unsigned values; /* of a list, so far */
    bool whole;
} given[MAX_GIVEN];
static size_t n_given;

static bool
has_key(const struct mg_config_key *keys, size_t n, const char *name)
{
    size_t i = 0;

    while (i < n && strcmp(keys[i].name, name) != 0)
        i++;
    return i < n;
}

/* Where a key belongs that is none of this section. */
static void
add_place(const cfg_t *cfg, const char *name, char *out, size_t bytes)
{
    bool top = strcmp(cfg->name, "root") == 0;

    if (!top && has_key(mg_config_keys, mg_n_config_keys, name))
        snprintf(out, bytes, "; it stands outside of all sections");
    for (size_t i = 0; i < MG_N_SECTIONS; i++)
        if (strcmp(mg_sections[i].name, cfg->name) != 0 && has_key(mg_sections[i].keys, mg_sections[i].n_keys, name)) {
            snprintf(out, bytes, "; it belongs into a section %s \"NAME\" { ... }", mg_sections[i].name);
            return;
        }
}

/* To a sentence that names a key which is none: the key that was probably meant. */
static void
add_nearest(const cfg_t *cfg)
{
    static const char unknown[] = "no such option '";
    const char *at = strstr(parse_error, unknown);
    char name[64];
    struct names_nearest n = {.wanted = name};
    size_t end = strlen(parse_error);

    if (at == NULL || sscanf(at + sizeof unknown - 1, "%63[^']", name) != 1)
        return;
    for (cfg_opt_t *o = cfg->opts; o != NULL && o->name != NULL; o++)
        names_try(&n, o->name);
    snprintf(parse_error + end, sizeof parse_error - end, "%s", names_hint_of(&n, "").text);
    if (parse_error[end] != '\0')
        return;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") < strlen(name))
        snprintf(parse_error + end, sizeof parse_error - end, "; is a quotation mark missing before it?");
    else
        add_place(cfg, name, parse_error + end, sizeof parse_error - end);
}

static void
keep_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    int n = snprintf(parse_error, sizeof parse_error, ":%d: ", cfg->line);

    if (n > 0 && (size_t)n < sizeof parse_error)
        vsnprintf(parse_error + n, sizeof parse_error - (size_t)n, fmt, ap);
    add_nearest(cfg);
}

static struct given *
find_given(const char *section, const char *title, const char *key)
{
    for (size_t i = 0; i < n_given; i++)
        if (strcmp(given[i].section, section) == 0 && strcmp(given[i].title, title) == 0 &&
            strcmp(given[i].key, key) == 0)
            return &given[i];
    return NULL;
}

/* Called when a value was read: once for a key, and for a list after each value and once more at its end. libConfuse
 * lets the last of two values of a key win; a forgotten first one would go unseen. */
static int
keep_line(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *section = strcmp(cfg->name, "root") == 0 ? "" : cfg->name, *title = cfg->title ? cfg->title : "";
    struct given *g = find_given(section, title, opt->name);
    unsigned values = cfg_opt_size(opt);

    if (g != NULL && !g->whole) {
        g->whole = g->values == values;
        g->values = values;
        return 0;
    }
    if (g != NULL) {
        cfg_error(cfg, "%s is given twice, first in line %d", opt->name, g->line);
        return -1;
    }
    g = &given[n_given];
    if (n_given == MAX_GIVEN || strlen(title) >= sizeof g->title) {
        cfg_error(cfg, "more than %d keys, or a title of more than %zu bytes", (int)MAX_GIVEN, sizeof g->title - 1);
        return -1;
    }
    snprintf(g->section, sizeof g->section, "%s", section);
    snprintf(g->title, sizeof g->title, "%s", title);
    snprintf(g->key, sizeof g->key, "%s", opt->name);
    g->line = cfg->line;
    g->values = values;
    g->whole = (opt->flags & CFGF_LIST) == 0 || values == 0;
    n_given++;
    return 0;
}

/* All values are read as text, so that one checker with one wording serves numbers, names and paths. */
static size_t
options_of(const struct mg_config_key *keys, size_t n, cfg_opt_t *opts)
{
    for (size_t i = 0; i < n; i++) {
        if (keys[i].type == MG_KEY_LIST)
            opts[i] = (cfg_opt_t)CFG_STR_LIST(keys[i].name, NULL, CFGF_NODEFAULT);
        else
            opts[i] = (cfg_opt_t)CFG_STR(keys[i].name, NULL, CFGF_NODEFAULT);
        opts[i].validcb = keep_line;
    }
    opts[n] = (cfg_opt_t)CFG_END();
    return n;
}

static char *
resolve(const char *folder, const char *path)
{
    char *out = NULL;

    if (path[0] == '/')
        return strdup(path);
    return asprintf(&out, "%s/%s", folder, path) >= 0 ? out : NULL;
}

/* A section of the file and the struct that it fills. */
struct reading {
    struct mg_config *c;
    const char *path, *folder;
};
struct place {
    void *at;    /* the struct that is filled */
    cfg_t *cfg;  /* the section that it is filled from */
    bool behind; /* not the first section of its kind */
};

static void
say_where(const struct reading *r, const cfg_t *cfg, const char *key, char where[MAX_WHERE])
{
    bool top = strcmp(cfg->name, "root") == 0;
    const struct given *g = find_given(top ? "" : cfg->name, cfg->title ? cfg->title : "", key);

    if (g != NULL)
        snprintf(where, MAX_WHERE, "%.200s:%d", r->path, g->line);
    else
        snprintf(where, MAX_WHERE, "%.200s", r->path);
    if (!top)
        snprintf(where + strlen(where), MAX_WHERE - strlen(where), ": %s %s", cfg->name, cfg->title);
}

static enum mg_status
apply_list(const struct place *p, const struct mg_config_key *key, const char *where, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    unsigned n = cfg_size(p->cfg, key->name);
    const char *text[MAX_LIST];
    const struct given *g = find_given(p->cfg->name, cfg_title(p->cfg), key->name);

    MG_REQUIRE(n <= MAX_LIST, MG_INPUT, "%s: %s has %u items, at most %d", where, key->name, n, (int)MAX_LIST);
    for (unsigned i = 0; i < n; i++)
        text[i] = cfg_getnstr(p->cfg, key->name, i);
    MG_TRY(mg_config_set(p->at, key, text, n, where, err));
    ((struct mg_list *)((char *)p->at + key->offset))->line = g != NULL ? g->line : 0;
out:
    return st;
}

/* The value of a prose key that is "file:PATH": the contents of that file. */
static enum mg_status
read_prose(const struct reading *r, const char *path, const char *where, char **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *resolved = resolve(r->folder, path), *text = NULL;
    struct mg_err why;
    size_t len = 0;

    mg_err_clear(&why);
    MG_REQUIRE(resolved != NULL, MG_FAIL, "out of memory: a path of %zu bytes", strlen(path));
    st = mg_file_read(resolved, MAX_PROSE, &text, &len, &why);
    MG_REQUIRE(st == MG_OK, st, "%s: %s", where, why.text);
    MG_REQUIRE(strlen(text) == len, MG_INPUT, "%s: %s holds a NUL byte, it is no text", where, resolved);
    memmove(text, text + mg_mark_bytes(text, len), len + 1 - mg_mark_bytes(text, len));
    *out = text;
    text = NULL;
out:
    free(text);
    free(resolved);
    return st;
}

static enum mg_status
apply_key(const struct reading *r, const struct place *p, const struct mg_config_key *key, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *text = cfg_size(p->cfg, key->name) > 0 ? cfg_getstr(p->cfg, key->name) : NULL;
    char *resolved = NULL, where[MAX_WHERE];

    say_where(r, p->cfg, key->name, where);
    if (key->type == MG_KEY_LIST)
        return apply_list(p, key, where, err);
    if (text == NULL)
        text = p->behind && key->missing_sub != NULL ? key->missing_sub : key->missing;
    MG_REQUIRE(text != NULL, MG_INPUT, "%s: %s is missing", where, key->name);
    if (key->type == MG_KEY_PATH && text[0] != '\0') {
        resolved = resolve(r->folder, text);
        MG_REQUIRE(resolved != NULL, MG_FAIL, "out of memory: a path of %zu bytes", strlen(text));
        text = resolved;
    } else if (key->type == MG_KEY_PROSE && strncmp(text, "file:", 5) == 0) {
        MG_TRY(read_prose(r, text + 5, where, &resolved, err));
        text = resolved;
    }
    MG_TRY(mg_config_set(p->at, key, &text, 1, where, err));
out:
    free(resolved);
    return st;
}

static enum mg_status
apply_sections(const struct reading *r, cfg_t *cfg, const struct mg_section *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    unsigned n = cfg_size(cfg, s->name);

    MG_REQUIRE(n <= s->most, MG_INPUT, "%s: %u sections %s, at most %u", r->path, n, s->name, s->most);
    MG_TRY(mg_section_alloc(r->c, s, n, err));
    for (unsigned i = 0; i < n; i++) {
        struct place p = {mg_section_item(r->c, s, i), cfg_getnsec(cfg, s->name, i), i > 0};

        *(char **)p.at = strdup(cfg_title(p.cfg));
        MG_REQUIRE(*(char **)p.at != NULL, MG_FAIL, "out of memory: the name of a section %s", s->name);
        for (size_t k = 0; k < s->n_keys; k++)
            MG_TRY(apply_key(r, &p, &s->keys[k], err));
    }
out:
    return st;
}

/* libConfuse takes the end of the file for the end of a section or comment, so that a file cut short could be read. One
 * more brace is an error only if none was missing. */
static enum mg_status
check_end(cfg_opt_t *top, const char *text, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    cfg_t *cfg = cfg_init(top, CFGF_NONE);
    char *with_brace = NULL;

    MG_REQUIRE(cfg != NULL && asprintf(&with_brace, "%s\n}\n", text) >= 0, MG_FAIL, "out of memory: %zu bytes of %s",
               strlen(text), path);
    n_given = 0;
    cfg_set_error_function(cfg, keep_error);
    MG_REQUIRE(cfg_parse_buf(cfg, with_brace) != CFG_SUCCESS, MG_INPUT,
               "%s: ends after %zu bytes inside a section or comment", path, strlen(text));
out:
    free(with_brace);
    if (cfg != NULL)
        cfg_free(cfg);
    return st;
}

static enum mg_status
parse(cfg_t *cfg, cfg_opt_t *top, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *read = NULL, *text;
    size_t len = 0;
    int rc;

    MG_TRY(mg_file_read(path, MAX_CONFIG_BYTES, &read, &len, err));
    MG_REQUIRE(memchr(read, '\0', len) == NULL, MG_INPUT, "%s: holds a NUL byte, it is no text", path);
    text = read + mg_mark_bytes(read, len);
    MG_TRY(check_end(top, text, path, err));
    parse_error[0] = '\0';
    n_given = 0;
    cfg_set_error_function(cfg, keep_error);
    rc = cfg_parse_buf(cfg, text); /* cfg_parse takes a path that begins with ~ for a home */
    MG_REQUIRE(rc == CFG_SUCCESS, MG_INPUT, "%s%s", path, parse_error[0] != '\0' ? parse_error : ": cannot be read");
out:
    free(read);
    return st;
}

static enum mg_status
read_file(const struct reading *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    cfg_opt_t top[MAX_KEYS + MG_N_SECTIONS + 1], opts[MG_N_SECTIONS][MAX_KEYS + 1];
    size_t n = options_of(mg_config_keys, mg_n_config_keys, top);
    struct place p = {.at = r->c};

    for (size_t i = 0; i < MG_N_SECTIONS; i++) {
        options_of(mg_sections[i].keys, mg_sections[i].n_keys, opts[i]);
        top[n++] = (cfg_opt_t)CFG_SEC(mg_sections[i].name, opts[i], CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    }
    top[n] = (cfg_opt_t)CFG_END();
    p.cfg = cfg_init(top, CFGF_NONE);
    MG_REQUIRE(p.cfg != NULL, MG_FAIL, "out of memory: %zu keys", n);
    MG_TRY(parse(p.cfg, top, r->path, err));
    for (size_t i = 0; i < mg_n_config_keys; i++)
        MG_TRY(apply_key(r, &p, &mg_config_keys[i], err));
    for (size_t i = 0; i < MG_N_SECTIONS; i++)
        MG_TRY(apply_sections(r, p.cfg, &mg_sections[i], err));
out:
    if (p.cfg != NULL)
        cfg_free(p.cfg);
    return st;
}

enum mg_status
mg_config_load(const char *path, struct mg_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_config c = {0};
    char *copy = strdup(path), *folder = copy != NULL ? realpath(dirname(copy), NULL) : NULL;
    struct reading r = {&c, path, folder};

    MG_REQUIRE(folder != NULL, MG_INPUT, "%s: its folder cannot be found: %s", path, strerror(errno));
    MG_TRY(read_file(&r, err));
    MG_TRY(mg_config_settle(&c, path, err));
    *out = c;
    memset(&c, 0, sizeof c);
out:
    mg_config_free(&c);
    free(folder);
    free(copy);
    return st;
}
