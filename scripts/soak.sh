#!/usr/bin/env bash
# Soak: virtual devices that come and go, check-ins, downloads, releases and an operator's
# requests on one server for a while, and what memory it holds meanwhile.
#   scripts/soak.sh [--minutes N] [--devices N] [--build DIR] [--massif FILE]   (default 10, 50, build)
# --massif runs the server under valgrind's heap profiler and judges by what that has written to
# FILE. DIR holds the programs; configured with -Db_sanitize=address,undefined errors end the
# server, and the soak with it. Exit 1 if the server ends, refuses to stop, or holds more
# than 20 % more memory in the last quarter than in the second, the first one warming up.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh

minutes=10 devices=50 build=build massif=''
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || die "$1 needs a value"
    case $1 in
    --minutes) minutes=$2 ;;
    --devices) devices=$2 ;; # at most 256
    --build) build=$2 ;;
    --massif) massif=$2 ;;
    *) die "unknown option $1; it takes --minutes, --devices, --build and --massif" ;;
    esac
    shift 2
done
program=$PWD/$build/updraft
[ -x "$program" ] || die "there is no $program; build it first"

world=$(mktemp -d "${TMPDIR:-/tmp}/updraft-soak.XXXXXX")
export UPDRAFT_TOKEN_FILE=$world/data/operator.token
export ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=16
server='' herd=''
end_world() {
    trap - EXIT
    [ -z "$herd" ] || kill "$herd" 2>/dev/null
    [ -z "$server" ] || kill "$server" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$world"
}
trap end_world EXIT

profiler=()
if [ -n "$massif" ]; then
    need_packages valgrind
    profiler=(valgrind --quiet --tool=massif --time-unit=ms "--massif-out-file=$massif")
fi
"${profiler[@]}" "$program" serve --data "$world/data" --listen 127.0.0.1:0 >"$world/out" 2>"$world/log" &
server=$!
for _ in $(seq 600); do
    url=$(sed -n 's|^dashboard: \(http://[^/]*\)/.*|\1|p' "$world/out")
    [ -z "$url" ] || break
    sleep 0.1
done
[ -n "$url" ] || die "the server did not start: $(tail -n 1 "$world/log")"
export UPDRAFT_SERVER=$url

resident_kb() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$server/status" 2>/dev/null; }

publish() { # VERSION
    python3 tests/lib/make_image.py "$world/app.bin" --project demo --version "$1" --size 200000
    "$program" publish "$world/app.bin" --product demo --version "$1" >"$world/said" 2>&1 ||
        die "version $1 was not published: $(tail -n 1 "$world/said")"
}

# One generation: devices that are new to the server run the last version, take the next
# one, and are removed; an operator looks at all there is to see meanwhile.
generation() { # NUMBER
    local prefix number
    prefix=$(printf '5C:CF:7F:%02X:%02X' $(($1 / 256 % 256)) $(($1 % 256)))
    { echo mac,product
      for number in $(seq "$devices"); do printf '%s:%02X,demo\n' "$prefix" $((number - 1)); done; } >"$world/new.csv"
    "$program" devices import "$world/new.csv" >"$world/said" 2>&1 || die "devices were not entered: $(tail -n 1 "$world/said")"
    cp "$world/app.bin" "$world/before.bin"
    "$program" device --url "$url/update" --app "$world/before.bin" --count "$devices" --mac "$prefix:00" --poll 1 \
        --timeout 20 >"$world/herd" 2>&1 &
    herd=$!
    publish "1.0.$(($1 + 1))"
    for _ in 1 2 3; do
        for page in devices overview releases rollouts audit; do
            curl -sf -H "Authorization: Bearer $(cat "$UPDRAFT_TOKEN_FILE")" "$url/api/v1/$page" -o "$world/page" ||
                say "soak: $page was not answered"
        done
        curl -sf "$url/firmware/demo" -o "$world/page" || say "soak: a download was not answered"
        curl -s --max-time 0.05 --limit-rate 20k "$url/firmware/demo" -o /dev/null
        sleep 0.5
    done
    kill "$herd" 2>/dev/null
    wait "$herd" 2>/dev/null
    herd=''
    for number in $(seq "$devices"); do
        printf 'url = "%s/api/v1/devices/%s:%02X"\noutput = "%s"\n' "$url" "$prefix" $((number - 1)) "$world/page"
    done >"$world/gone"
    curl -sf -X DELETE -H "Authorization: Bearer $(cat "$UPDRAFT_TOKEN_FILE")" -K "$world/gone" ||
        say "soak: a device was not removed"
}

publish 1.0.0
end=$(($(date +%s) + minutes * 60)) count=0
while [ "$(date +%s)" -lt $end ]; do
    generation $count
    count=$((count + 1))
    kill -0 "$server" 2>/dev/null || { tail -n 30 "$world/log" >&2; die "the server ended in generation $count"; }
    resident_kb >>"$world/memory"
done
kill "$server"
wait "$server" || { tail -n 30 "$world/log" >&2; die "the server did not end well"; }
server=''
[ -z "$massif" ] || sed -n 's/^mem_heap_B=//p' "$massif" | awk '{ print int($1 / 1024) }' >"$world/memory"

unit=resident
[ -z "$massif" ] || unit='of heap'
awk -v devices="$devices" -v generations="$count" -v unit="$unit" '
    { kb[NR] = $1 }
    function mean(first, last, i, sum) { for (i = first; i <= last; i++) sum += kb[i]; return sum / (last - first + 1) }
    END {
        if (NR < 4) { print "soak: too short to tell: " NR " looks; give it more minutes"; exit 1 }
        quarter = int(NR / 4)
        early = mean(quarter + 1, 2 * quarter)
        late = mean(NR - quarter + 1, NR)
        printf "soak: %d generations of %d devices; KB %s: first %d, second quarter %d, last %d\n",
            generations, devices, unit, kb[1], early, late
        exit late > 1.2 * early
    }' "$world/memory"
