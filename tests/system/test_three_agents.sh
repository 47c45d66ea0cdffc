#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example of three agents, real models and a real program as a tool, with few and small steps: killed at any time, it ends with the bits
# of a run that nobody disturbed; and each agent has its own metrics.
set -eu
command -v python3 >/dev/null || {
    echo "python3 is missing: examples/calc.py cannot run"
    exit 77
}

mgrpo=${MGRPO:-./mgrpo}
agents="planner search calc"
weights=model.safetensors
seconds=1
. "${srcdir:-.}/tests/system/resume.sh"

top=${srcdir:-.}
cp "$top/examples/calc.py" "$top/examples/calc.json" "$top/data/tokenizer.json" "$dir"
cp -r "$top/data/warm" "$dir"
chmod -R u+w "$dir"
"$mgrpo" world --calc --profile small "$dir/world"
sed -e 's/^steps = .*/steps = 3/' -e 's/^step_questions = .*/step_questions = 4/' -e 's/^rollouts = .*/rollouts = 4/' \
    -e 's/^eval_questions = .*/eval_questions = 20/' -e 's/^checkpoint_every = .*/checkpoint_every = 1/' "$top/examples/three-agents.conf" >"$dir/run.conf"

disturb "${KILLS:-3}"
for agent in $agents; do
    [ "$(wc -l <"$dir/whole/$agent/metrics.jsonl")" -eq 7 ] || fail "$agent has not 7 phases"
done
grep -q '"trajectories":[1-9]' "$dir/whole/calc/metrics.jsonl" || fail "nobody asked calc"
