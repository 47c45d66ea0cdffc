/* SPDX-License-Identifier: Apache-2.0 */
#include "config_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"

char config_folder[64], config_file[96];

void
config_begin(void)
{
    strcpy(config_folder, "check_config.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(config_folder));
    snprintf(config_file, sizeof config_file, "%s/run.conf", config_folder);
}

void
config_end(void)
{
    unlink(config_file);
    ck_assert_int_eq(rmdir(config_folder), 0);
}

enum mg_status
config_load_bytes(const void *bytes, size_t len, struct mg_config *c)
{
    scratch_write(config_file, bytes, len);
    mg_err_clear(&err);
    return mg_config_load(config_file, c, &err);
}

void
config_loads(const char *text, struct mg_config *c)
{
    ck_assert_msg(config_load_bytes(text, strlen(text), c) == MG_OK, "%s", err.text);
}

void
config_refuses(const char *text, const char *place, const char *what, const char *value)
{
    struct mg_config c = {0};
    char at[128];

    snprintf(at, sizeof at, "%s%s", config_file, place);
    ck_assert_msg(config_load_bytes(text, strlen(text), &c) == MG_INPUT, "accepted: %s", text);
    ck_assert_msg(strstr(err.text, at) != NULL, "\"%s\" does not name %s", err.text, at);
    ck_assert_msg(strstr(err.text, what) != NULL, "\"%s\" does not say %s", err.text, what);
    ck_assert_msg(strstr(err.text, value) != NULL, "\"%s\" does not give %s", err.text, value);
}

void
config_refuses_line(const char *line, const char *what, const char *value)
{
    char text[512];

    ck_assert_int_lt(snprintf(text, sizeof text, HEAD MODELS "%s\n", line), (int)sizeof text);
    config_refuses(text, ":11:", what, value);
}
