# "Deliver different binaries based on the MAC address": a device's own pin, its
# group's pin, and the newest release of its product on its channel, in that order.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

A=18:FE:AA:00:00:0A
B=18:FE:AA:00:00:0B

publish_all() {
    local version
    for version in 1.0.0 1.1.0 1.2.0-rc1 1.3.0; do
        python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/lamp-$version.bin" \
            --project lamp --version $version --size 20000
    done
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/fan-1.0.0.bin" --project fan \
        --version 1.0.0 --size 20000 --seed 2
    publish "$TAP_TMP/lamp-1.0.0.bin" lamp 1.0.0
    publish "$TAP_TMP/lamp-1.1.0.bin" lamp 1.1.0
    publish "$TAP_TMP/lamp-1.2.0-rc1.bin" lamp 1.2.0-rc1 beta
    publish "$TAP_TMP/fan-1.0.0.bin" fan 1.0.0
}

# gets MAC VERSION [FILE]: what the device is sent.
gets() {
    ask "$(esp8266 STA-MAC="$1")"
    expect "status for $1" "$status" 200
    expect "version for $1" "$(header x-version)" "$2"
    cmp body "$TAP_TMP/${3:-lamp-$2.bin}"
    api POST "/devices/$1/retry" >/dev/null
}

devices_get_the_newest_stable_release_of_their_product() {
    "$UPDRAFT" devices set $A --product lamp
    "$UPDRAFT" devices set $B --product fan
    gets $A 1.1.0
    gets $B 1.0.0 fan-1.0.0.bin
}

a_channel_leads_to_its_newest() {
    "$UPDRAFT" devices set $A --channel beta
    gets $A 1.2.0-rc1
    "$UPDRAFT" devices set $A --channel ''
    gets $A 1.1.0
}

a_group_s_channel_leads_its_devices() {
    "$UPDRAFT" devices group lab --channel beta
    "$UPDRAFT" devices set $A --group lab
    gets $A 1.2.0-rc1
}

a_device_s_own_channel_is_stronger_than_its_group_s() {
    "$UPDRAFT" devices set $A --channel stable
    gets $A 1.1.0
    "$UPDRAFT" devices set $A --channel ''
}

a_group_s_pin_is_stronger_than_channels() {
    "$UPDRAFT" devices group lab --product lamp --pin 1.0.0
    gets $A 1.0.0
}

a_group_s_pin_is_for_its_product_only() {
    "$UPDRAFT" devices set $B --group lab --channel stable
    gets $B 1.0.0 fan-1.0.0.bin
}

a_mac_s_pin_is_strongest() {
    "$UPDRAFT" devices set $A --pin 1.1.0
    gets $A 1.1.0
    "$UPDRAFT" devices set $A --pin ''
    gets $A 1.0.0
}

a_group_gives_its_product_to_devices_without_one() {
    local mac=18:FE:AA:00:00:0C
    "$UPDRAFT" devices set $mac --group lab
    gets $mac 1.0.0
}

a_pin_to_a_version_that_is_not_there_is_refused() {
    local code
    code=$(curl -sS -o answer -w '%{http_code}' -X PUT -H "Authorization: Bearer $TOKEN" \
        --data '{"pin": "7.7.7"}' "$SERVER/api/v1/devices/$A")
    expect status "$code" 409
    grep -q 7.7.7 answer
    expect pin "$(device_says $A pin)" null
}

mac_addresses_are_the_same_in_every_spelling() {
    ask "$(esp8266 STA-MAC=18-fe-aa-00-00-0a)"
    expect status "$status" 200
    expect "devices of that address" "$(api GET /devices | grep -c '18:FE:AA:00:00:0A')" 1
    api POST "/devices/$A/retry" >/dev/null
}

a_new_release_reaches_who_follows_the_channel() {
    publish "$TAP_TMP/lamp-1.3.0.bin" lamp 1.3.0
    "$UPDRAFT" devices set $A --group ''
    gets $A 1.3.0
}

publishing_an_old_version_again_makes_it_the_newest() {
    "$UPDRAFT" publish "$TAP_TMP/lamp-1.1.0.bin" --product lamp --version 1.1.0 >/dev/null
    gets $A 1.1.0
}

other_bytes_under_a_published_version_are_refused() {
    local code
    code=$(curl -sS -o answer -w '%{http_code}' -H "Authorization: Bearer $TOKEN" \
        --data-binary "@$TAP_TMP/lamp-1.3.0.bin" "$SERVER/api/v1/releases?product=lamp&version=1.0.0")
    expect status "$code" 409
}

a_removed_device_comes_back_as_new() {
    "$UPDRAFT" devices remove $A
    ask "$(esp8266 STA-MAC=$A)"
    expect status "$status" 304
    expect state "$(device_says $A state)" unassigned
}

server_start data
publish_all || { echo "Bail out! publishing failed"; exit 1; }
check devices_get_the_newest_stable_release_of_their_product
check a_channel_leads_to_its_newest
check a_group_s_channel_leads_its_devices
check a_device_s_own_channel_is_stronger_than_its_group_s
check a_group_s_pin_is_stronger_than_channels
check a_group_s_pin_is_for_its_product_only
check a_mac_s_pin_is_strongest
check a_group_gives_its_product_to_devices_without_one
check a_pin_to_a_version_that_is_not_there_is_refused
check mac_addresses_are_the_same_in_every_spelling
check a_new_release_reaches_who_follows_the_channel
check publishing_an_old_version_again_makes_it_the_newest
check other_bytes_under_a_published_version_are_refused
check a_removed_device_comes_back_as_new
tap_end
