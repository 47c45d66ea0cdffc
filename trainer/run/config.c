/* SPDX-License-Identifier: Apache-2.0 */
#include "run/config.h"

#include <confuse.h>
#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/config_keys.h"
#include "base/file.h"

enum { MAX_CONFIG_BYTES = 1 << 20, MAX_KEYS = 96 };

void
mg_config_free(struct mg_config *c)
{
    for (size_t i = 0; i < mg_n_config_keys; i++)
        if (mg_config_keys[i].type == MG_KEY_TEXT || mg_config_keys[i].type == MG_KEY_PATH)
            free(*(char **)((char *)c + mg_config_keys[i].offset));
    free(c->eval_split);
    memset(c, 0, sizeof *c);
}

/* libConfuse reports by callbacks without a user pointer; for the time of one call, the parser's own sentence and the
 * line of each key are kept here. */
static char parse_error[512];
static int key_line[MAX_KEYS]; /* 0: not given */

static void
keep_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    int n = snprintf(parse_error, sizeof parse_error, ":%d: ", cfg->line);

    if (n > 0 && (size_t)n < sizeof parse_error)
        vsnprintf(parse_error + n, sizeof parse_error - (size_t)n, fmt, ap);
}

/* Called when a key was read. libConfuse lets the last of two win; a forgotten first one would go unseen. */
static int
keep_line(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *section = strcmp(cfg->name, "root") == 0 ? "" : cfg->name;

    for (size_t i = 0; i < mg_n_config_keys; i++) {
        if (strcmp(mg_config_keys[i].section, section) != 0 || strcmp(mg_config_keys[i].name, opt->name) != 0)
            continue;
        if (key_line[i] != 0) {
            cfg_error(cfg, "%s is given twice, first in line %d", opt->name, key_line[i]);
            return -1;
        }
        key_line[i] = cfg->line;
    }
    return 0;
}

/* All values are read as text, so that one checker with one wording serves numbers, names and paths. */
static size_t
section_options(const char *section, cfg_opt_t *opts)
{
    size_t n = 0;

    for (size_t i = 0; i < mg_n_config_keys; i++) {
        if (strcmp(mg_config_keys[i].section, section) != 0)
            continue;
        opts[n] = (cfg_opt_t)CFG_STR(mg_config_keys[i].name, NULL, CFGF_NODEFAULT);
        opts[n++].validcb = keep_line;
    }
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

static enum mg_status
apply_key(struct mg_config *c, const struct mg_config_key *key, cfg_t *cfg, const char *path, const char *folder,
          struct mg_err *err)
{
    enum mg_status st = MG_OK;
    cfg_t *sec = key->section[0] != '\0' ? cfg_getsec(cfg, key->section) : cfg;
    const char *text = sec != NULL && cfg_size(sec, key->name) > 0 ? cfg_getstr(sec, key->name) : NULL;
    int line = key_line[key - mg_config_keys];
    char *resolved = NULL, where[300];

    if (line > 0)
        snprintf(where, sizeof where, "%.200s:%d", path, line);
    else
        snprintf(where, sizeof where, "%.200s", path);
    if (key->section[0] != '\0')
        snprintf(where + strlen(where), sizeof where - strlen(where), ": %s", key->section);
    if (text == NULL && key->missing == NULL && strcmp(key->section, "search") == 0 && c->agents == MG_SINGLE)
        text = "";
    if (text == NULL)
        text = key->missing;
    MG_REQUIRE(text != NULL, MG_INPUT, "%s: %s is missing", where, key->name);
    if (key->type == MG_KEY_PATH && text[0] != '\0') {
        resolved = resolve(folder, text);
        MG_REQUIRE(resolved != NULL, MG_FAIL, "out of memory: a path of %zu bytes", strlen(text));
        text = resolved;
    }
    MG_TRY(mg_config_set(c, key, text, where, err));
out:
    free(resolved);
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
    memset(key_line, 0, sizeof key_line);
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
    char *text = NULL;
    size_t len = 0;
    int rc;

    MG_TRY(mg_file_read(path, MAX_CONFIG_BYTES, &text, &len, err));
    MG_REQUIRE(memchr(text, '\0', len) == NULL, MG_INPUT, "%s: holds a NUL byte, it is no text", path);
    parse_error[0] = '\0';
    memset(key_line, 0, sizeof key_line);
    cfg_set_error_function(cfg, keep_error);
    rc = cfg_parse_buf(cfg, text); /* cfg_parse takes a path that begins with ~ for a home */
    MG_REQUIRE(rc == CFG_SUCCESS, MG_INPUT, "%s%s", path, parse_error[0] != '\0' ? parse_error : ": cannot be read");
    MG_TRY(check_end(top, text, path, err));
out:
    free(text);
    return st;
}

enum mg_status
mg_config_load(const char *path, struct mg_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    cfg_opt_t top[MAX_KEYS] = {CFG_END()}, main_opts[MAX_KEYS] = {CFG_END()}, search_opts[MAX_KEYS] = {CFG_END()};
    struct mg_config c = {0};
    char *copy = strdup(path), *folder = copy != NULL ? realpath(dirname(copy), NULL) : NULL;
    cfg_t *cfg = NULL;
    size_t n = section_options("", top);

    MG_REQUIRE(folder != NULL, MG_INPUT, "%s: its folder cannot be found: %s", path, strerror(errno));
    main_opts[section_options("main", main_opts)] = (cfg_opt_t)CFG_END();
    search_opts[section_options("search", search_opts)] = (cfg_opt_t)CFG_END();
    top[n++] = (cfg_opt_t)CFG_SEC("main", main_opts, CFGF_NONE);
    top[n++] = (cfg_opt_t)CFG_SEC("search", search_opts, CFGF_NONE);
    top[n] = (cfg_opt_t)CFG_END();
    cfg = cfg_init(top, CFGF_NONE);
    MG_REQUIRE(cfg != NULL, MG_FAIL, "out of memory: %zu keys", n);
    MG_TRY(parse(cfg, top, path, err));
    for (size_t i = 0; i < mg_n_config_keys; i++)
        MG_TRY(apply_key(&c, &mg_config_keys[i], cfg, path, folder, err));
    MG_TRY(mg_config_check(&c, path, err));
    *out = c;
    memset(&c, 0, sizeof c);
out:
    if (cfg != NULL)
        cfg_free(cfg);
    mg_config_free(&c);
    free(folder);
    free(copy);
    return st;
}

char *
mg_config_to_json(const struct mg_config *c)
{
    json_t *root = json_object();
    char *text = NULL;

    for (size_t i = 0; i < mg_n_config_keys; i++) {
        const struct mg_config_key *key = &mg_config_keys[i];
        json_t *sec = key->section[0] != '\0' ? json_object_get(root, key->section) : root;
        char *value = mg_config_get(c, key);

        if (sec == NULL) {
            sec = json_object();
            json_object_set_new(root, key->section, sec);
        }
        json_object_set_new(sec, key->name, json_string(value != NULL ? value : ""));
        free(value);
    }
    text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    return text;
}

static const char *
json_text_of(const json_t *root, const struct mg_config_key *key)
{
    const json_t *sec = key->section[0] != '\0' ? json_object_get(root, key->section) : root;

    return json_string_value(json_object_get(sec, key->name));
}

enum mg_status
mg_config_from_json(const char *text, struct mg_config *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_config c = {0};
    json_t *root = json_loads(text, 0, NULL);

    MG_REQUIRE(root != NULL, MG_INPUT, "the recorded configuration is not JSON");
    for (size_t i = 0; i < mg_n_config_keys; i++) {
        const char *value = json_text_of(root, &mg_config_keys[i]);

        MG_REQUIRE(value != NULL, MG_INPUT, "the recorded configuration lacks %s", mg_config_keys[i].name);
        MG_TRY(mg_config_set(&c, &mg_config_keys[i], value, "the recorded configuration", err));
    }
    MG_TRY(mg_config_check(&c, "the recorded configuration", err));
    *out = c;
    memset(&c, 0, sizeof c);
out:
    json_decref(root);
    mg_config_free(&c);
    return st;
}

char *
mg_config_difference(const char *now, const char *before)
{
    json_t *a = json_loads(now, 0, NULL), *b = json_loads(before, 0, NULL);
    char *out = NULL;

    for (size_t i = 0; out == NULL && i < mg_n_config_keys; i++) {
        const struct mg_config_key *key = &mg_config_keys[i];
        const char *x = json_text_of(a, key), *y = json_text_of(b, key);

        if ((x == NULL || y == NULL || strcmp(x, y) != 0) &&
            asprintf(&out, "%s%s%s: %s, was %s", key->section, key->section[0] != '\0' ? "." : "", key->name,
                     x != NULL ? x : "nothing", y != NULL ? y : "nothing") < 0)
            out = NULL;
    }
    json_decref(a);
    json_decref(b);
    return out;
}
