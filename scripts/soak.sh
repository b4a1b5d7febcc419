#!/usr/bin/env bash
# Soak: virtual devices that come and go, check-ins, downloads, publications and an operator's
# requests on one server for a while, and what memory it holds meanwhile. New releases are published
# in the first quarter alone: a server keeps them, and what they take is no leak. Later ones have
# a version that is taken, and are refused once they are there. 8,000 other devices are entered first:
# the database's cache of pages, 2 MB at most, is then full from the start.
#   scripts/soak.sh [--minutes N] [--devices N] [--build DIR] [--massif FILE]   (default 10, 50, build)
# --massif runs the server under valgrind's heap profiler and judges by what that has written to
# FILE. DIR holds the programs; configured with -Db_sanitize=address,undefined errors end the
# server, and the soak with it. Exit 1 if the server ends, refuses to stop, or holds more
# than 10 % more memory in the last quarter than in the second, the first one warming up.
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
launched_ms=$(date +%s%3N)
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

version=-1 # 1.0.N is the newest

publish_next() {
    version=$((version + 1))
    python3 tests/lib/make_image.py "$world/app.bin" --project demo --version "1.0.$version" --size 200000
    "$program" publish "$world/app.bin" --product demo --version "1.0.$version" >"$world/said" 2>&1 ||
        die "version 1.0.$version was not published: $(tail -n 1 "$world/said")"
}

publish_in_vain() {
    python3 tests/lib/make_image.py "$world/other.bin" --project demo --version "1.0.$version" --size 200016
    "$program" publish "$world/other.bin" --product demo --version "1.0.$version" >"$world/said" 2>&1 &&
        die "version 1.0.$version was published twice"
    grep -q 'with other bytes' "$world/said" || die "version 1.0.$version: $(tail -n 1 "$world/said")"
}

# One generation: devices that are new to the server run the version before the newest one, or what
# has been the newest so far, take what is newer, and are removed; an operator looks at all there is to
# see meanwhile.
generation() { # NUMBER HOW-TO-PUBLISH
    local prefix number
    prefix=$(printf '5C:CF:7F:%02X:%02X' $(($1 / 256 % 256)) $(($1 % 256)))
    { echo mac,product
      for number in $(seq "$devices"); do printf '%s:%02X,demo\n' "$prefix" $((number - 1)); done; } >"$world/new.csv"
    "$program" devices import "$world/new.csv" >"$world/said" 2>&1 || die "devices were not entered: $(tail -n 1 "$world/said")"
    [ "$2" = publish_in_vain ] || cp "$world/app.bin" "$world/before.bin"
    "$program" device --url "$url/update" --app "$world/before.bin" --count "$devices" --mac "$prefix:00" --poll 1 \
        --timeout 20 >"$world/herd" 2>&1 &
    herd=$!
    "$2"
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

residents() {
    awk 'BEGIN { print "mac,product"
                 for (i = 0; i < 8000; i++) printf "5C:CF:7E:00:%02X:%02X,other\n", i / 256, i % 256 }' >"$world/residents.csv"
    "$program" devices import "$world/residents.csv" >"$world/said" 2>&1 ||
        die "devices were not entered: $(tail -n 1 "$world/said")"
}

residents
publish_next
start=$(date +%s) count=0
while now=$(date +%s) && [ "$now" -lt $((start + minutes * 60)) ]; do
    if [ $((now - start)) -lt $((minutes * 15)) ]; then generation $count publish_next; else generation $count publish_in_vain; fi
    count=$((count + 1))
    kill -0 "$server" 2>/dev/null || { tail -n 30 "$world/log" >&2; die "the server ended in generation $count"; }
    resident_kb >>"$world/memory"
done
ended_ms=$(date +%s%3N)
kill "$server"
wait "$server" || { tail -n 30 "$world/log" >&2; die "the server did not end well"; }
server=''
# Of the profile, what was between the first generation and the end.
[ -z "$massif" ] ||
    awk -F= -v from=$((start * 1000 - launched_ms)) -v to=$((ended_ms - launched_ms)) '
        $1 == "time" { at = $2 }
        $1 == "mem_heap_B" && at >= from && at <= to { print int($2 / 1024) }' "$massif" >"$world/memory"

unit=resident
[ -z "$massif" ] || unit='of heap'
awk -v devices="$devices" -v releases=$((version + 1)) -v generations="$count" -v unit="$unit" '
    { kb[NR] = $1 }
    function mean(first, last, i, sum) { for (i = first; i <= last; i++) sum += kb[i]; return sum / (last - first + 1) }
    END {
        if (NR < 4) { print "soak: too short to tell: " NR " looks; give it more minutes"; exit 1 }
        quarter = int(NR / 4)
        early = mean(quarter + 1, 2 * quarter)
        late = mean(NR - quarter + 1, NR)
        printf "soak: %d generations of %d devices, %d releases; KB %s: first %d, second quarter %d, last %d\n",
            generations, devices, releases, unit, kb[1], early, late
        exit late > 1.1 * early
    }' "$world/memory"
