# SPDX-License-Identifier: Apache-2.0
# Sourced by tests that play runs, mostly on the fake policy of fake_policy.c: $mgrpo, the program (set it before for another one);
# $files, which writes what a configuration names; $dir, a folder for the time of the test. Add to $pids what must not outlive the test.

mgrpo=${mgrpo:-${MGRPO_FAKE:-tests/system/mgrpo_fake}}
files=${FAKE_FILES:-tests/system/fake_files}
weights=${weights:-model.fake} # the file of an agent's weights in its model's folder
test=$(basename "$0" .sh)
dir=$(mktemp -d "${TMPDIR:-/tmp}/$test.XXXXXX")
pids=
# What else is to be undone at the end; a test may have its own.
release() { :; }
end() {
    trap '' INT TERM # a second one must not cut this short
    for p in $pids; do kill -9 "$p" 2>/dev/null || :; done
    release
    wait 2>/dev/null || :
    rm -rf "$dir" || :
}
trap 'status=$?; end; exit $status' EXIT
trap 'exit 1' INT TERM

fail() {
    echo "$test: $*${drawn:+ (seed $seed)}" >&2
    tail -n 5 "$dir"/*/*.log "$dir"/out* "$dir"/err "$dir"/log >&2 2>/dev/null || :
    exit 1
}

# start_run DIR CONF: mgrpo train in the background; $pid is its supervisor, which does not outlive the test
start_run() {
    "$mgrpo" train --quiet --run "$1" "$2" >"$dir/out" 2>&1 &
    pid=$! pids=$!
}
# await_run: waits until it ends; $status is how it did
await_run() {
    status=0
    wait "$pid" 2>/dev/null || status=$?
    pids=
}

# draw N: $drawn is a number from 0 to N - 1
seed=${SEED:-$(date +%s)}
draw_state=$((seed % 2147483647))
draw() {
    draw_state=$(((draw_state * 48271 + 11) % 2147483647))
    drawn=$((draw_state / 7 % $1))
}

# nap SECONDS FROM N: sleeps SECONDS and a drawn number, FROM to FROM + N - 1, of hundredths
nap() {
    draw "$3"
    sleep "$1.$(printf %02d $((drawn + $2)))"
}
# find_agents: $children are the processes of the agents of the run that start_run began; fails when it has ended. One that is being
# started again is not among them.
find_agents() {
    children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
}

# two_agents LINE...: prints a configuration of these lines and two agents, on the files that "$files" writes
two_agents() {
    printf '%s\n' "$@"
    cat <<'EOF'
corpus = "corpus.db"
questions = "questions.jsonl"
tokenizer = "tokenizer.json"
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
}

# same UNDISTURBED OTHER AGENT...: in the folders of two runs these agents have the same metrics, weights and rollouts, to the byte
same() {
    undisturbed=$1 other=$2
    shift 2
    for agent in "$@"; do
        cmp "$undisturbed/$agent/metrics.jsonl" "$other/$agent/metrics.jsonl" || fail "the $agent agent's metrics differ in $other"
        cmp "$undisturbed/$agent/model/$weights" "$other/$agent/model/$weights" || fail "the $agent agent's weights differ in $other"
        for log in "$undisturbed/$agent/rollouts"/*.gz; do
            cmp "$log" "$other/$agent/rollouts/${log##*/}" || fail "the $agent agent's rollouts differ in $other"
        done
    done
}
