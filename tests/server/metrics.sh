# The page /metrics: its form, what it counts, and who may read it.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

MAC=5C:CF:7F:00:00:01
READER=$TAP_ROOT/tests/server/exposition.py
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/1.bin" --project demo --version 1.0.0 --size 200000
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/2.bin" --project demo --version 2.0.0 --size 600000

scrape() { curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" "$SERVER/metrics" >page; }
value() { python3 "$READER" value page "$1"; }

# becomes WHAT WANTED: a value is that, in at most a minute.
becomes() {
    local tries
    for tries in $(seq 300); do
        scrape
        [ "$(value "$1")" = "$2" ] && return
        sleep 0.2
    done
    echo "$1 is $(value "$1"), not $2"
    return 1
}

its_form_is_sound() {
    scrape
    python3 "$READER" check page
    if command -v promtool >/dev/null; then promtool check metrics <page; fi
}

only_who_may_see_gets_it() {
    expect "without a token" "$(curl -sS -o answer -w '%{http_code}' "$SERVER/metrics")" 401
    expect "with another" "$(curl -sS -o answer -w '%{http_code}' -H 'Authorization: Bearer 0123456789abcdef' "$SERVER/metrics")" 401
    expect "by POST" "$(curl -sS -o answer -w '%{http_code}' -H "Authorization: Bearer $TOKEN" -d x "$SERVER/metrics")" 405
    curl -sS -D head -o answer -H "Authorization: Bearer $TOKEN" "$SERVER/metrics"
    grep -qi '^content-type: text/plain; version=0.0.4' head
}

the_port_for_it_has_nothing_else() {
    local address
    address=$(sed -n 's/^metrics: //p' "$TAP_TMP/data.out")
    curl -sS --fail "$address" >page
    python3 "$READER" check page
    expect "the overview there" "$(curl -sS -o answer -w '%{http_code}' "${address%/metrics}/api/v1/overview")" 404
    expect "devices there" "$(curl -sS -o answer -w '%{http_code}' "${address%/metrics}/update")" 404
}

it_counts_what_happens() {
    scrape
    expect "check-ins before" "$(value 'updraft_checkins_total{code="304"}')" none
    assign $MAC '{"product": "demo"}'
    publish "$TAP_TMP/1.bin" demo 1.0.0
    ask "$(esp8266 STA-MAC=$MAC version=1.0.0)"
    ask "$(esp8266 STA-MAC=$MAC version=1.0.0)"
    ask "$(esp8266 STA-MAC=$MAC -AP-MAC)"
    publish "$TAP_TMP/2.bin" demo 2.0.0
    ask "$(esp8266 STA-MAC=$MAC version=1.0.0)"
    expect status "$status" 200
    becomes 'updraft_checkins_total{code="304"}' 2
    becomes 'updraft_checkins_total{code="403"}' 1
    becomes 'updraft_checkins_total{code="200"}' 1
    becomes 'updraft_checkin_decisions_total{state="current"}' 2
    becomes 'updraft_checkin_decisions_total{state="due"}' 1
    becomes updraft_downloads_begun_total 1
    becomes 'updraft_downloads_total{result="whole"}' 1
    becomes updraft_download_bytes_total "$(stat -c %s "$TAP_TMP/2.bin")"
    becomes updraft_downloads 0
    expect releases "$(value 'updraft_http_answers_total{code="201",interface="api"}')" 3
}

the_fleet_is_counted_by_product() {
    becomes 'updraft_devices{product="demo",state="updating"}' 1
    becomes 'updraft_devices_running{product="demo",version="1.0.0"}' 1
    ask "$(esp8266 STA-MAC=5C:CF:7F:00:00:02 version=made-up)"
    becomes 'updraft_devices{product="",state="unassigned"}' 1
    assign 5C:CF:7F:00:00:02 '{"product": "demo", "group": "far"}'
    becomes 'updraft_devices_running{product="demo",version="other"}' 1
}

a_rollout_is_there_until_it_is_over() {
    local id
    id=$("$UPDRAFT" rollout start -p demo -v 2.0.0 --group far --stages 100% --json | json id)
    becomes 'updraft_rollouts{state="running"}' 1
    becomes "updraft_rollout_devices{product=\"demo\",rollout=\"$id\",standing=\"pending\",version=\"2.0.0\"}" 1
    "$UPDRAFT" rollout cancel "$id" >/dev/null
    becomes 'updraft_rollouts{state="cancelled"}' 1
    expect "after it" "$(value "updraft_rollout_devices{product=\"demo\",rollout=\"$id\",standing=\"pending\",version=\"2.0.0\"}")" none
}

a_download_that_breaks_off_counts_as_far_as_it_came() {
    "$UPDRAFT" devices set 5C:CF:7F:00:00:03 --product demo >/dev/null
    slow_download 5C:CF:7F:00:00:03 version=1.0.0
    becomes updraft_downloads 1
    becomes 'updraft_devices{product="demo",state="updating"}' 2
    kill $slow
    becomes 'updraft_downloads_total{result="broken"}' 1
    becomes updraft_downloads 0
}

the_store_and_the_process_are_told_of() {
    scrape
    local name
    for name in updraft_store_commit_seconds_count updraft_store_wait_seconds_count updraft_store_changes_total \
        process_cpu_seconds_total process_resident_memory_bytes process_open_fds process_start_time_seconds; do
        case $(value $name) in none | 0) echo "$name is $(value $name)"; return 1 ;; esac
    done
    expect failures "$(value updraft_store_failed_changes_total)" 0
    python3 - "$(value process_start_time_seconds)" <<'END'
import sys, time
assert 0 <= time.time() - float(sys.argv[1]) < 3600, sys.argv[1]
END
    curl -sSN -H "Authorization: Bearer $TOKEN" "$SERVER/api/v1/events" >events &
    local listener=$!
    becomes updraft_event_clients 1
    kill $listener
    becomes updraft_event_clients 0
}

no_device_has_a_label() {
    scrape
    not grep -i '5C:CF' page
    ! python3 "$READER" names page | grep -iE ' (mac|device|address)( |$)'
}

trouble_with_the_disk_shows() {
    prlimit --pid "$server_pid" --fsize=0
    api PUT /devices/5C:CF:7F:00:00:09 --data '{"product": "demo"}' || true
    becomes updraft_store_failing 1
    [ "$(value updraft_store_failed_changes_total)" -gt 0 ]
}

server_start data --metrics-listen 127.0.0.1:0
for name in its_form_is_sound only_who_may_see_gets_it the_port_for_it_has_nothing_else it_counts_what_happens \
    the_fleet_is_counted_by_product a_download_that_breaks_off_counts_as_far_as_it_came \
    a_rollout_is_there_until_it_is_over the_store_and_the_process_are_told_of \
    no_device_has_a_label its_form_is_sound trouble_with_the_disk_shows; do
    check $name
done
tap_end
