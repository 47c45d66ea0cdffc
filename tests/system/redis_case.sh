# SPDX-License-Identifier: Apache-2.0
# Sourced after run_case.sh by tests that need a Redis server: starts one on $port that does not outlive the script, with the rights that
# mgrpo-store(5) asks for and no more, and a password that is nowhere but in the environment. Without Redis or setpriv, redis_missing
# says which.

server=
release() { [ -z "$server" ] || kill -9 "$server" 2>/dev/null || :; }

redis_missing() {
    for tool in redis-server redis-cli setpriv; do
        command -v $tool >/dev/null || { echo "$tool is missing"; return 0; }
    done
    return 1
}
says() { redis-cli --no-auth-warning -p "$port" --user admin --pass admin "$@" 2>/dev/null; }
start_server() {
    setpriv --pdeathsig KILL redis-server "$dir/redis.conf" >/dev/null 2>&1 &
    server=$!
    tries=0
    until says PING | grep -q PONG; do
        kill -0 "$server" 2>/dev/null && [ "$tries" -lt 200 ] || return 1
        tries=$((tries + 1))
        sleep 0.05
    done
}
kill_server() {
    kill -9 "$server"
    wait "$server" 2>/dev/null || :
}
# server_conf PORT ADDRESS...: the server's files in "$dir"
server_conf() {
    port=$1
    shift
    rights='+auth +select +info +script|load +eval +evalsha +get +set +pexpire +hget +hset +hsetnx +hincrby +hlen +xadd
        +xlen +xrange +xread +config|get'
    cat >"$dir/users" <<EOU
user default off ~* &* +@all
user admin on >admin ~* &* +@all
user agent on >secret resetkeys ~mg:* resetchannels -@all $(echo $rights)
EOU
    cat >"$dir/redis.conf" <<EOU
port $port
bind $*
dir $dir
logfile $dir/log
aclfile $dir/users
appendonly yes
appendfsync always
save ""
EOU
}
# The first start, on a port that is free.
open_server() {
    for try in 1 2 3 4 5; do
        draw 20000
        server_conf $((20000 + drawn)) 127.0.0.1
        start_server && break
        [ "$try" -lt 5 ] || fail "no server starts"
    done
    export MGRPO_REDIS_PASSWORD=secret
}
# store NAME: the line of a configuration
store() { echo "store = \"redis://agent@127.0.0.1:$port/0/$1\""; }
