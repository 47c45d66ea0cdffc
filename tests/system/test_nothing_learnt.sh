#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A run from which nothing can be learnt says so, in each step's line, in its logs, its table and its report, with the reason; and its weights
# do not move.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"

"$files" "$dir"
long=$(printf '%600s' '' | sed 's/ /Think. /g')
for split in train test; do
    printf '{"id": "%s", "split": "%s", "hops": 1, "question": "%s", "answer": "Rome"}\n' "$split" "$split" "$long"
done >"$dir/questions.jsonl"
two_agents "steps = 3" "step_questions = 2" "rollouts = 4" "eval_questions = 0" >"$dir/run.conf"
"$mgrpo" train --run "$dir/run" "$dir/run.conf" >"$dir/out" 2>"$dir/err" || fail "the run fails"

grep -q 'main: none of 3 train steps taught anything: 100% of 6 groups without signal; of 24 trajectories 0 cut by length, 24 by context' \
    "$dir/out" || fail "the table does not say that nothing was learnt"
grep -q 'equal 100%/[-0]%*  cut 8/[-0]  taught 0/[-0]' "$dir/err" || fail "a step's line does not say that nothing was learnt"
[ "$(grep -c 'nothing to learn from: the rewards are equal in each of 2 groups; of 8 trajectories 0 were cut by length, 8 by context' \
    "$dir/run/main.log")" -eq 3 ] || fail "the log does not say so of each step"
grep -q '<p>main: none of 3 train steps taught anything' "$dir/run/report.html" || fail "the report does not say so"
grep -q '"idle": 3' "$dir/run/summary.json" || fail "the summary does not say so"
grep -q '"groups":2,"no_signal":1.0,' "$dir/run/main/metrics.jsonl" || fail "the metrics do not say so"
for agent in main search; do
    [ "$(grep -o '"weights":"[0-9a-f]*"' "$dir/run/$agent/metrics.jsonl" | sort -u | wc -l)" -eq 1 ] || fail "the weights of $agent moved"
done
echo "test_nothing_learnt: told in five places, and the weights stay"
