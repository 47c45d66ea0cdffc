#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A configuration that names what is not there is refused before the folder of its run is made, so that it can be mended and the same
# command works: status 2, a sentence with the file, the section and the key, and nothing written.
set -eu

command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
. "${srcdir:-.}/tests/system/run_case.sh"

"$files" "$dir"
printf '#!/bin/sh\necho 1\n' >"$dir/judge.sh"
two_agents "steps = 1" "step_questions = 2" "rollouts = 2" "eval_questions = 0" >"$dir/good.conf"

# refused TEXT COMMAND...: of a run in the folder $dir/run
refused() {
    text=$1 status=0
    shift
    "$mgrpo" "$@" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq 2 ] || fail "$* ended with status $status, not 2, where \"$text\" should be said"
    grep -qF -- "$text" "$dir/err" || fail "$* does not say \"$text\""
    [ ! -e "$dir/run" ] || fail "$* leaves $(ls "$dir/run"), where \"$text\" should be said"
}
# wrong TEXT SED [LINE]...: the good configuration, changed, with lines more
wrong() {
    text=$1
    sed "$2" "$dir/good.conf" >"$dir/bad.conf"
    shift 2
    [ $# -eq 0 ] || printf '%s\n' "$@" >>"$dir/bad.conf"
    refused "bad.conf: $text" train --quiet --run "$dir/run" "$dir/bad.conf"
}
judge() { # KEYS
    printf 'judge "answer" {\n kind = exec\n%b}\n' "$1"
}

wrong 'corpus is ' 's/corpus.db/nowhere.db/'
wrong 'questions is ' 's/questions.jsonl/nowhere.jsonl/'
wrong 'tokenizer is ' 's/tokenizer.json/./'
wrong 'agent search: model is ' '/^agent "search"/,$ s/model = .*/model = "nowhere"/'
wrong 'agent main: model is ' 's/model = .*/model = "corpus.db"/'
mkdir "$dir/empty" "$dir/bare" "$dir/small"
wrong 'agent main: cannot open ' 's/model = .*/model = "empty"/'
grep -q 'mgrpo-model(5)' "$dir/err" || fail "it is not said what a model is"
cp "$dir/config.json" "$dir/bare"
wrong 'agent main: ' 's/model = .*/model = "bare"/'
grep -q 'bare/model.safetensors' "$dir/err" || fail "it is not said that the model has no weights"
sed 's/"vocab_size": [0-9]*/"vocab_size": 20/' "$dir/config.json" >"$dir/small/config.json"
cp "$dir/model.safetensors" "$dir/small"
wrong "agent main: the model $dir/small has 20 tokens, the tokenizer" 's/model = .*/model = "small"/'
# not finite, a tensor that is not there, and another shape: a mended model goes in the same folder afterwards
mkdir "$dir/torn"
cp "$dir/config.json" "$dir/torn"
python3 - "$dir/model.safetensors" "$dir/torn/model.safetensors" <<'EOF'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-4:] = b"\x00\x00\xc0\x7f"
open(sys.argv[2], "wb").write(data)
EOF
wrong 'agent search: ' '/^agent "search"/,$ s/model = .*/model = "torn"/'
grep -q 'torn/model.safetensors: .* holds a value that is not finite' "$dir/err" || fail "it is not said that a value is not finite"
LC_ALL=C sed 's/self_attn.o_proj/self_attn.x_proj/' "$dir/model.safetensors" >"$dir/torn/model.safetensors"
wrong 'agent main: ' 's/model = .*/model = "torn"/'
grep -q 'torn/model.safetensors: there is no tensor model.layers.0.self_attn.o_proj.weight' "$dir/err" || fail "no tensor is missed"
sed 's/"intermediate_size": 96/"intermediate_size": 128/' "$dir/config.json" >"$dir/torn/config.json"
cp "$dir/model.safetensors" "$dir/torn"
wrong 'agent main: ' 's/model = .*/model = "torn"/'
grep -q 'the configuration says 128, 64' "$dir/err" || fail "it is not said that a shape is another"
sed 's/"<search>"/"<other>"/g' "$dir/tokenizer.json" >"$dir/lacking.json"
wrong "agent main over $dir/lacking.json: the tokenizer has no token <search>" 's/tokenizer.json/lacking.json/'
sed '3 s/"answer": *"[^"]*"/"answer": "?"/; 3 s/"aliases": *\[[^]]*\]/"aliases": []/' "$dir/questions.jsonl" >"$dir/bad.jsonl"
wrong "$dir/bad.jsonl:3: the answer \"?\" can never be right" 's/questions.jsonl/bad.jsonl/'
wrong "the corpus $dir/good.conf cannot be read" 's/corpus.db/good.conf/'
wrong 'tool "open" opens the hits of a search' 's/"search", "open"/"open"/'
wrong 'tool "t": kind is "exek"' 's/"open"/"open", "t"/' 'tool "t" {' ' kind = "exek"' '}'
wrong 'tool "t": command is "./nowhere"' 's/"open"/"open", "t"/' 'tool "t" {' ' kind = "exec"' ' command = {"./nowhere"}' '}'
wrong 'judge answer: command is "./nowhere"' '' "$(judge ' command = {"./nowhere"}\n')"
wrong 'judge answer: command is "nowhere.sh", a program that is in no folder of PATH' '' "$(judge ' command = {"nowhere.sh"}\n')"
wrong 'judge answer: command begins with ""' '' "$(judge ' command = {""}\n')"
wrong 'judge answer: command is "./judge.sh"' '' "$(judge ' command = {"./judge.sh"}\n')"
grep -q chmod "$dir/err" || fail "a program that may not run has no hint"
wrong 'judge answer: folder is ' '' "$(judge ' command = {"./judge.sh"}\n folder = "good.conf"\n')"
wrong 'store is "http://h"' '1 s|^|store = "http://h"\n|'
wrong "the store's address \"redis://h:x\" has a port that is none" '1 s|^|store = "redis://h:x"\n|'
refused 'agent is "nobody", need one of: main, search' agent --conf "$dir/good.conf" nobody "$dir/run"
sed 's/questions.jsonl/nowhere.jsonl/' "$dir/good.conf" >"$dir/bad.conf"
refused 'bad.conf: questions is ' agent --conf "$dir/bad.conf" search "$dir/run"

# a device by a wrong name; the fake policy would take any
if [ -x "${top_builddir:-.}/mgrpo" ]; then
    fake=$mgrpo mgrpo=${top_builddir:-.}/mgrpo
    wrong 'agent search: ' '/^agent "search"/,$ s/context = .*/&\n    device = "no such device"/'
    grep -q 'no such device' "$dir/err" || fail "the device that is not there is not named"
    mgrpo=$fake
fi
chmod +x "$dir/judge.sh"
judge ' command = {"./judge.sh"}\n' >>"$dir/good.conf"
"$mgrpo" train --quiet --run "$dir/run" "$dir/good.conf" >"$dir/out" 2>"$dir/err" || fail "the good configuration does not run"

# A first start that fails behind the checks, here for a folder in the place of the store, binds the next one to nothing; a run that has
# ended a phase stays what it is.
mkdir -p "$dir/second/store.db"
status=0
"$mgrpo" train --quiet --run "$dir/second" "$dir/good.conf" >"$dir/out" 2>"$dir/err" || status=$?
[ "$status" -ne 0 ] && [ -e "$dir/second/run.json" ] || fail "a store that is a folder: status $status"
rmdir "$dir/second/store.db"
sed 's/^rollouts = 2/rollouts = 3/' "$dir/good.conf" >"$dir/mended.conf"
"$mgrpo" train --quiet --run "$dir/second" "$dir/mended.conf" >"$dir/out" 2>"$dir/err" || fail "the mended configuration does not run"
grep -q 'rollouts: 3, was 2' "$dir/err" && grep -q 'begins again' "$dir/err" || fail "it is not said that the run begins again"
status=0
"$mgrpo" train --quiet --run "$dir/second" "$dir/good.conf" >"$dir/out" 2>"$dir/err" || status=$?
[ "$status" -eq 2 ] && grep -q 'rollouts: 2, was 3' "$dir/err" || fail "a run that has ended takes another configuration: status $status"

# Options that contradict, or lack what they need, and what a question on a command line may not be: each says what to do.
says() { # TEXT HINT COMMAND...
    text=$1 hint=$2 status=0
    shift 2
    "$mgrpo" "$@" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq 2 ] || fail "$* ended with status $status, not 2"
    grep -qF -- "$text" "$dir/err" && grep -qF -- "$hint" "$dir/err" || fail "$* does not say \"$text\" and \"$hint\""
}
says 'need one configuration file, got 0' 'mgrpo train --help' train
says '--profile trains nothing' 'which of them' train --profile --extend 9 "$dir/good.conf"
says 'got 3 arguments' 'in quotes' ask What is it
says 'the question is empty' 'mgrpo ask --help' ask ' '
says 'the question is not UTF-8' '' ask "$(printf 'caf\351')"
says 'need one of --output, --dialogues, --table and --csv, got 2' '' report --run "$dir/run" --table --csv "$dir/x.csv"
says 'unexpected argument' 'named by --run' report "$dir/run"
says 'is not the folder of a run' '--run names another' report --run "$dir/nowhere"
says 'without --demos there are none' '' world --output "$dir/x" "$dir/world"
says '--count is "0", need a whole number from 1' '' world --demos gold --count 0 "$dir/world"
says '--batch is 256 tokens' '--context 512' sft --tokenizer "$dir/tokenizer.json" --demos "$dir/x" --out "$dir/m" --batch 256
says '--lr is 0' 'nothing would be learnt' sft --tokenizer "$dir/tokenizer.json" --demos "$dir/x" --out "$dir/m" --lr 0
says 'the agent main is given two models' '' eval --run "$dir/run" --model "main=$dir" --model "main=$dir"
says "$dir/bad.jsonl:3: " 'mgrpo-questions(5)' eval --run "$dir/run" --questions "$dir/bad.jsonl"
says "$dir/good.conf:1: " 'mgrpo-tokenizer(5)' eval --run "$dir/run" --tokenizer "$dir/good.conf"
sed 's|"split": *"[a-z]*"|"split":"train"|' "$dir/questions.jsonl" >"$dir/train.jsonl"
says "$dir/train.jsonl: none of the " 'is of split test' eval --run "$dir/run" --questions "$dir/train.jsonl"
mv "$dir/run/main/metrics.jsonl" "$dir/away"
says "there is no $dir/run/main/metrics.jsonl" 'first phase' report --run "$dir/run" --table
mv "$dir/away" "$dir/run/main/metrics.jsonl"

# Who is stopped says so by its status, whatever it was doing.
printf '{"agent": "main", "turns": [{"role": "user", "text": "hi"}, {"role": "answer", "text": "x", "train": 1}]}\n' >"$dir/demos.jsonl"
for command in "sft --tokenizer $dir/tokenizer.json --demos $dir/demos.jsonl --out $dir/m --tokens 1e14 --batch 1024" "world --demos noisy --count 4000000 $dir/world"; do
    timeout 60 "$mgrpo" $command >"$dir/out" 2>"$dir/err" &
    pid=$! pids=$pid
    sleep 1
    kill -TERM "$pid"
    await_run
    [ "$status" -eq 3 ] || fail "$command, stopped, ended with status $status"
done

# A closed standard input, output or error is none, and no file gets its place. A page on standard output is there alone.
for fd in 0 1 2; do
    status=0
    eval "\"\$mgrpo\" train --quiet --run \"$dir/run\" \"$dir/good.conf\" $fd>&-" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq $((fd == 1)) ] || fail "with $fd closed a run ended with status $status"
done
ln -s /dev/stdout "$dir/to"
"$mgrpo" report --run "$dir/run" --csv "$dir/to" | head -n 1 | grep -q '^agent,' && [ -h "$dir/to" ] || fail "no table on standard output"
status=0
"$mgrpo" report --run "$dir/run" --output "$dir" >"$dir/out" 2>"$dir/err" || status=$?
[ "$status" -eq 2 ] && grep -qF "$dir is a directory" "$dir/err" || fail "a page in the place of a folder: status $status"
echo "test_inputs: 27 that are refused, and nothing is left of them"
