#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mgrpo tool: a corpus and a calculator by hand, then tools that mean no good: each call ends in time, with a result, a
# refusal (2) or a failure (1), and leaves nothing that runs.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"
examples=${srcdir:-.}/examples

# calls STATUS TEXT NAME ARGUMENTS [NAME ARGUMENTS]...: TEXT is on standard output, or for a failure on standard error
calls() {
    want=$1 text=$2 name=$3
    shift 2
    status=0
    "$mgrpo" tool "$dir/run.conf" "$@" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq "$want" ] || fail "$name ended with status $status, not $want"
    if [ "$status" -eq 0 ]; then
        grep -qF -- "$text" "$dir/out" || fail "$name does not give \"$text\""
    else
        [ ! -s "$dir/out" ] || fail "$name fails, but prints"
        grep -qF -- "$text" "$dir/err" || fail "$name does not say \"$text\""
    fi
}

# tool NAME SCRIPT [KEYS]
tool() {
    printf '%s\n' "$2" >"$dir/$1.sh"
    printf 'tool "%s" {\n kind = exec\n command = { "/bin/sh", "%s.sh" }\n timeout = 2\n retries = 0\n output = 64\n%b}\n' \
        "$1" "$1" "${3:-}" >>"$dir/run.conf"
}

"$files" "$dir"
cp "$examples/calc.py" "$examples/calc.json" "$dir"
cat >"$dir/run.conf" <<'END'
corpus = "corpus.db"
questions = "questions.jsonl"
tokenizer = "tokenizer.json"
agent "main" {
    model = "."
    tools = { "search", "open", "calc" }
}
tool "calc" {
    kind = "exec"
    command = { "./calc.py" }
    description = "Calculates with + - * / and ( )."
    schema = "file:calc.json"
}
END

# ---- What is meant ----
calls 0 410 calc '{"expression": "(2026 - 1821) * 2"}'
calls 2 'error: a division by 0' calc '{"expression": "1 / 0"}'
calls 2 'expression is missing' calc '{}'
calls 2 'no JSON' calc '1 + 1'
calls 2 'needs arguments' calc
calls 2 'no tool "calk"' calk '{}'
calls 2 'It has: ' calk '{}'
calls 0 'capital:' search '{"query": "Peru country"}' open '{"hit": 1}'
calls 2 'there is no hit 1, the last search had 0' open '{"hit": 1}'
"$mgrpo" tool "$dir/run.conf" >"$dir/out" || fail "the tools are not listed"
grep -q '^calc: Calculates' "$dir/out" && grep -q '^search: ' "$dir/out" || fail "the list lacks a tool"

# The agent that CONTRIBUTING adds to the main job, with the same tool.
if command -v patch >/dev/null; then
    cp "$examples/quickstart.conf" "$dir/three.conf"
    mkdir "$dir/world"
    cp "$dir/corpus.db" "$dir/world"
    sed -n '/^--- quickstart.conf/,/^```/p' "${srcdir:-.}/CONTRIBUTING.md" | sed '/^```/d' | patch -s "$dir/three.conf" ||
        fail "the diff of CONTRIBUTING does not fit quickstart.conf"
    "$mgrpo" tool "$dir/three.conf" calc '{"expression": "2026 - 1821"}' >"$dir/out" 2>"$dir/err" || fail "the third agent's tool fails"
    grep -qx 205 "$dir/out" || fail "2026 - 1821 is not 205"
fi

# ---- What is not ----
args='{"text": "Lima"}'
tool endless 'yes'
tool silent 'sleep 1000'
tool stubborn 'trap "" TERM INT HUP; while :; do :; done'
# 511 processes at most, should nothing stop it; a shell that cannot fork ends with 2, which would be the agent's doing
tool bomb 'b() { [ $1 -eq 0 ] || { b $(($1 - 1)) & b $(($1 - 1)) & wait; }; sleep 5; }; (b 8) || exit 1'
tool crash 'kill -SEGV $$'
tool latin 'printf "Per\372"'
tool nul 'printf "a\000b"'
tool huge 'printf "{\"text\": \""; yes | tr -d "\n"' ' answers = json\n'
tool broken 'echo "{\"text\": "' ' answers = json\n'
tool deep 'head -c 60 /dev/zero | tr "\000" "["' ' answers = json\n'
tool fat 'x=x; while :; do x=$x$x; done'
tool parent '(while :; do echo x >>alive; sleep 0.05; done) >/dev/null 2>&1 & sleep 0.3; echo left'
tool absent 'exec /no/such/program'
start=$(date +%s)
calls 0 ' [cut]' endless "$args"
calls 1 'ran longer than 2 s' silent "$args"
calls 1 'ran longer than 2 s' stubborn "$args"
calls 1 'the tool bomb' bomb "$args"
calls 1 'signal 11' crash "$args"
calls 1 'no UTF-8' latin "$args"
calls 1 'no UTF-8' nul "$args"
calls 1 'more than it may' huge "$args"
calls 1 'no JSON object' broken "$args"
calls 1 'no JSON object' deep "$args"
calls 1 'the tool fat' fat "$args"
calls 1 'status 127' absent "$args"
calls 0 left parent "$args"
alive=$(wc -c <"$dir/alive")
sleep 0.4
[ "$(wc -c <"$dir/alive")" -eq "$alive" ] || fail "a child of a tool outlived it"
[ $(($(date +%s) - start)) -lt 60 ] || fail "hostile tools take too long"

# Whose a program is to be must be somebody, and only root runs it as another.
refused_user() { # NAME TEXT
    sed "0,/kind = \"exec\"/s//&\n    user = \"$1\"/" "$dir/run.conf" >"$dir/user.conf"
    status=0
    "$mgrpo" tool "$dir/user.conf" calc '{"expression": "1 + 1"}' >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq 2 ] && grep -qF -- "tool calc: user is \"$1\", and $2" "$dir/err" || fail "the user $1 is not refused"
}
refused_user no-such-user 'there is none of that name'
[ "$(id -u)" -eq 0 ] || refused_user root 'only root can run a program as another user'

# ---- What cannot be called, and is said with the name of the file ----
# cannot TEXT KEYS: a tool of these keys
cannot() {
    { sed '/^tool "/,$d' "$dir/run.conf" | sed 's/, "calc"//' && printf 'tool "bad" {\n kind = exec\n%b}\n' "$2"; } >"$dir/bad.conf"
    status=0
    "$mgrpo" tool "$dir/bad.conf" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq 2 ] || fail "a tool with $2 ended with status $status, not 2"
    grep -qF "bad.conf: tool \"bad\": $1" "$dir/err" || fail "a tool with $2 is not told \"$1\""
}
mkdir "$dir/sub"
printf '#!/bin/sh\necho here\n' >"$dir/sub/plain"
cannot 'command is missing' ''
cannot 'command begins with ""' ' command = {""}\n'
cannot 'command is "./nowhere"' ' command = {"./nowhere"}\n'
cannot 'command is "sub/plain"' ' command = {"sub/plain"}\n'
grep -q 'chmod' "$dir/err" || fail "a program that may not run has no hint"
chmod +x "$dir/sub/plain"
cannot 'command is "./plain"' ' command = {"./plain"}\n'
cannot 'command is "./sub"' ' command = {"./sub"}\n'
cannot 'command is "plain", a program that is in no folder of PATH' ' command = {"plain"}\n folder = "sub"\n'
cannot 'folder is "' ' command = {"./plain"}\n folder = "nowhere"\n'
cannot 'folder is "' ' command = {"./plain"}\n folder = "sub/plain"\n'
cannot 'its schema: type of a: need' ' command = {"sub/plain"}\n schema = "{\\"properties\\": {\\"a\\": {\\"type\\": \\"text\\"}}}"\n'
printf 'tool "below" {\n kind = exec\n command = {"./plain"}\n folder = "sub"\n}\n' >>"$dir/run.conf"
calls 0 here below "$args"

# Killed in the middle of a call, mgrpo leaves nothing that runs.
tool long '(while :; do echo x >>alive; sleep 0.05; done) >/dev/null 2>&1 & sleep 1000'
"$mgrpo" tool "$dir/run.conf" long "$args" >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 0.7
kill -9 "$pid"
wait "$pid" 2>/dev/null || :
sleep 0.5
alive=$(wc -c <"$dir/alive")
sleep 0.4
[ "$(wc -c <"$dir/alive")" -eq "$alive" ] || fail "a tool outlived mgrpo"
echo "test_tool: a corpus, a calculator and 14 hostile tools"
