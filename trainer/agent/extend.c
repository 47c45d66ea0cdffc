/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/extend.h"

#include "policy/state_file.h"
#include "run/digests.h"
#include "run/run_path.h"

static enum mg_status
check_end(const char *run_dir, const struct mg_config *config, const char *agent, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_plan plan = mg_config_plan(config);
    uint32_t phase = 0;
    bool there;

    MG_TRY(mg_state_newest(mg_run_agent_dir(run_dir, agent).text, &there, &phase, err));
    if (there && phase == mg_plan_length(&plan))
        goto out;
    st = mg_fail(err, MG_INPUT, "the run in %s has not ended: the newest state of %s is of step %u of %u", run_dir,
                 agent, there ? mg_plan_phase(&plan, phase).step : 0, plan.steps);
    mg_hint(err, "Let it end first: the same command without --extend goes on.");
out:
    return st;
}

enum mg_status
mg_extend(const char *run_dir, struct mg_config *config, int agent, uint32_t steps, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    if (steps == mg_config_steps(config))
        return MG_OK;
    MG_REQUIRE(steps > mg_config_steps(config), MG_INPUT, "the run in %s is of %u train steps, and is to be of %u",
               run_dir, mg_config_steps(config), steps);
    MG_REQUIRE(config->n_extended < MG_MAX_ENDS, MG_INPUT, "the run in %s was extended %d times, which is the most",
               run_dir, (int)MG_MAX_ENDS);
    for (uint32_t i = 0; i < config->n_agents; i++)
        if (agent == MG_ALL_AGENTS || agent == (int)i)
            MG_TRY(check_end(run_dir, config, config->agent[i].name, err));
    config->extended[config->n_extended++] = steps;
out:
    return st;
}
