# SPDX-License-Identifier: Apache-2.0
# Sourced by tests that kill a run at random moments, one of its agents or all of it, and let it go on: at the end weights, metrics and
# rollouts are those of a run that nobody disturbed. Set before: $mgrpo, the program; $agents, the names; $weights, the file of an agent's
# weights in its model's folder; $seconds, the least between two kills (0 if it is not set). Then make "$dir/run.conf" and what it names,
# and call disturb KILLS.

seed=${SEED:-$(date +%s)}
name=$(basename "$0" .sh)
dir=$(mktemp -d "${TMPDIR:-/tmp}/$name.XXXXXX")
pid=
trap 'status=$?; [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || :; rm -rf "$dir"; exit $status' EXIT
trap 'exit 1' INT TERM

fail() {
    echo "$name: $* (seed $seed)" >&2
    tail -n 5 "$dir"/broken/*.log "$dir"/out >&2 2>/dev/null || :
    exit 1
}

# draw N: a number from 0 to N - 1
state=$((seed % 2147483647))
draw() {
    state=$(((state * 48271 + 11) % 2147483647))
    drawn=$((state / 7 % $1))
}

# The run that was disturbed has ended: nothing tells it from the other.
compare() {
    for agent in $agents; do
        cmp "$dir/whole/$agent/metrics.jsonl" "$dir/broken/$agent/metrics.jsonl" || fail "the $agent agent's metrics differ"
        cmp "$dir/whole/$agent/model/$weights" "$dir/broken/$agent/model/$weights" || fail "the $agent agent's weights differ"
        for log in "$dir/whole/$agent/rollouts"/*; do
            cmp "$log" "$dir/broken/$agent/rollouts/${log##*/}" || fail "the $agent agent's rollouts differ"
        done
    done
}

disturb() {
    kills=$1
    "$mgrpo" train --quiet --run "$dir/whole" "$dir/run.conf" >"$dir/out" 2>&1 || fail "the undisturbed run failed"
    # On a busy machine a run may end before it was killed often enough: then another one is disturbed.
    done_kills=0
    runs=0
    rounds=0
    while :; do
        "$mgrpo" train --quiet --run "$dir/broken" "$dir/run.conf" >"$dir/out" 2>&1 &
        pid=$!
        runs=$((runs + 1))
        while [ "$done_kills" -lt "$kills" ]; do
            draw 12
            sleep "${seconds:-0}.$(printf %02d $((drawn + 3)))"
            # the agents are the children; the list is empty while one is being started again
            children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null) || break
            draw 4
            case $drawn in
            0) victim=$pid signal=KILL ;;
            1) victim=$pid signal=INT ;;
            2) victim=${children%% *} signal=KILL ;;
            *) victim=${children% } victim=${victim##* } signal=KILL ;;
            esac
            [ -n "$victim" ] && kill -s "$signal" "$victim" 2>/dev/null || continue
            done_kills=$((done_kills + 1))
            [ "$victim" != "$pid" ] || break
        done
        status=0
        wait "$pid" 2>/dev/null || status=$?
        pid=
        case $status in
        0)
            compare
            rounds=$((rounds + 1))
            [ "$done_kills" -lt "$kills" ] || break
            [ "$rounds" -lt "$kills" ] || fail "only $done_kills of $kills kills in $rounds runs"
            rm -rf "$dir/broken"
            ;;
        3 | 137) ;;
        *) fail "the disturbed run ended with status $status after $done_kills kills" ;;
        esac
        [ "$runs" -le $((2 * kills + 1)) ] || fail "the disturbed run does not end"
    done
    echo "$name: $done_kills kills, $runs starts, $rounds runs: the same weights, metrics and rollouts"
}
