# What operators know of devices: tags, names, time zones; filters over it; devices taken out
# of service; and downloads that share a bandwidth.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/old.bin" --project demo --version 1.0 --size 300000
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/new.bin" --project demo --version 2.0 --size 300000
A=18:FE:AA:00:00:0A B=18:FE:AA:00:00:0B C=24:0A:C4:00:00:0C

listed() { # FILTER: the last digits of the devices that match
    "$UPDRAFT" devices list --filter "$1" --json | python3 -c '
import json, sys
print(" ".join(device["mac"][-1] for device in json.load(sys.stdin)["devices"]))'
}

settings_are_kept() {
    "$UPDRAFT" devices set $A --product demo --tags lab,floor-2 --alias 'the lamp' --notes 'by the door' --utc-offset -90 >/dev/null
    expect tags "$(device_says $A tags)" '["lab", "floor-2"]'
    expect offset "$(device_says $A utc_offset_minutes)" -90
    "$UPDRAFT" devices show $A | grep -q 'floor-2'
    "$UPDRAFT" devices set $A --notes '' >/dev/null
    expect notes "$(device_says $A notes)" null
    expect alias "$(device_says $A alias)" 'the lamp'
    "$UPDRAFT" devices group attic --utc-offset 60 >/dev/null
    expect "a group's" "$(api GET /groups | json groups 0 utc_offset_minutes)" 60
}

what_is_malformed_is_refused() {
    local body code
    for body in '{"tags": "a"}' '{"tags": ["a b"]}' '{"alias": "a\nb"}' '{"utc_offset_minutes": 900}' \
        '{"decommissioned": 1}' '{"downgrade": "yes"}' "{\"notes\": \"$(printf 'x%.0s' $(seq 201))\"}"; do
        code=$(api PUT /devices/$A --data "$body" -o answer -w '%{http_code}' || true)
        expect "status of $body" "$code" 400
    done
    code=$(api PUT /groups/attic --data '{"tags": []}' -o answer -w '%{http_code}' || true)
    expect "a group's tags" "$code" 400
    code=$(api GET '/devices?filter=colour%3Dred' -o answer -w '%{http_code}' || true)
    expect "a filter of colours" "$code" 400
    grep -q 'colour=red' answer
}

filters_choose() {
    ask "$(esp8266 STA-MAC=$A version=1.0)"
    ask "$(esp8266 STA-MAC=$B version=1.5 free-space=100000)"
    ask "$(esp32 STA-MAC=$C version=1.0)"
    expect all "$(listed '')" 'A B C'
    expect ESP8266s "$(listed 'chip=ESP8266')" 'A B'
    expect "the old ones" "$(listed 'version<1.2')" 'A C'
    expect "with space" "$(listed 'free_space>=200000 chip=ESP8266')" A
    expect "in the lab" "$(listed 'tag=lab')" A
    expect "not in the lab" "$(listed 'tag!=lab')" 'B C'
}

rollouts_go_to_who_matches() {
    "$UPDRAFT" devices set $B --product demo >/dev/null
    "$UPDRAFT" publish "$TAP_TMP/new.bin" --draft >/dev/null
    "$UPDRAFT" rollout start -p demo -v 2.0 --stages 100% --dry-run >said
    grep -q '^2 devices: 1 can take it' said || { cat said; return 1; }
    grep -q '1 cannot: they have no space for the file' said || { cat said; return 1; }
    "$UPDRAFT" rollout start -p demo -v 2.0 --stages 100% --filter "tag=lab version<1.9" --dry-run >said
    grep -q 'not for 1 that are not meant' said || { cat said; return 1; }
    grep -q "^1 devices" said || { cat said; return 1; }
    "$UPDRAFT" rollout start -p demo -v 2.0 --stages 100% --filter 'tag=lab version<1.9' >/dev/null
    local tries
    for tries in $(seq 600); do [ "$(api GET /rollouts/1 | json stage)" = 1 ] && break; sleep 0.1; done
    expect filter "$(api GET /rollouts/1 | json target filter)" 'tag=lab version<1.9'
    ask "$(esp8266 STA-MAC=$A version=1.0)"
    expect "who matches" "$status" 200
    ask "$(esp8266 STA-MAC=$B version=1.0)"
    expect "who does not" "$status" 304
}

decommissioned_devices_are_out() {
    "$UPDRAFT" devices set $A --decommission >/dev/null
    ask "$(esp8266 STA-MAC=$A version=1.0)"
    expect status "$status" 304
    expect state "$(device_says $A state)" decommissioned
    expect "devices that count" "$(api GET /overview | json devices)" 2
    expect "its rollout" "$(api GET /rollouts/1 | json targeted)" 0
    "$UPDRAFT" devices set $A --recommission >/dev/null
    ask "$(esp8266 STA-MAC=$A version=1.0)"
    expect "in service again" "$status" 200
}

it_is_the_same_after_a_kill() {
    expect "who was taken in" "$(device_says 02:BB:00:00:00:01 group)" lamps
    expect "what a group takes in" "$(api GET /groups | json groups 1 accept)" 'mac=02:BB:* chip=ESP8266'
    expect history "$(events 18:FE:AA:00:00:0D | wc -w)" 8
    expect tags "$(device_says $A tags)" '["lab", "floor-2"]'
    expect alias "$(device_says $A alias)" 'the lamp'
    expect offset "$(device_says $A utc_offset_minutes)" -90
    expect filter "$(api GET /rollouts/1 | json target filter)" 'tag=lab version<1.9'
    expect "a group's" "$(api GET /groups | json groups 0 utc_offset_minutes)" 60
}

# 300000 bytes at 1000 a second: the site is busy for five minutes.
bandwidth_is_shared() {
    publish "$TAP_TMP/new.bin" demo 2.0
    assign $A '{"product": "demo"}'
    assign $B '{"product": "demo"}'
    ask "$(esp8266 STA-MAC=$A version=1.0)"
    expect "the first" "$status" 200
    ask "$(esp8266 STA-MAC=$B version=1.0)"
    expect "the second" "$status" 304
    device_says $B reason | grep -q 'as many bytes a second as may be to its site'
    ask "$(esp8266 STA-MAC=$B version=1.0; echo 'x-ESP8266-abilities: gzip retry')"
    expect "one that can wait" "$status" 503
    local seconds
    seconds=$(header Retry-After)
    [ "$seconds" -ge 1 ] && [ "$seconds" -le 300 ] || { echo "Retry-After: $seconds"; return 1; }
    ask "$(esp8266 STA-MAC=$A version=1.0)" -H 'Range: bytes=1000-'
    expect "the first, going on" "$status" 206
}

events() { api GET "/devices/$1/history" | python3 -c '
import json, sys
print(" ".join(e["event"] + (":" + e["version"] if e["version"] else "") for e in json.load(sys.stdin)["history"]))'; }

a_device_has_a_history() {
    local mac=18:FE:AA:00:00:0D tries
    ask "$(esp8266 STA-MAC=$mac version=1.0)"
    expect first "$(events $mac)" registered:1.0
    assign $mac '{"product": "demo", "pin": "2.0"}'
    ask "$(esp8266 STA-MAC=$mac version=1.0)"
    expect status "$status" 200
    for tries in $(seq 600); do case $(events $mac) in sent*) break ;; esac; sleep 0.1; done
    ask "$(esp8266 STA-MAC=$mac version=1.0)"
    for tries in $(seq 600); do case $(events $mac) in sent*failed*) break ;; esac; sleep 0.1; done
    ask "$(esp8266 STA-MAC=$mac version=2.0)"
    expect status "$status" 304
    expected='arrived:2.0 runs:2.0 sent:2.0 offered:2.0 failed:2.0 sent:2.0 offered:2.0 registered:1.0'
    for tries in $(seq 600); do [ "$(events $mac)" = "$expected" ] && break; sleep 0.1; done
    expect all "$(events $mac)" "$expected"
    expect bytes "$(api GET "/devices/$mac/history" | json history 2 bytes)" "$(stat -c %s "$TAP_TMP/new.bin")"
    "$UPDRAFT" devices history $mac | grep -q 'it came back with 1.0'
    expect "of a stranger" "$(api GET /devices/18:FE:AA:00:00:0E/history -o /dev/null -w '%{http_code}')" 404
}

a_history_has_an_end() {
    local mac=18:FE:AA:00:00:0F i last
    for i in $(seq 60); do
        ask "$(esp8266 STA-MAC=$mac version=1.$i)"
        last=$(date -u +%FT%T.%3NZ)
        ask "$(esp8266 STA-MAC=$mac version=2.$i)"
    done
    has_the_last() { [[ ! $(api GET /devices/$mac/history | json history 0 at) < $last ]]; }
    eventually has_the_last
    expect events "$(events $mac | wc -w)" 100
    expect "what it runs, of no product" "$(api GET /devices/$mac/history | json history 0 version)" 2.60
    expect "what it ran before" "$(api GET /devices/$mac/history | json history 0 before)" 1.60
    "$UPDRAFT" devices remove $mac
    ask "$(esp8266 STA-MAC=$mac version=1.0)"
    expect "of a new one of that address" "$(events $mac)" registered:1.0
}

what_is_exported_can_be_imported() {
    "$UPDRAFT" devices set $A --notes 'a "comma", and
a line' >/dev/null
    "$UPDRAFT" devices export -o all.csv
    "$UPDRAFT" devices export --json >all.json
    local before
    before=$("$UPDRAFT" devices show $A --json | grep -v '"last_seen\|"first_seen')
    "$UPDRAFT" devices set $A --notes '' --tags '' --alias '' --utc-offset '' >/dev/null
    "$UPDRAFT" devices import all.csv >said
    grep -q ' imported, 0 of them new' said || { cat said; return 1; }
    [ "$("$UPDRAFT" devices show $A --json | grep -v '"last_seen\|"first_seen')" = "$before" ] || { "$UPDRAFT" devices show $A; return 1; }
    "$UPDRAFT" devices set $A --notes '' >/dev/null
    "$UPDRAFT" devices import all.json >said
    expect notes "$(device_says $A notes | tail -1)" 'a line'
    { echo mac,product,tags; for i in $(seq 250); do printf '02:AA:00:00:00:%02X,demo,"lab,x"\n' "$i"; done; } >new.csv
    "$UPDRAFT" devices import new.csv >said
    expect said "$(cat said)" '250 device(s) imported, 250 of them new'
    expect tags "$(device_says 02:AA:00:00:00:FA tags)" '["lab", "x"]'
}

flags_are_read_as_spreadsheets_write_them() {
    printf 'mac,downgrade\n02:AA:00:00:00:01,TRUE\n02:AA:00:00:00:02,False\n' >flags.csv
    "$UPDRAFT" devices import flags.csv >/dev/null
    expect TRUE "$(device_says 02:AA:00:00:00:01 downgrade)" true
    expect False "$(device_says 02:AA:00:00:00:02 downgrade)" false
    printf 'mac,downgrade\n02:AA:00:00:00:01,yes\n' >flags.csv
    not "$UPDRAFT" devices import flags.csv 2>err
    grep -q 'downgrade must be null or true or false' err
}

# Whoever can reach the server can be a device of any version.
versions_are_no_formulas_in_spreadsheets() {
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:3D version='=1+1')"
    "$UPDRAFT" devices export -o formulas.csv
    grep '^18:FE:AA:00:00:3D,' formulas.csv >row
    grep -q ",'=1+1," row || { cat row; return 1; }
}

what_cannot_be_imported_is_said() {
    local code
    printf 'mac,colour\n' >bad.csv
    "$UPDRAFT" devices import bad.csv 2>err && return 1
    grep -q 'no column called colour' err
    printf 'mac,pin\n02:AA:00:00:01:01,"1\n' >bad.csv
    "$UPDRAFT" devices import bad.csv 2>err && return 1
    grep -q 'a quote does not end' err
    printf 'mac,product\n02:AA:00:00:01:01,demo\nnonsense,demo\n' >bad.csv
    "$UPDRAFT" devices import bad.csv 2>err && return 1
    grep -q 'device 2 has no mac' err
    expect "of which nothing is entered" "$(api GET /devices/02:AA:00:00:01:01 -o /dev/null -w '%{http_code}')" 404
}

groups_take_in_new_devices() {
    "$UPDRAFT" devices group lamps --product demo --accept 'mac=02:BB:* chip=ESP8266' >/dev/null
    ask "$(esp8266 STA-MAC=02:BB:00:00:00:01 version=1.0)"
    expect "its group" "$(device_says 02:BB:00:00:00:01 group)" lamps
    expect "its product" "$(device_says 02:BB:00:00:00:01 product)" demo
    ask "$(esp8266 STA-MAC=02:CC:00:00:00:01 version=1.0)"
    expect "another's state" "$(device_says 02:CC:00:00:00:01 state)" unassigned
    code=$(api PUT /groups/lamps --data '{"accept": "colour=red"}' -o answer -w '%{http_code}' || true)
    expect "a filter of colours" "$code" 400
}

# They are made while they are sent, whoever reads them, however fast, and as far as they like.
long_lists_are_whole() {
    { echo mac,product; for i in $(seq 0 3999); do printf '02:DD:00:00:%02X:%02X,crowd\n' $((i / 256)) $((i % 256)); done; } >crowd.csv
    "$UPDRAFT" devices import crowd.csv >/dev/null
    for way in --http1.1 --http1.0; do
        api GET '/devices?product=crowd' $way -o list
        python3 -c '
import json
macs = [device["mac"] for device in json.load(open("list"))["devices"]]
assert len(macs) == 4000 and macs == sorted(macs) and macs[-1] == "02:DD:00:00:0F:9F", len(macs)'
    done
    api GET '/devices?filter=mac%3D02:DD:00:00:0F:9F' -o list
    expect "the last" "$(json devices 0 mac <list)" 02:DD:00:00:0F:9F
    api GET '/devices?product=nobody%27s' -o list
    expect "of none" "$(python3 -c 'import json; print(json.load(open("list")))')" "{'devices': []}"
    for _ in 1 2 3; do
        { api GET /devices || true; } | head -c 1000 >/dev/null
    done
    expect "who reads on" "$(api GET '/devices?product=crowd' | grep -c '"mac":"02:DD:')" 4000
}

# has_page QUERY MACS: the list is of these, in a line.
has_page() {
    local macs
    macs=$(api GET "/devices?$1" | python3 -c 'import json, sys; print(*[device["mac"] for device in json.load(sys.stdin)["devices"]])')
    expect "$1" "$macs" "$2"
}

lists_come_in_pages() {
    has_page 'product=crowd&limit=2' '02:DD:00:00:00:00 02:DD:00:00:00:01'
    has_page 'product=crowd&limit=2&after=02:DD:00:00:00:FE' '02:DD:00:00:00:FF 02:DD:00:00:01:00'
    has_page 'product=crowd&limit=4001&after=02-dd-00-00-0f-9d' '02:DD:00:00:0F:9E 02:DD:00:00:0F:9F'
    has_page 'limit=2&after=02:DC:FF:FF:FF:FF' '02:DD:00:00:00:00 02:DD:00:00:00:01' # which is not there
    has_page 'limit=5&after=FF:FF:FF:FF:FF:FF' ''
    has_page 'limit=0' ''
    local query
    for query in limit= limit=-1 limit=ten after= after=02:DD after=5; do
        expect "status for $query" "$(api GET "/devices?$query" -o answer -w '%{http_code}' || true)" 400
        grep -q ' must be a ' answer
    done
}

# Pages of the command line, whose number is none of the operator's business.
commands_take_all_pages() {
    local columns
    "$UPDRAFT" devices list -p crowd >listed
    expect "lines with a heading" "$(wc -l <listed)" 4001
    tail -1 listed | grep -q '^02:DD:00:00:0F:9F  crowd '
    "$UPDRAFT" devices list -p crowd --json | python3 -c '
import json, sys
macs = [device["mac"] for device in json.load(sys.stdin)["devices"]]
assert len(macs) == 4000 == len(set(macs)) and macs == sorted(macs)'
    "$UPDRAFT" devices export -p crowd >exported.csv
    "$UPDRAFT" devices export -p crowd --json -o exported.json
    expect "rows with a heading" "$(wc -l <exported.csv)" 4001
    columns=$(head -1 exported.csv)
    python3 -c '
import json, sys
devices = json.load(open("exported.json"))["devices"]
assert len(devices) == 4000 and list(devices[0]) == sys.argv[1].split(","), list(devices[0])' "$columns"
    "$UPDRAFT" devices import exported.json | grep -qx '4000 device(s) imported, 0 of them new'
    expect "of nobody" "$("$UPDRAFT" devices export -p nobody)" "$columns"
    expect "of nobody" "$("$UPDRAFT" devices list -p nobody --json | tr -d '[:space:]')" '{"devices":[]}'
    "$UPDRAFT" devices list -p nobody | grep -q '^no devices: '
}

# A file has all devices or is what it was. The server that breaks off begins with a full page.
half_an_export_is_none() {
    local url way
    python3 "$TAP_ROOT/tests/server/page_server.py" >page.url &
    tap_background $!
    eventually test -s page.url
    url=$(cat page.url)
    for way in "" --json; do
        echo mine >kept
        # shellcheck disable=SC2086 # a word or none
        not "$UPDRAFT" devices export -o kept --server "$url/breaks" $way 2>err
        grep -q 'the disk is full' err || { cat err; return 1; }
        expect lines "$(wc -l <err)" 1
        expect file "$(cat kept)" mine
    done
    timeout 120 "$UPDRAFT" devices export -o kept --server "$url/knows-no-pages"
    expect "rows of one that knows no pages" "$(wc -l <kept)" 5001
    not "$UPDRAFT" devices export -o nowhere/all.csv 2>err
    grep -q 'nowhere/all.csv: No such file' err || { cat err; return 1; }
    expect lines "$(wc -l <err)" 1
}

# What is there and no file is written to; a file's rights stay.
exports_go_where_they_are_told() {
    echo mine >private
    chmod 600 private
    "$UPDRAFT" devices export -p crowd -o private
    expect rows "$(wc -l <private)" 4001
    expect rights "$(stat -c %a private)" 600
    mkfifo pipe
    "$UPDRAFT" devices export -p crowd -o pipe &
    expect "rows in the pipe" "$(timeout 60 cat pipe | wc -l)" 4001
    wait $!
    [ -p pipe ]
    "$UPDRAFT" devices export -o /dev/null
}

server_start data
publish "$TAP_TMP/old.bin" demo 1.0
check settings_are_kept
check what_is_malformed_is_refused
check filters_choose
check rollouts_go_to_who_matches
check decommissioned_devices_are_out
check a_device_has_a_history
check a_history_has_an_end
check what_is_exported_can_be_imported
check flags_are_read_as_spreadsheets_write_them
check versions_are_no_formulas_in_spreadsheets
check what_cannot_be_imported_is_said
check groups_take_in_new_devices
SERVER_PORT=${SERVER##*:}
server_stop KILL
server_start data
check it_is_the_same_after_a_kill
check long_lists_are_whole
check lists_come_in_pages
check commands_take_all_pages
check half_an_export_is_none
check exports_go_where_they_are_told
server_stop
unset SERVER_PORT
server_start limited --site-rate 1k
check bandwidth_is_shared
server_stop
tap_end
