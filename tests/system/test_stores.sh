#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One run over SQLite, and the same over a Redis server: left alone; with agents and the server killed and the server
# stopped; and with each agent in a folder of its own, as on hosts that share no files. Weights, metrics and rollouts are
# the same bytes. Who comes to a run with other files or another configuration is told what differs.
set -eu
. "${srcdir:-.}/tests/system/run_case.sh"
. "${srcdir:-.}/tests/system/redis_case.sh"
! redis_missing || exit 77
kills=${KILLS:-8}
open_server

# ---- Runs ----
# conf FILE LINE...: a configuration with more lines
conf() {
    file=$1
    shift
    two_agents "$@" "steps = 20" "step_questions = 8" "rollouts = 4" "eval_questions = 20" "eval_every = 10" "checkpoint_every = 3" >"$dir/$file"
}

"$files" "$dir"
conf sqlite.conf
"$mgrpo" train --quiet --run "$dir/sqlite" "$dir/sqlite.conf" >"$dir/out" 2>&1 || fail "the run over SQLite failed"

conf calm.conf "$(store calm)"
"$mgrpo" train --quiet --run "$dir/redis" "$dir/calm.conf" >"$dir/out" 2>&1 || fail "the run over Redis failed"
same "$dir/sqlite" "$dir/redis" main search
[ ! -e "$dir/redis/store.db" ] || fail "a run over Redis has a file"
! grep -rq secret "$dir/redis" || fail "the password is in the folder of the run"

# ---- Agents and the server are killed, the server is stopped ----
conf broken.conf "$(store broken)"
done_kills=0 server_kills=0 starts=0
while :; do
    start_run "$dir/broken" "$dir/broken.conf"
    starts=$((starts + 1))
    while [ "$done_kills" -lt "$kills" ]; do
        nap 0 5 15
        find_agents || break
        draw 5
        case $drawn in
        0) kill -9 "$pid" 2>/dev/null || break ;;
        1) kill -9 ${children%% *} 2>/dev/null || continue ;;
        2) kill -STOP "$server" && sleep 1 && kill -CONT "$server" ;;
        *) kill_server && sleep 0.2 && start_server || fail "the server does not start again"
           server_kills=$((server_kills + 1)) ;;
        esac
        done_kills=$((done_kills + 1))
        [ "$drawn" != 0 ] || break
    done
    await_run
    case $status in
    0) break ;;
    137) [ "$starts" -le $((kills + 1)) ] || fail "the disturbed run does not end" ;;
    *) fail "the disturbed run ended with status $status after $done_kills kills" ;;
    esac
done
same "$dir/sqlite" "$dir/broken" main search
[ "$done_kills" -ge 2 ] || fail "only $done_kills kills before the run ended"

# ---- Each agent with files and a folder of its own ----
conf here.conf "$(store hosts)"
mkdir "$dir/there"
for file in corpus.db questions.jsonl tokenizer.json config.json model.safetensors; do
    cp "$dir/$file" "$dir/there"
done
conf there/there.conf "$(store hosts)"
"$mgrpo" agent --conf "$dir/here.conf" main "$dir/here_run" >"$dir/out_main" 2>&1 &
main=$!
"$mgrpo" agent --conf "$dir/there/there.conf" search "$dir/there_run" >"$dir/out_search" 2>&1 &
search=$!
pids="$main $search"
wait "$main" || fail "the main agent failed on its host"
wait "$search" || fail "the search agent failed on its host"
pids=
same "$dir/sqlite" "$dir/here_run" main
same "$dir/sqlite" "$dir/there_run" search
[ ! -e "$dir/here_run/search" ] && [ ! -e "$dir/there_run/main" ] || fail "a host has another's folder"

# refused SENTENCE RUN: an agent of the configuration in there/ is refused
refused() {
    status=0
    "$mgrpo" agent --conf "$dir/there/there.conf" search "$dir/$2" >"$dir/out" 2>&1 || status=$?
    [ "$status" -eq 2 ] && grep -q "$1" "$dir/out" || fail "status $status where \"$1\" was to be told"
}
sed -i '$d' "$dir/there/questions.jsonl"
refused "^mgrpo agent: the questions .* has the digest" other1
cp "$dir/questions.jsonl" "$dir/there"
printf x >>"$dir/there/corpus.db"
refused "^mgrpo agent: the corpus .* has the digest" other2
cp "$dir/corpus.db" "$dir/there"
conf there/there.conf "$(store hosts)" "seed = 7"
refused "another configuration: seed: 7, was 1" other3
conf there/there.conf "store = \"redis://agent:secret@127.0.0.1:$port/0/hosts\""
refused "could be read by others" other4
! grep -q "secret@" "$dir/out" || fail "the password is told"
echo "test_stores: $done_kills kills, $server_kills of them of the server, $starts starts: the same over SQLite and Redis," \
    "in one folder and in two"
