/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "run/metrics.h"
#include "run/run_dir.h"
#include "run/run_path.h"

enum { DIALOGUES = 3 };

static enum mg_status
keep_line(void *arg, json_t *line, struct mg_err *err)
{
    return json_array_append(arg, line) == 0 ? MG_OK : mg_fail(err, MG_FAIL, "out of memory: metrics");
}

static enum mg_status
read_lines(struct mg_path path, json_t **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    *out = json_array();
    MG_REQUIRE(*out != NULL, MG_FAIL, "out of memory: metrics");
    if (access(path.text, F_OK) == 0)
        MG_TRY(mg_metrics_each(path.text, keep_line, *out, err));
out:
    return st;
}

enum mg_status
mg_report_load(const char *run, struct mg_report *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    memset(r, 0, sizeof *r);
    r->run = run;
    MG_TRY(mg_run_config(run, &r->config, err));
    MG_TRY(mg_summary_read(run, &r->config, &r->summary, err));
    for (uint32_t i = 0; i < r->config.n_agents; i++) {
        struct mg_path dir = mg_run_agent_dir(run, r->config.agent[i].name);

        MG_TRY(read_lines(mg_agent_path(dir.text, MG_AGENT_METRICS), &r->metrics[i], err));
        MG_TRY(read_lines(mg_agent_path(dir.text, MG_AGENT_TIMING), &r->timing[i], err));
        MG_TRY(read_lines(mg_agent_path(dir.text, MG_AGENT_STARTS), &r->starts[i], err));
    }
    MG_TRY(read_lines(mg_run_path(run, MG_RUN_STARTS), &r->commands, err));
out:
    return st;
}

void
mg_report_free(struct mg_report *r)
{
    for (uint32_t i = 0; i < r->config.n_agents; i++) {
        json_decref(r->metrics[i]);
        json_decref(r->timing[i]);
        json_decref(r->starts[i]);
    }
    json_decref(r->commands);
    mg_config_free(&r->config);
}

/* clang-format off */
static const char style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1a202c;--dim:#5a6472;--line:#d7dde5;--card:#f6f8fa;"
    "--c0:#2b6cb0;--c1:#c05621;--c2:#2f855a;--c3:#805ad5;--c4:#b83280;--c5:#975a16;--c6:#285e61;--c7:#4a5568}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#14181d;--fg:#e3e8ee;--dim:#9aa5b1;--line:#333c47;--card:#1d232a;"
    "--c0:#63b3ed;--c1:#f6ad55;--c2:#68d391;--c3:#b794f4;--c4:#f687b3;--c5:#d69e2e;--c6:#4fd1c5;--c7:#a0aec0}}\n"
    "body{background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;max-width:1120px;margin:0 auto;padding:1.2rem}\n"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid var(--line)}"
    "h3{font-size:.95rem;margin:.2rem 0 .5rem}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:1rem}\n"
    "svg{width:100%;height:auto;background:var(--card);border-radius:8px}svg text{fill:var(--dim);font-size:11px}\n"
    "svg .title{fill:var(--fg);font-size:13px;font-weight:600}.grid{stroke:var(--line)}\n"
    ".line{fill:none;stroke:currentColor;stroke-width:1.8}.band{fill:currentColor;opacity:.18;stroke:none}.bar{fill:currentColor}"
    "svg text.key{fill:currentColor}\n"
    ".c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}"
    ".c4{color:var(--c4)}.c5{color:var(--c5)}.c6{color:var(--c6)}.c7{color:var(--c7)}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;max-width:820px}"
    "th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:right}"
    "th:first-child,td:first-child{text-align:left}\n"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:1rem;margin-bottom:1rem}"
    ".pair>div{background:var(--card);border-radius:8px;padding:.8rem}\n"
    ".pair p{margin:.15rem 0;overflow-wrap:anywhere}.inner{padding-left:1.4rem;color:var(--dim)}"
    ".pair b{font-weight:600;font-size:.8rem;text-transform:uppercase;letter-spacing:.03em}\n"
    "pre{background:var(--card);border-radius:8px;padding:.8rem;overflow:auto;font-size:.85rem}\n"
    "</style>\n";
/* clang-format on */

/* What the run is, and how far. */
static void
head(FILE *to, const struct mg_summary *s)
{
    fputs("<h1>M-GRPO run</h1>\n", to);
    if (!s->ended)
        fprintf(to, "<p><b>This run has not ended: step %.0f of %.0f.</b> This is what there is so far.</p>\n",
                s->steps, s->planned);
}

/* What was there to learn from, and whose metrics are elsewhere. */
static void
signals(FILE *to, const struct mg_summary *s)
{
    char text[MG_SIGNAL_TEXT];

    for (uint32_t i = 0; i < s->n_agents; i++) {
        mg_signal_text(&s->signal[i], text);
        if (s->signal[i].steps > 0.0)
            fprintf(to, "<p>%s: %s.</p>\n", s->name[i], text);
        if (s->missing[i])
            fprintf(to, "<p>%s: its metrics are not in the folder of this run.</p>\n", s->name[i]);
    }
}

static enum mg_status
configuration(FILE *to, const struct mg_config *c, struct mg_err *err)
{
    const struct mg_objective *o = &mg_objectives[c->objective];
    const struct mg_advantage_kind *a = &mg_advantage_kinds[c->advantage];
    char *text = mg_config_to_json(c);

    if (text == NULL)
        return mg_fail(err, MG_FAIL, "out of memory: the configuration as text");
    fprintf(to, "<h2>Configuration</h2>\n<p>Objective %s: %s, %s. %s Advantage %s: %s</p>\n<pre>", o->name,
            mg_ratio_text(o->ratio), mg_surrogate_text(o->surrogate), o->text, a->name, a->text);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        mg_html_text(to, line);
        fputc('\n', to);
    }
    fputs("</pre>\n", to);
    if (c->keep_rollouts > 0)
        fprintf(to, "<p>The rollouts of the newest %u train steps are kept; older ones were removed.</p>\n",
                c->keep_rollouts);
    free(text);
    return MG_OK;
}

static enum mg_status
write_page(FILE *to, struct mg_report *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
          "content=\"width=device-width\">\n"
          "<title>M-GRPO run</title>\n",
          to);
    fputs(style, to);
    fputs("</head><body>\n", to);
    head(to, &r->summary);
    MG_TRY(mg_report_evaluations(to, r, err));
    fprintf(to, "<p>%.0f train steps, %.2f million tokens, %.0f seconds.</p>\n", r->summary.steps,
            r->summary.tokens / 1e6, r->summary.seconds);
    signals(to, &r->summary);
    fputs("<h2>Evaluations and train steps</h2>\n<p>Bands are 95% intervals: of right answers and results clustered by "
          "question, of other shares over the trajectories of a step; for rewards, which are not shares, they are an "
          "upper bound.</p>\n<div class=\"charts\">\n",
          to);
    MG_TRY(mg_report_held_out(to, r, err));
    MG_TRY(mg_report_charts(to, r, err));
    fputs("</div>\n<h2>The same held-out questions, before and after</h2>\n", to);
    MG_TRY(mg_report_dialogues(to, r, DIALOGUES, true, err));
    mg_report_origin(to, r);
    MG_TRY(configuration(to, &r->config, err));
    fputs("</body></html>\n", to);
out:
    return st;
}

enum mg_status
mg_report_write(struct mg_report *r, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = NULL;
    size_t len = 0;
    FILE *page = open_memstream(&text, &len);

    MG_REQUIRE(page != NULL, MG_FAIL, "out of memory: the report");
    st = write_page(page, r, err);
    MG_REQUIRE(fclose(page) == 0, MG_FAIL, "out of memory: the report");
    MG_TRY(st);
    MG_TRY(mg_file_write_atomic(path, text, len, err));
out:
    free(text);
    return st;
}
