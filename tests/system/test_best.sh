#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The state of the evaluation in which most held-out questions were answered right is kept, of equals the earliest, and so are the last two;
# export and eval find it, and have its weights.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }

"$files" "$dir"
run=$dir/run
two_agents "steps = 12" "step_questions = 4" "rollouts = 4" "eval_questions = 8" "eval_every = 1" "checkpoint_every = 1" >"$dir/run.conf"
"$mgrpo" train --quiet --run "$run" "$dir/run.conf" >"$dir/out" 2>"$dir/err" || fail "the run failed"

# best AGENT: phase, step and digest of the weights of the agent's best evaluation as sampled
best() {
    python3 - "$run/$1/metrics.jsonl" <<'EOF'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
lines = [line for line in lines if line["name"] in ("before", "during", "after")]
assert len(lines) == 13 and all(0 <= line["success"] <= 1 for line in lines)
line = max(lines, key=lambda line: line["success"])
print(line["phase"], line["step"], line["weights"])
EOF
}
[ "$(best main | cut -d' ' -f1,2)" = "$(best search | cut -d' ' -f1,2)" ] || fail "the agents have another best evaluation each"
set -- $(best main)
phase=$1 step=$2 digest=$3
last=$(ls "$run/main" | sed -n 's/^state-0*//p' | tail -n 1)
for agent in main search; do
    { printf '%s\n' $((phase + 1)) $((last - 1)) "$last"; } | sort -nu >"$dir/want"
    ls "$run/$agent" | sed -n 's/^state-0*//p' | sort -n >"$dir/got"
    cmp -s "$dir/want" "$dir/got" || fail "$agent has the states $(tr '\n' ' ' <"$dir/got"), not $(tr '\n' ' ' <"$dir/want")"
done
[ $((phase + 1)) -lt $((last - 1)) ] || fail "the best evaluation is the last one: the test shows nothing"

"$mgrpo" export --best "$run" "$dir/models" >"$dir/out" 2>"$dir/err" || fail "export --best failed"
grep -qx "$dir/models/main: the state of step $step" "$dir/out" || fail "export does not say which step is the best"
for system in "--best $run" "--run $run main=$dir/models/main,search=$dir/models/search"; do
    "$mgrpo" eval --json --count 2 --temperature 0 $system >"$dir/out" 2>"$dir/err" || fail "eval $system failed"
    tr -d ' \n' <"$dir/out" | grep -q "\"main\":{[^}]*\"digest\":\"$digest\"" || fail "eval $system has other weights than $digest"
done

refused() { # SENTENCE COMMAND...
    sentence=$1 status=0
    shift
    "$mgrpo" "$@" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq 2 ] && grep -qF -e "$sentence" "$dir/err" || fail "$*: status $status, not \"$sentence\""
}
refused "--step 3 and --best" export --step 3 --best "$run" "$dir/none"
rm "$run/search/state-$(printf %09d $((phase + 1)))"
refused "there is no whole state of step $step, the best one" export --best "$run" "$dir/none"
two_agents "steps = 1" "step_questions = 2" "rollouts = 2" "eval_questions = 0" >"$dir/blind.conf"
"$mgrpo" train --quiet --run "$dir/blind" "$dir/blind.conf" >"$dir/out" 2>"$dir/err" || fail "the run without evaluations failed"
refused "there has been no evaluation" eval --best "$dir/blind"
echo "test_best: the state of step $step is kept beside those of phases $((last - 1)) and $last"
