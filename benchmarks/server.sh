# The update server beside nginx on the same machine, in turns: check-ins with the
# decision beside a static 304, and beside nginx with the documents' PHP script; fleets of
# 1,000 to 1,000,000 devices; downloads beside sendfile; 10,000 slow ones, or as many as the
# limit of descriptors allows; check-ins while a rollout runs and downloads go on; TLS
# handshakes; two servers on a private PostgreSQL beside one on it. Prints rows for ./bench.
# Figures are medians of three rounds; where a rate is limited by the program that makes the load,
# or by the machine's processors, a line says so.
#   LOAD_MS=N       for each measurement (default 3000)
#   LOAD_FLEET=N    devices of the large fleet (default 1000000)
#   LOAD_PARTS="…"  some of: check_ins downloads slow mixed tls nodes fleet (default: all)
need_packages nginx-light php-fpm curl
configure "$BUILD/bench" -Dtests=false -Dbenchmarks=true -Dbuildtype=release
ninja -C "$BUILD/bench" updraft benchmarks/load benchmarks/fill >"$BUILD/bench/ninja.log" 2>&1 ||
    die "the benchmark was not built, see build/bench/ninja.log"

LOAD_MS=${LOAD_MS:-3000}
LOAD_FLEET=${LOAD_FLEET:-1000000}
ROUNDS=3
# For so long the server gathers when devices asked, to write it in the time of the same length
# after that (server/fleet/fleet_heard.c).
GATHER_MS=15000
# Each takes two descriptors of the server, which keeps some for itself.
ulimit -n "$(ulimit -Hn)"
SLOW=$(($(ulimit -n) / 2 - 200))
[ $SLOW -le 10000 ] || SLOW=10000
WORLD=$(mktemp -d "${TMPDIR:-/tmp}/updraft-bench.XXXXXX")
chmod 755 "$WORLD" # nginx's workers are somebody else
UPDRAFT_BENCH=$BUILD/bench/updraft
export UPDRAFT_TOKEN_FILE=$WORLD/data/operator.token

server_pid='' node_pid='' nginx_pid='' php_pid=''
end_world() {
    local pid
    trap - EXIT
    for pid in $server_pid $node_pid $nginx_pid $php_pid; do kill "$pid" 2>/dev/null; done
    wait 2>/dev/null
    [ -z "${POSTGRES_FOLDER:-}" ] || postgres_cleanup
    rm -rf "$WORLD"
}
trap end_world EXIT

# start_server_in FOLDER [options]: sets SERVER, port and server_pid.
start_server_in() {
    local data=$1 tries
    shift
    : >"$WORLD/server.out"
    "$UPDRAFT_BENCH" serve --data "$data" --listen 127.0.0.1:0 "$@" >"$WORLD/server.out" 2>"$WORLD/server.log" &
    server_pid=$!
    for tries in $(seq 6000); do
        SERVER=$(sed -n 's|^dashboard: \(https*://[^/]*\)/.*|\1|p' "$WORLD/server.out")
        [ -n "$SERVER" ] && break
        kill -0 $server_pid 2>/dev/null || die "the server did not start: $(tail -n 1 "$WORLD/server.log")"
        sleep 0.01
    done
    port=${SERVER##*:}
}

start_server() { start_server_in "$WORLD/data" "$@"; }

stop_server() {
    kill "$server_pid"
    wait "$server_pid" 2>/dev/null
    server_pid=''
}

# A port that nobody has: the kernel's choice, freed again.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start_nginx() {
    local php
    nginx_port=$(free_port)
    tls_port=$(free_port)
    php=$(compgen -c php-fpm | head -n 1)
    mkdir -p "$WORLD/www"
    echo >"$WORLD/www/update"
    cp "$WORLD/demo.bin" "$WORLD/www/"
    cp "$PROJECT_ROOT/benchmarks/checkin.php" "$WORLD/www/"
    cat >"$WORLD/php.conf" <<END
[global]
daemonize = no
error_log = $WORLD/php.log
[www]
listen = $WORLD/php.sock
listen.mode = 0666
pm = static
pm.max_children = 5
END
    [ "$(id -u)" -ne 0 ] || printf 'user = root\ngroup = root\n' >>"$WORLD/php.conf"
    "$php" -R -F -y "$WORLD/php.conf" >/dev/null 2>&1 &
    php_pid=$!
    cat >"$WORLD/nginx.conf" <<END
worker_processes $(nproc);
daemon off;
pid $WORLD/nginx.pid;
error_log $WORLD/nginx.log;
events { worker_connections 20000; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    client_body_temp_path $WORLD/t1; proxy_temp_path $WORLD/t2; fastcgi_temp_path $WORLD/t3;
    uwsgi_temp_path $WORLD/t4; scgi_temp_path $WORLD/t5;
    server {
        listen 127.0.0.1:$nginx_port backlog=4096;
        listen 127.0.0.1:$tls_port ssl;
        ssl_certificate $WORLD/tls.crt;
        ssl_certificate_key $WORLD/tls.key;
        root $WORLD/www;
        location = /checkin.php {
            fastcgi_pass unix:$WORLD/php.sock;
            include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $WORLD/www/checkin.php;
        }
    }
}
END
    nginx -c "$WORLD/nginx.conf" 2>/dev/null &
    nginx_pid=$!
    for _ in $(seq 100); do [ -s "$WORLD/nginx.pid" ] && [ -S "$WORLD/php.sock" ] && break; sleep 0.1; done
    nginx_pids="$(pgrep -P $nginx_pid | tr '\n' ' ')"
    php_pids="$(pgrep -P $php_pid | tr '\n' ' ')"
}

# load PORT KIND CONNECTIONS DEVICES PATH PID…: prints NAME=VALUE pairs.
load() {
    local port=$1 kind=$2 connections=$3 devices=$4 path=$5
    shift 5
    "$BUILD/bench/benchmarks/load" "$port" "$kind" "$connections" "$LOAD_MS" "$devices" "$path" "$@"
}

# rounds NAME: measures ours and theirs in turns; the functions measure_ours and
# measure_theirs say how.
rounds() {
    local round
    : >"$WORLD/$1.ours"
    : >"$WORLD/$1.theirs"
    for round in $(seq $ROUNDS); do
        measure_ours >>"$WORLD/$1.ours"
        measure_theirs >>"$WORLD/$1.theirs"
    done
    grep -hv 'failures=0 ' "$WORLD/$1.ours" "$WORLD/$1.theirs" | sed "s/^/bench: in $1: /" >&2
    awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^own=/ && substr($i, 5) + 0 > 0.9) limited = 1 }
         END { exit !limited }' "$WORLD/$1.ours" && say "bench: in $1 the program that makes the load is the limit"
    return 0
}

# median FILE FIELD
median() {
    sed -n "s/.*\\b$2=\\([0-9.]*\\).*/\\1/p" "$1" | sort -n |
        awk '{ values[NR] = $1 } END { print NR ? values[int((NR + 1) / 2)] : 0 }'
}

# row TEXT NAME FIELD UNIT BUDGET
row() { printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$(median "$WORLD/$2.ours" "$3")" "$4" "$(median "$WORLD/$2.theirs" "$3")" "$5"; }

nginx_static() { load "$nginx_port" "$1" 64 1000 /update $nginx_pids; }
nginx_php() { load "$nginx_port" poll 16 1 /checkin.php $nginx_pids $php_pids; }

compare_check_ins() {
    measure_ours() { load "$port" poll 64 1000 /update "$server_pid"; }
    measure_theirs() { nginx_static poll; }
    rounds poll
    row "CPU per check-in, HTTP/1.0, beside a static 304" poll cpu_us us "<= 1.3x"
    row "check-ins per second, HTTP/1.0" poll per_s 1/s -
    row "latency of a check-in, 99 of 100, 64 at once" poll p99_us us -
    measure_theirs() { nginx_php; }
    rounds php
    row "CPU per check-in, beside nginx and the PHP script" php cpu_us us "<= 0.05x"
    measure_ours() { load "$port" keep 64 1000 /update "$server_pid"; }
    measure_theirs() { nginx_static keep; }
    rounds keep
    row "CPU per check-in, kept connections" keep cpu_us us -
    row "check-ins per second, kept connections" keep per_s 1/s ">= 0.8x"
}

compare_downloads() {
    measure_ours() { load "$port" get 16 1 /firmware/demo "$server_pid"; }
    measure_theirs() { load "$nginx_port" get 16 1 /demo.bin $nginx_pids; }
    rounds get
    row "downloads of 400 KB per second, beside sendfile" get per_s 1/s ">= 0.95x"
    row "CPU per download" get cpu_us us -
}

# Kernel memory of the server's connections, bytes each: what `ss` calls skmem's w and f.
send_buffers() {
    ss -tmn state established "( sport = :$port )" | sed -n 's/.*skmem:(\([^)]*\)).*/\1/p' | tr -d 'a-z' |
        awk -F, '{ sum += $5 + $6 } END { print NR ? int(sum / NR) : 0 }'
}

resident_kb() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$server_pid/status"; }

compare_slow() {
    local slow_pid
    LOAD_MS=20000 load "$port" slow $SLOW 1 /firmware/demo "$server_pid" >"$WORLD/slow" &
    slow_pid=$!
    sleep 12
    printf 'send buffer of a slow download, kernel\t%s\tB\t-\t<= 41984\n' "$(send_buffers)"
    load "$port" poll 8 1000 /update "$server_pid" >"$WORLD/beside"
    printf 'check-ins beside %s slow downloads, 99 of 100\t%s\tus\t-\t<= 50000\n' $SLOW "$(median "$WORLD/beside" p99_us)"
    printf 'resident memory with %s slow downloads\t%s\tKB\t-\t<= 102400\n' $SLOW "$(resident_kb)"
    wait $slow_pid
    grep -q "failures=0 .*open=$SLOW" "$WORLD/slow" || say "bench: slow downloads: $(cat "$WORLD/slow")"
}

# load_later PORT PID COUNT: what is written while it is measured was gathered before.
load_later() {
    LOAD_MS=$((GATHER_MS + 1000)) load "$1" poll 64 "$3" /update >"$WORLD/before"
    LOAD_MS=$GATHER_MS load "$1" poll 64 "$3" /update "$2"
}

# Asks for what a dashboard shows, again and again.
watch_overview() {
    local token
    token=$(cat "$UPDRAFT_TOKEN_FILE")
    while curl -sS -o "$WORLD/overview" -H "Authorization: Bearer $token" "$SERVER/api/v1/overview"; do :; done
}

# load_beside_operators COUNT: check-ins while two of them look at all devices without a pause.
load_beside_operators() {
    local first second
    watch_overview & first=$!
    watch_overview & second=$!
    load "$port" poll 8 "$1" /update "$server_pid" >"$WORLD/operators"
    kill $first $second
    wait $first $second 2>/dev/null
}

# compare_sizes COUNT: a server with so many devices beside the one with 1,000, in turns.
compare_sizes() {
    local count=$1 small_port started
    stop_server
    rm -rf "$WORLD/large"
    cp -a "$WORLD/data" "$WORLD/large"
    "$BUILD/bench/benchmarks/fill" "$WORLD/large/updraft.db" "$count" || die "the fleet was not entered"
    start_server
    node_pid=$server_pid small_port=$port
    started=$(date +%s%N)
    start_server_in "$WORLD/large"
    start_ms=$((($(date +%s%N) - started) / 1000000))
    start_cpu_ms=$(($(spent_ns "$server_pid") / 1000000))
    start_kb=$(resident_kb)
    measure_ours() { load_later "$port" "$server_pid" "$count"; }
    measure_theirs() { load_later "$small_port" "$node_pid" 1000; }
    rounds "fleet-$count"
    load_beside_operators "$count"
    stop_server
    server_pid=$node_pid port=$small_port node_pid=''
}

# Rates and memory with larger fleets, beside those with 1,000 devices.
compare_fleet() {
    if [ "$LOAD_FLEET" -gt 100000 ]; then
        compare_sizes 100000
        row "CPU per check-in with 100000 devices, beside 1,000" fleet-100000 cpu_us us -
    fi
    compare_sizes "$LOAD_FLEET"
    printf 'start with %s devices\t%s\tms\t-\t<= 5000\n' "$LOAD_FLEET" $start_ms
    printf 'CPU of that start\t%s\tms\t-\t-\n' $start_cpu_ms
    printf 'memory a device\t%s\tB\t-\t<= 300\n' $(((start_kb - resident_at_start) * 1024 / LOAD_FLEET))
    row "CPU per check-in with $LOAD_FLEET devices, beside 1,000" "fleet-$LOAD_FLEET" cpu_us us "<= 1.11x"
    printf 'check-ins beside two who count %s devices all the time, 99 of 100\t%s\tus\t-\t<= 50000\n' \
        "$LOAD_FLEET" "$(median "$WORLD/operators" p99_us)"
}

# Check-ins while a rollout offers its first stage a release and others download.
compare_mixed() {
    local get_pid
    python3 "$PROJECT_ROOT/tests/lib/make_image.py" "$WORLD/next.bin" --project demo --version 2.0.0 --size 400000
    "$UPDRAFT_BENCH" publish "$WORLD/next.bin" --product demo --version 2.0.0 --channel next --server "$SERVER" >"$WORLD/said" &&
        "$UPDRAFT_BENCH" rollout start --product demo --version 2.0.0 --stages 5%,100% --server "$SERVER" >"$WORLD/said" ||
        die "no rollout could be started: $(cat "$WORLD/said")"
    load "$port" get 4 1 /firmware/demo "$server_pid" >"$WORLD/mixed.get" &
    get_pid=$!
    load "$port" poll 8 1000 /update "$server_pid" >"$WORLD/mixed"
    wait $get_pid
    printf 'check-ins in a rollout, beside downloads, half of them\t%s\tus\t-\t-\n' "$(median "$WORLD/mixed" p50_us)"
    printf 'check-ins in a rollout, beside downloads, 99 of 100\t%s\tus\t-\t-\n' "$(median "$WORLD/mixed" p99_us)"
}

# Nanoseconds that the threads of processes have been on a processor.
spent_ns() {
    local pid
    for pid; do cat "/proc/$pid/task/"*/schedstat; done | awk '{ sum += $1 } END { printf "%.0f", sum }'
}

# handshakes PORT PID…: full handshakes one after the other, TLS 1.2 as devices speak it.
handshakes() {
    local port=$1 before count
    shift
    before=$(spent_ns "$@")
    count=$(openssl s_time -connect "127.0.0.1:$port" -new -tls1_2 -time $(((LOAD_MS + 999) / 1000)) 2>"$WORLD/s_time.log" |
        sed -n 's/^\([0-9]*\) connections in [0-9]* real seconds.*/\1/p')
    awk -v ns=$(($(spent_ns "$@") - before)) -v count="${count:-0}" -v ms="$LOAD_MS" \
        'BEGIN { printf "failures=0 cpu_us=%.1f per_s=%.0f\n", count ? ns / 1000 / count : 0, count * 1000 / ms }'
}

compare_tls() {
    stop_server
    start_server --tls-cert "$WORLD/tls.crt" --tls-key "$WORLD/tls.key"
    measure_ours() { handshakes "$port" "$server_pid"; }
    measure_theirs() { handshakes "$tls_port" $nginx_pids; }
    rounds tls
    row "CPU per TLS 1.2 handshake, ECDSA P-256" tls cpu_us us -
    row "TLS handshakes per second, one after the other" tls per_s 1/s -
    stop_server
    start_server
}

# What PostgreSQL has running for its servers.
database_pids() {
    local postmaster
    postmaster=$(head -n 1 "$POSTGRES_FOLDER/data/postmaster.pid")
    echo "$postmaster" $(pgrep -P "$postmaster")
}

# Lines of load that were taken at the same time, as one. A node that refuses what the other
# knows has failed.
add_up() {
    awk '{ for (i = 1; i <= NF; i++) { split($i, pair, "="); is[pair[1]] = pair[2] }
           answers += is["answers"]; failures += is["failures"] + is["refusals"]; per_s += is["per_s"]
           cpu_us += is["cpu_us"] * is["answers"]
           if (is["own"] > own) own = is["own"] }
         END { printf "failures=%d per_s=%d cpu_us=%.2f own=%.2f\n", failures, per_s, answers ? cpu_us / answers : 0, own }' "$@"
}

start_node() { start_server_in "$WORLD/node$1" --database "$POSTGRES_URL"; }

# A second server comes, takes half of the load, and goes.
measure_two_nodes() {
    local first_port=$port
    node_pid=$server_pid
    start_node 2
    load "$first_port" poll 32 1000 /update "$node_pid" $(database_pids) >"$WORLD/half" &
    load "$port" poll 32 1000 /update "$server_pid" >"$WORLD/other_half"
    wait $!
    add_up "$WORLD/half" "$WORLD/other_half"
    stop_server
    server_pid=$node_pid port=$first_port node_pid=''
}

measure_one_node() {
    load "$port" poll 64 1000 /update "$server_pid" $(database_pids) >"$WORLD/half"
    add_up "$WORLD/half"
}

# A database with the release and 1,000 devices, and one server on it.
start_cluster() {
    . "$PROJECT_ROOT/tests/lib/postgres.sh"
    postgres_start >"$WORLD/said" 2>&1 || die "PostgreSQL did not start: $(tail -n 1 "$WORLD/said")"
    mkdir "$WORLD/node1" "$WORLD/node2"
    cp -p "$WORLD/data/operator.token" "$WORLD/node1/"
    cp -p "$WORLD/data/operator.token" "$WORLD/node2/"
    start_node 1
    publish_demo
    stop_server
    "$BUILD/bench/benchmarks/fill" "$POSTGRES_URL" 1000 || die "the fleet was not entered into PostgreSQL"
    start_node 1
}

# Two servers on one database beside one server on it, with as many devices and connections.
compare_nodes() {
    (need_packages postgresql) || { say "bench: two nodes beside one: left out, PostgreSQL is not here"; return; }
    stop_server
    start_cluster
    measure_ours() { measure_two_nodes; }
    measure_theirs() { measure_one_node; }
    rounds nodes
    [ "$(nproc)" -ge 4 ] || say "bench: two nodes and two loads share $(nproc) processors: their rate says little, CPU per check-in does"
    row "check-ins per second, two nodes beside one" nodes per_s 1/s -
    row "CPU per check-in, two nodes and their database" nodes cpu_us us -
    stop_server
    postgres_stop
    start_server
}

publish_demo() {
    "$UPDRAFT_BENCH" publish "$WORLD/demo.bin" --product demo --version 1.0.0 --server "$SERVER" >"$WORLD/said" ||
        die "nothing could be published"
}

make_world() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -keyout "$WORLD/tls.key" -out "$WORLD/tls.crt" 2>"$WORLD/openssl.log" || die "no certificate: $(cat "$WORLD/openssl.log")"
    python3 "$PROJECT_ROOT/tests/lib/make_image.py" "$WORLD/demo.bin" --project demo --version 1.0.0 --size 400000
    LOAD_MD5=$(md5sum <"$WORLD/demo.bin" | cut -c1-32)
    export LOAD_MD5
    start_server
    publish_demo
    stop_server
    "$BUILD/bench/benchmarks/fill" "$WORLD/data/updraft.db" 1000 || die "the fleet was not entered"
    start_server
    resident_at_start=$(resident_kb)
    start_nginx
}

make_world
for part in ${LOAD_PARTS:-check_ins downloads slow mixed tls nodes fleet}; do "compare_$part"; done
