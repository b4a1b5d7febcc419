# ./run: three virtual devices, two ESP8266 and an ESP32-C3, are taken from one version
# to the next. Sourced by ./run.

ESP8266S=2
DEVICES=3
ESP32_MAC=34:85:18:00:00:01
NEW=1.1.0

publish() { # VERSION: for both kinds of chip
    local product
    for product in demo demo-c3; do
        updraft publish "$BUILD/firmware/$product-$1.bin" --product $product --version "$1" >"$STAGE/publish.log" 2>&1 &&
            continue
        cat "$STAGE/publish.log" >&2
        say "run: $product $1 could not be published"
        return 1
    done
}

# In its process, as `updraft` itself would be a child of the one that is ended.
run_esp8266s() { # [more options]
    exec "$UPDRAFT" device --url "$UPDRAFT_SERVER/update" --count $ESP8266S --mac "$(mac_of 1)" \
        --dir "$STAGE/devices" --app "$BUILD/firmware/demo-$OLD.bin" --layout 4M2M --poll 1 --speed real "$@"
}

run_esp32() { # [more options]
    exec "$UPDRAFT" device --chip esp32-c3 --url "$UPDRAFT_SERVER/update" --mac $ESP32_MAC \
        --dir "$STAGE/devices" --app "$BUILD/firmware/demo-c3-$OLD.bin" --poll 1 --speed real "$@"
}

# Publishes the new version once every device has been heard of. Says nothing: the
# devices' bars are on the screen.
publish_when_all_are_seen() {
    local tries
    for tries in $(seq 100); do
        [ "$(updraft devices --json | grep -c '"state": *"current"')" -eq $DEVICES ] && break
        sleep 0.2
    done
    publish $NEW
}

# What a device runs, read back from its flash file.
version_in_flash() { updraft image "$1" --json | sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' | head -n 1; }

tell_three() {
    local number
    for number in $(seq $ESP8266S); do
        updraft devices set "$(mac_of "$number")" --product demo >/dev/null || die "a device could not be entered"
    done
    updraft devices set $ESP32_MAC --product demo-c3 >/dev/null || die "a device could not be entered"
    publish $OLD || exit 1
    say "dashboard: $dashboard"
    say "$ESP8266S virtual ESP8266s and an ESP32-C3 start with version $OLD; $NEW is published when all have checked in"
    { publish_when_all_are_seen || kill $$; } &
    publisher_pid=$!
    # The bars are those of the ESP8266s; the ESP32's lines follow.
    run_esp32 --until $NEW --timeout 120 >"$STAGE/esp32.log" 2>&1 &
    esp32_pid=$!
    run_esp8266s --until $NEW --timeout 120 &
    devices_pid=$!
    wait "$devices_pid"
    wait "$esp32_pid"
    cat "$STAGE/esp32.log"
    kill "$publisher_pid" 2>/dev/null # has nobody left to publish for, if it still waits

    local file arrived=0
    for file in "$STAGE"/devices/*.flash; do
        [ "$(version_in_flash "$file")" = $NEW ] && arrived=$((arrived + 1))
    done
    result="$arrived of $DEVICES devices run $NEW"
    [ "$arrived" -eq $DEVICES ]
}

# They stay up, and take uploads, too.
keep_three() {
    run_esp8266s --uploads 8266 --upload-address 0.0.0.0 >"$STAGE/devices.log" 2>&1 &
    devices_pid=$!
    run_esp32 --uploads 3232 --upload-address 0.0.0.0 >"$STAGE/esp32.log" 2>&1 &
    esp32_pid=$!
    hint="uploads:   build/updraft discover lists the devices; build/updraft push --all FILE updates them; each takes only what is for its chip"
}
