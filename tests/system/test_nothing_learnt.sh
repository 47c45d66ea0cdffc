#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A run from which nothing can be learnt says so, in each step's line, in its logs, its table and its report, with the reason; and its weights
# do not move.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"

"$files" "$dir"
questions() { # TEXT
    for split in train test; do
        printf '{"id": "%s", "split": "%s", "hops": 1, "question": "%s", "answer": "Rome"}\n' "$split" "$split" "$1"
    done >"$dir/questions.jsonl"
}
plays() { # RUN
    "$mgrpo" train --run "$dir/$1" "$dir/run.conf" >"$dir/out" 2>"$dir/err" || fail "the run $1 fails"
}
# Of all that can be rewarded, only what no dialogue does.
two_agents "steps = 3" "step_questions = 2" "rollouts = 4" "eval_questions = 0" | sed 's/model = .*/&\n    reward_format = 0/' >"$dir/run.conf"

questions "Which way?"
plays run
grep -q 'main: none of 3 train steps taught anything: 100% of 6 groups without signal; of 24 trajectories [0-9]* cut by length, [0-9]* by context$' \
    "$dir/out" || fail "the table does not say that nothing was learnt"
grep -q 'equal 100%/[-0-9]*%*  cut [0-9]*/[-0-9]*  taught 0/[-0]' "$dir/err" || fail "a step's line does not say that nothing was learnt"
[ "$(grep -c 'nothing to learn from: the rewards are equal in each of 2 groups; of 8 trajectories [0-9]* were cut by length' \
    "$dir/run/main.log")" -eq 3 ] || fail "the log does not say so of each step"
grep -q '<p>main: none of 3 train steps taught anything' "$dir/run/report.html" || fail "the report does not say so"
grep -q '"idle": 3' "$dir/run/summary.json" || fail "the summary does not say so"
grep -q '"groups":2,"no_signal":1.0,' "$dir/run/main/metrics.jsonl" || fail "the metrics do not say so"
for agent in main search; do
    [ "$(grep -o '"weights":"[0-9a-f]*"' "$dir/run/$agent/metrics.jsonl" | sort -u | wc -l)" -eq 1 ] || fail "the weights of $agent moved"
done

# A question that does not fit into the context is nobody's fault: no reward, and nothing to learn from either.
questions "$(printf '%600s' '' | sed 's/ /Think. /g')"
plays long
grep -q 'main: none of 3 train steps taught anything: 0% of 0 groups without signal; of 24 trajectories 0 cut by length, 0 by context, 24 unavailable$' \
    "$dir/out" || fail "the table does not say that all was unavailable"
[ "$(grep -c 'question train: its text cannot be read: it takes 4203 tokens, at most 368 leave room for a turn in a context of 400; it failed 8 times$' \
    "$dir/long/main.log")" -eq 3 ] || fail "the log does not say which question is too long"
echo "test_nothing_learnt: told in five places, and the weights stay"
