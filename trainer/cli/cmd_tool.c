/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/doing.h"
#include "base/stop.h"
#include "cli/cmd.h"
#include "rollout/rollout_config.h"

struct tool_options {
    const char *path;
    char *const *call; /* n names, each with its arguments */
    int n;
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct tool_options *o = options;
    enum mg_status st = MG_OK;

    MG_REQUIRE(n > 0, MG_INPUT, "need a configuration");
    MG_REQUIRE(n % 2 == 1, MG_INPUT, "the tool \"%.60s\" needs arguments: a JSON object", argument[n - 1]);
    o->path = argument[0];
    o->call = argument + 1;
    o->n = n / 2;
out:
    return st;
}

static void
list(const struct mg_tools *t)
{
    for (size_t i = 0; i < mg_tools_count(t); i++)
        printf("%s: %s\n%s\n", mg_tool_name(t, i), mg_tool_description(t, i), mg_tool_schema(t, i));
}

static enum mg_status
wait_for(struct mg_tools *t, struct mg_tool_call **call, struct mg_tool_result *result, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    while (!mg_tool_take(call, result)) {
        MG_TRY(mg_stop_check(err));
        MG_TRY(mg_tools_run(t, 50.0, err));
    }
out:
    return st;
}

static enum mg_status
unknown(const struct mg_tools *t, const char *name, struct mg_err *err)
{
    char all[256] = "";

    for (size_t i = 0; i < mg_tools_count(t); i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", mg_tool_name(t, i));
    mg_fail(err, MG_INPUT, "the configuration has no tool \"%.60s\"", name);
    mg_hint(err, all[0] != '\0' ? "It has: %s." : "It has none%s.", all);
    return MG_INPUT;
}

static enum mg_status
call_tool(struct mg_tools *t, struct mg_tool_session *session, const char *name, const char *arguments,
          struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t tool = mg_tools_find(t, name);
    struct mg_tool_call *call = NULL;
    struct mg_tool_result result = {.text = NULL};

    if (tool >= mg_tools_count(t))
        MG_TRY(unknown(t, name, err));
    MG_TRY(mg_tool_start(session, tool, arguments, &call, err));
    mg_doing("waiting for %s", name);
    MG_TRY(wait_for(t, &call, &result, err));
    mg_doing_hide();
    if (result.network)
        fprintf(stderr, "mgrpo tool: %s could reach the network: the system does not let it be turned off\n", name);
    MG_REQUIRE(result.outcome != MG_TOOL_UNAVAILABLE, MG_FAIL, "%s", result.text);
    MG_REQUIRE(result.outcome != MG_TOOL_REFUSED, MG_INPUT, "%s: the agent would read \"%s\"", name, result.text);
    puts(result.text);
out:
    mg_tool_cancel(call);
    free(result.text);
    return st;
}

static enum mg_status
run(const void *options, struct mg_err *err)
{
    const struct tool_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_config config = {0};
    struct mg_toolbox box = {0};
    struct mg_tool_session *session = NULL;

    MG_TRY(mg_config_load(o->path, &config, err));
    st = mg_toolbox_open(&config, NULL, NULL, &box, err);
    if (st != MG_OK)
        st = mg_fail_at(err, "%.200s", o->path);
    MG_TRY(st);
    MG_TRY(mg_tool_session_open(box.tools, &session, err));
    if (o->n == 0)
        list(box.tools);
    for (int i = 0; i < o->n; i++)
        MG_TRY(call_tool(box.tools, session, o->call[2 * i], o->call[2 * i + 1], err));
out:
    mg_tool_session_close(session);
    mg_toolbox_close(&box);
    mg_config_free(&config);
    return st;
}

int
mg_cmd_tool(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "tool",
        .arguments = "[OPTION]... CONFIGURATION [NAME ARGUMENTS]...",
        .about = "Call the tools of a configuration by hand, as one dialogue would; without a NAME, list them.\n"
                 "ARGUMENTS are a JSON object.\n",
        .options = mg_no_options,
        .take_arguments = take_arguments,
        .run = run,
        .stops = MG_STOP_SECONDS,
    };
    struct tool_options o = {.path = NULL};

    return mg_cmd_run(&command, &o, argc, argv);
}
