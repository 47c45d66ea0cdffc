/* SPDX-License-Identifier: Apache-2.0 */
/* When and by what a run was made. */
#include "report/report.h"

static void
cell(FILE *to, const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    fputs("<td>", to);
    mg_html_text(to, text != NULL && text[0] != '\0' ? text : "-");
    fputs("</td>", to);
}

/* Where the agent's last process ran, and since when which one does. */
static void
agent_row(FILE *to, const char *name, const json_t *starts)
{
    size_t n = json_array_size(starts);
    const json_t *last = json_array_get(starts, n > 0 ? n - 1 : 0);

    if (n == 0)
        return;
    fprintf(to, "<tr><td>%s</td>", name);
    cell(to, last, "platform");
    cell(to, last, "device");
    cell(to, last, "driver");
    cell(to, last, "mgrpo");
    cell(to, last, "clgrpo");
    cell(to, json_array_get(starts, 0), "date");
    cell(to, last, "date");
    fprintf(to, "<td>%zu</td></tr>\n", n);
}

static void
command(FILE *to, const json_t *line)
{
    const json_t *words = json_object_get(line, "command"), *word;
    const char *date = json_string_value(json_object_get(line, "date"));
    size_t i;

    mg_html_text(to, date != NULL ? date : "");
    fputs("  mgrpo", to);
    json_array_foreach(words, i, word)
    {
        fputc(' ', to);
        mg_html_text(to, json_is_string(word) ? json_string_value(word) : "?");
    }
    fputc('\n', to);
}

void
mg_report_origin(FILE *to, const struct mg_report *r)
{
    const json_t *line;
    size_t i, n = json_array_size(r->commands);

    for (uint32_t a = 0; a < r->config.n_agents; a++)
        n += json_array_size(r->starts[a]);
    if (n == 0) /* a version that wrote nothing of it */
        return;
    fputs("<h2>Where it comes from</h2>\n<div class=\"wide\"><table><tr><th>agent</th><th>platform</th><th>device</th>"
          "<th>driver</th><th>mgrpo</th><th>clgrpo</th><th>first start</th><th>last start</th><th>starts</th></tr>\n",
          to);
    for (uint32_t a = 0; a < r->config.n_agents; a++)
        agent_row(to, r->config.agent[a].name, r->starts[a]);
    fputs("</table></div>\n<pre>", to);
    json_array_foreach(r->commands, i, line) command(to, line);
    fputs("</pre>\n", to);
}
