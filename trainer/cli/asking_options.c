/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/asking_options.h"

#include "cli/cmd.h"

enum mg_status
mg_asking_option(struct mg_asking_options *o, int letter, struct mg_err *err)
{
    const char **text[] = {['r'] = &o->run,
                           [MG_ASKING_TOKENIZER] = &o->tokenizer,
                           [MG_ASKING_CORPUS] = &o->corpus,
                           [MG_ASKING_DEVICE] = &o->device};
    enum mg_status st = MG_OK;

    if (letter == 's')
        return mg_option_u64("seed", optarg, 0, UINT64_MAX, &o->seed, err);
    if (letter == 'm') {
        MG_REQUIRE(o->n_models < MG_MAX_AGENTS, MG_INPUT, "more than %d options --model", (int)MG_MAX_AGENTS);
        o->model[o->n_models++] = optarg;
        return MG_OK;
    }
    *text[letter] = optarg;
out:
    return st;
}
