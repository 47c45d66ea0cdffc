#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A curriculum of two stages, and questions that replace those without signal: agents agree on both without being told, and a
# run that is killed again and again ends with the bits of one that is not. The policy is the fake one of fake_policy.c.
set -eu

agents="main search"
. "${srcdir:-.}/tests/system/resume.sh"

"$files" "$dir"
two_agents "steps = 24" "step_questions = 8" "rollouts = 4" "eval_questions = 20" "checkpoint_every = 3" "epochs = 2" \
    "mini_batches = 2" "first_hops = 1" "first_steps = 9" "first_success = 1" "dynamic_rounds = 2" >"$dir/run.conf"

disturb "${KILLS:-6}"

# values AGENT KEY: of the train steps, one a line
values() {
    sed -n '/"name":"train"/s/.*"'"$2"'":\([^,}]*\).*/\1/p' "$dir/whole/$1/metrics.jsonl"
}
for key in stage questions success; do
    values main $key >"$dir/main.$key"
    values search $key >"$dir/search.$key"
    [ "$(wc -l <"$dir/main.$key")" -eq 24 ] || fail "main has no $key of each of 24 train steps"
    cmp "$dir/main.$key" "$dir/search.$key" || fail "the agents have different $key"
done
[ "$(head -n 9 "$dir/main.stage" | sort -u)" = 1 ] || fail "the first nine steps are not all of the first stage"
[ "$(tail -n 15 "$dir/main.stage" | sort -u)" = 2 ] || fail "the steps behind them are not all of the second stage"
grep -q "train step 9: the second stage begins" "$dir/whole"/*.log || fail "no line says that the second stage begins"
[ "$(sort -n "$dir/main.questions" | head -n 1)" -ge 8 ] || fail "a step has fewer than 8 questions"
[ "$(sort -n "$dir/main.questions" | tail -n 1)" -gt 8 ] || fail "no step asked further questions"
[ "$(sort -n "$dir/main.questions" | tail -n 1)" -le 24 ] || fail "a step asked more than two rounds of further questions"
[ "$(values main updates | sort -n | tail -n 1)" = 4 ] || fail "no step has the updates of two passes in two parts"
