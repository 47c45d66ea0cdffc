#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A run that is killed again and again ends with the bits of one that is not. The policy is the fake one of fake_policy.c.
set -eu

mgrpo=${MGRPO_FAKE:-tests/system/mgrpo_fake}
files=${FAKE_FILES:-tests/system/fake_files}
agents="main search"
weights=model.fake
. "${srcdir:-.}/tests/system/resume.sh"

"$files" "$dir"
cat >"$dir/run.conf" <<'EOF'
corpus = "corpus.db"
questions = "questions.jsonl"
tokenizer = "tokenizer.json"
steps = 40
step_questions = 8
rollouts = 8
eval_questions = 40
eval_every = 10
checkpoint_every = 3
lr = 0.001
agent "main" {
    model = "."
    calls = { "search" }
    context = 400
}
agent "search" {
    model = "."
    tools = { "search", "open" }
    context = 900
}
EOF

disturb "${KILLS:-10}"
[ "$(wc -l <"$dir/whole/main/metrics.jsonl")" -eq 47 ] || fail "the run has not 47 phases"
