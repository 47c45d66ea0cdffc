#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a long work ends with is tried before it begins: mgrpo sft finds at once that its model cannot be written, that no turn is its agent's
# own, that the file to score on is not there, or that no kernel has its shape; status 2, and nothing is trained or left.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"

"$files" "$dir"
printf '{"agent": "main", "turns": [{"role": "user", "text": "hi"}, {"role": "answer", "text": "x", "train": 1}]}\n' >"$dir/good.jsonl"
sed 's/, "train": 1//' "$dir/good.jsonl" >"$dir/none.jsonl"

# refused TEXT OPTION...
refused() {
    text=$1 status=0
    shift
    timeout 20 "$mgrpo" sft --agent main --tokenizer "$dir/tokenizer.json" --tokens 1e14 --batch 1024 "$@" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq 2 ] || fail "sft $* ended with status $status, not 2"
    grep -qF -- "$text" "$dir/err" || fail "sft $* does not say \"$text\""
}
refused 'cannot make directory /proc/x: No such file or directory' --demos "$dir/good.jsonl" --out /proc/x
refused "cannot make directory $dir/good.jsonl: there is a file of that name" --demos "$dir/good.jsonl" --out "$dir/good.jsonl/m"
refused 'nowhere.jsonl: No such file or directory' --demos "$dir/good.jsonl" --out "$dir/m" --eval "$dir/nowhere.jsonl"
[ ! -e "$dir/m" ] || fail "a folder is left of what could not begin"
refused 'no turn of the first 1 demonstrations of this agent has train 1' --demos "$dir/none.jsonl" --out "$dir/m"
refused 'no turn of the first 1 demonstrations of this agent has train 1' --demos "$dir/none.jsonl" --out "$dir/m" --context-weight 0
refused 'width / heads is 24, need 32, 64 or 128' --demos "$dir/good.jsonl" --out "$dir/m" --shape 96,1,4,4,128
[ -z "$(ls -A "$dir/m")" ] || fail "a file is left in $dir/m"
timeout 100 "$mgrpo" sft --agent main --tokenizer "$dir/tokenizer.json" --tokens 2000 --batch 1024 --demos "$dir/good.jsonl" --out "$dir/m" \
    2>"$dir/err" || fail "good demonstrations are refused"
[ -s "$dir/m/$weights" ] || fail "there is no model"
echo "test_outputs: six that are refused before the work"
