# Reverse proxies in front of three servers, configured as packaging/proxies has it. Source it
# after server.sh.
#   haproxy_start ADDR:PORT ADDR:PORT ADDR:PORT   sets FRONT; its log is haproxy.log
#   nginx_start ADDR:PORT ADDR:PORT ADDR:PORT     the same; nginx.log

. "$TAP_ROOT/tests/lib/ports.sh"

# with_addresses FILE PORT ADDR ADDR ADDR: the configuration, for this machine.
with_addresses() {
    sed -e "s/10\.0\.0\.11:8266/$3/; s/10\.0\.0\.12:8266/$4/; s/10\.0\.0\.13:8266/$5/" \
        -e "s/bind 0\.0\.0\.0:80/bind 127.0.0.1:$2/; s/listen 80;/listen 127.0.0.1:$2;/" "$1"
}

# Waits until whatever was started under the pid listens there.
wait_for_port() { # PID PORT LOG
    local tries
    for tries in $(seq 600); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then return 0; fi
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    echo "Bail out! nothing listens on port $2: $(cat "$3")"
    exit 1
}

# HAPROXY_MORE: lines for its frontend.
haproxy_start() {
    local port
    port=$(free_port)
    with_addresses "$TAP_ROOT/packaging/proxies/haproxy.cfg" "$port" "$@" >"$TAP_TMP/haproxy.cfg"
    [ -z "${HAPROXY_MORE:-}" ] ||
        sed -i "/^frontend/r /dev/fd/3" "$TAP_TMP/haproxy.cfg" 3<<<"$HAPROXY_MORE"
    haproxy -db -f "$TAP_TMP/haproxy.cfg" >"$TAP_TMP/haproxy.log" 2>&1 &
    haproxy_pid=$!
    tap_background $haproxy_pid
    wait_for_port $haproxy_pid "$port" "$TAP_TMP/haproxy.log"
    FRONT=http://127.0.0.1:$port
}

nginx_start() {
    local port
    port=$(free_port)
    {
        printf 'daemon off;\npid %s/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n' "$TAP_TMP"
        printf '%s_temp_path %s;\n' client_body "$TAP_TMP/nginx-body" proxy "$TAP_TMP/nginx-proxy" \
            fastcgi "$TAP_TMP/nginx-fcgi" uwsgi "$TAP_TMP/nginx-uwsgi" scgi "$TAP_TMP/nginx-scgi"
        with_addresses "$TAP_ROOT/packaging/proxies/nginx.conf" "$port" "$@"
        echo '}'
    } >"$TAP_TMP/nginx.conf"
    chmod 755 "$TAP_TMP" # its workers are somebody else
    nginx -p "$TAP_TMP" -c "$TAP_TMP/nginx.conf" >"$TAP_TMP/nginx.log" 2>&1 &
    nginx_pid=$!
    tap_background $nginx_pid
    wait_for_port $nginx_pid "$port" "$TAP_TMP/nginx.log"
    FRONT=http://127.0.0.1:$port
}
