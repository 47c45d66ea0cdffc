# SPDX-License-Identifier: Apache-2.0
# Sourced by tests that kill a run at random moments, one of its agents or all of it, and let it go on: at the end weights, metrics and
# rollouts are those of a run that nobody disturbed. Set before: $agents, the names; $mgrpo and $weights for another program than the fake
# one; $seconds, the least between two kills (0 if it is not set). Then make "$dir/run.conf" and what it names, and call disturb KILLS.
. "${srcdir:-.}/tests/system/run_case.sh"

disturb() {
    kills=$1
    "$mgrpo" train --quiet --run "$dir/whole" "$dir/run.conf" >"$dir/out" 2>&1 || fail "the undisturbed run failed"
    # On a busy machine a run may end before it was killed often enough: then another one is disturbed.
    done_kills=0
    runs=0
    rounds=0
    while :; do
        start_run "$dir/broken" "$dir/run.conf"
        runs=$((runs + 1))
        while [ "$done_kills" -lt "$kills" ]; do
            nap "${seconds:-0}" 3 12
            find_agents || break
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
        await_run
        case $status in
        0)
            same "$dir/whole" "$dir/broken" $agents
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
    echo "$test: $done_kills kills, $runs starts, $rounds runs: the same weights, metrics and rollouts"
}
