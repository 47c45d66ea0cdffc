/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/asking_options.h"

#include "cli/cmd.h"

enum mg_status
mg_asking_option(struct mg_asking_options *o, int letter, struct mg_err *err)
{
    const char **text[] = {['r'] = &o->run,
                           [MG_ASKING_MAIN] = &o->model[MG_SIDE_MAIN],
                           [MG_ASKING_SEARCH] = &o->model[MG_SIDE_SEARCH],
                           [MG_ASKING_TOKENIZER] = &o->tokenizer,
                           [MG_ASKING_CORPUS] = &o->corpus,
                           [MG_ASKING_DEVICE] = &o->device};

    if (letter == 's')
        return mg_option_u64("seed", optarg, 0, UINT64_MAX, &o->seed, err);
    *text[letter] = optarg;
    return MG_OK;
}
