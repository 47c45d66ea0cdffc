#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make check-hosts: planner, search agent and store, each in a network namespace of its own, over links that are fast, slow, late
# and down: the bits of one host. Prints a table, tab-separated. For root, on Linux; not part of make check.
#
#   planner 10.77.1.2 --- 10.77.1.1 store 10.77.2.1 --- 10.77.2.2 search
set -eu
skip() { echo "check_hosts: $*: skipped"; exit 77; }
[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
for tool in ip tc redis-server redis-cli setpriv python3; do
    command -v $tool >/dev/null || skip "$tool is missing"
done

. "${srcdir:-.}/tests/system/run_case.sh"
. "${srcdir:-.}/tests/system/redis_case.sh"
id=mg$$
release() {
    for n in planner search store; do ip netns del "$id$n" 2>/dev/null || :; done
}

# ---- Namespaces ----
ip netns add "${id}store" 2>/dev/null || skip "namespaces cannot be made here"
ip -n "${id}store" link set lo up
net=0
for n in planner search; do
    net=$((net + 1))
    ip netns add "$id$n"
    ip -n "$id$n" link set lo up
    ip -n "$id$n" link add uplink type veth peer name "$n" netns "${id}store"
    ip -n "$id$n" addr add "10.77.$net.2/24" dev uplink
    ip -n "$id$n" link set uplink up
    ip -n "${id}store" addr add "10.77.$net.1/24" dev "$n"
    ip -n "${id}store" link set "$n" up
done
# on HOST COMMAND...: runs it there, and not longer than this script
on() {
    host=$1
    shift
    ip netns exec "$id$host" setpriv --pdeathsig KILL "$@"
}

# ---- The store, and a proxy that is 50 ms late in both directions, at port 7703 ----
server_conf 7702 10.77.1.1 10.77.2.1
on store redis-server "$dir/redis.conf" >/dev/null 2>&1 &
pids="$pids $!"
cat >"$dir/late.py" <<'EOF'
import asyncio
LATE = 0.05

async def pump(reader, writer):
    loop, queue = asyncio.get_running_loop(), asyncio.Queue(1024)
    async def send():
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                return writer.close()
            writer.write(data)
            await writer.drain()
    task = loop.create_task(send())
    while True:
        data = await reader.read(65536)
        await queue.put((loop.time() + LATE, data))
        if not data:
            return await task

async def serve(reader, writer):
    there, back = await asyncio.open_connection("10.77.1.1", 7702)
    await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)

async def main():
    for address in ("10.77.1.1", "10.77.2.1"):
        await asyncio.start_server(serve, address, 7703)
    await asyncio.Event().wait()

asyncio.run(main())
EOF
on store python3 "$dir/late.py" 2>"$dir/out_late" &
pids="$pids $!"

# ---- Runs ----
"$files" "$dir"
# conf [LINE]: a configuration with one more line
conf() {
    two_agents "$@" "steps = 12" "step_questions = 8" "rollouts = 4" "eval_questions = 20" "eval_every = 10" "checkpoint_every = 3"
}
now() { date +%s.%N; }
since() { echo "$(now) $1" | awk '{ printf "%.1f", $1 - $2 }'; }
bytes() { ip netns exec "${id}store" cat "/sys/class/net/$1/statistics/rx_bytes" "/sys/class/net/$1/statistics/tx_bytes" 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'; }

conf >"$dir/one.conf"
start=$(now)
"$mgrpo" train --quiet --run "$dir/one" "$dir/one.conf" >"$dir/out" 2>&1 || fail "the run on one host failed"
printf 'link\tseconds\tbytes_planner\tbytes_search\toutages_told\tbits\n'
printf 'one host, SQLite\t%s\t-\t-\t-\t-\n' "$(since "$start")"

# play LINK PORT [COMMAND]: a run over these links; COMMAND is run beside it
export MGRPO_REDIS_PASSWORD=secret
runs=0
play() {
    runs=$((runs + 1))
    run=$dir/run$runs
    conf "store = \"redis://agent@10.77.1.1:$2/0/r$runs\"" >"$dir/planner$runs.conf"
    conf "store = \"redis://agent@10.77.2.1:$2/0/r$runs\"" >"$dir/search$runs.conf"
    start=$(now) planner=$(bytes planner) search=$(bytes search)
    timeout 600 ip netns exec "${id}planner" setpriv --pdeathsig KILL "$mgrpo" agent --conf "$dir/planner$runs.conf" main "$run.planner" >"$dir/out_main" 2>&1 &
    main=$!
    timeout 600 ip netns exec "${id}search" setpriv --pdeathsig KILL "$mgrpo" agent --conf "$dir/search$runs.conf" search "$run.search" >"$dir/out_search" 2>&1 &
    called=$!
    pids="$pids $main $called"
    [ -z "${3:-}" ] || $3
    wait "$main" || fail "$1: the planner failed"
    wait "$called" || fail "$1: the search agent failed"
    seconds=$(since "$start")
    same "$dir/one" "$run.planner" main
    same "$dir/one" "$run.search" search
    told=$(cat "$dir/out_main" "$dir/out_search" | grep -c 'waiting, for' || :)
    printf '%s\t%s\t%s\t%s\t%s\tsame\n' "$1" "$seconds" "$(($(bytes planner) - planner))" "$(($(bytes search) - search))" "$told"
}

link_falls() {
    sleep 0.7
    ip -n "${id}search" link set uplink down
    sleep 20
    ip -n "${id}search" link set uplink up
}
play "direct" 7702
play "50 ms late, each way" 7703
ip netns exec "${id}search" tc qdisc add dev uplink root tbf rate 64kbit burst 2kb limit 3000
ip netns exec "${id}store" tc qdisc add dev search root tbf rate 64kbit burst 2kb limit 3000
play "64 kbit/s to the search agent" 7702
ip netns exec "${id}search" tc qdisc del dev uplink root
ip netns exec "${id}store" tc qdisc del dev search root
play "down for 20 s to the search agent" 7702 link_falls
