# Several servers on one database, reached by way of HAProxy. Source it after server.sh,
# postgres.sh and proxies.sh.
#   nodes_start COUNT [options]   node 1 to COUNT; sets SERVER and TOKEN to node 1
#   node_stop N [SIGNAL]          and waits until it is gone
#   node_resume N                 starts it again on what it has, where it was
#   on N                          api and the like go to this one
#   node_of N, pid_of N           its ADDR:PORT, its process

NODE_OPTIONS=()
node_addresses=()
node_pids=()

node_of() { echo "${node_addresses[$1]}"; }
pid_of() { echo "${node_pids[$1]}"; }
on() { SERVER=http://${node_addresses[$1]}; }

# On the port it had, if it had one; with the token that all have.
node_resume() {
    local data=node$1
    mkdir -p "$TAP_TMP/$data"
    [ ! -e "$TAP_TMP/node1/operator.token" ] || [ -e "$TAP_TMP/$data/operator.token" ] ||
        cp -p "$TAP_TMP/node1/operator.token" "$TAP_TMP/$data/"
    SERVER_PORT=${node_addresses[$1]:-0}
    SERVER_PORT=${SERVER_PORT##*:}
    [ ! -e "$TAP_TMP/$data.log" ] || cat "$TAP_TMP/$data.log" >>"$TAP_TMP/$data.before"
    server_start "$data" --database "$POSTGRES_URL" ${NODE_OPTIONS[@]+"${NODE_OPTIONS[@]}"}
    node_addresses[$1]=${SERVER#http://}
    node_pids[$1]=$server_pid
}

nodes_start() {
    local count=$1 number
    shift
    NODE_OPTIONS=("$@")
    for number in $(seq "$count"); do node_resume "$number"; done
    on 1
}

node_stop() {
    kill "-${2:-TERM}" "${node_pids[$1]}" 2>/dev/null
    wait "${node_pids[$1]}" 2>/dev/null
}
