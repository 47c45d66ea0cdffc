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
wrong 'the corpus cannot be read' 's/corpus.db/good.conf/'
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
echo "test_inputs: 27 that are refused, and nothing is left of them"
