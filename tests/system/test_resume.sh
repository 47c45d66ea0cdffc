#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A run that is killed again and again ends with the bits of one that is not. The policy is the fake one of fake_policy.c.
set -eu

agents="main search"
. "${srcdir:-.}/tests/system/resume.sh"

"$files" "$dir"
two_agents "steps = 40" "step_questions = 8" "rollouts = 8" "eval_questions = 40" "eval_every = 10" "checkpoint_every = 3" >"$dir/run.conf"

disturb "${KILLS:-10}"
[ "$(wc -l <"$dir/whole/main/metrics.jsonl")" -eq 47 ] || fail "the run has not 47 phases"
