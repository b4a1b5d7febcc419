# The endless-update bug: a device that sends no version is compared by the
# digest of its flash, which for compressed, signed and mode-patched files is not
# the digest of the file. Each must be known by what ends up in flash.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

make_image() { python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$1" --project lamp --seed 7 "${@:2}"; }
sketch() { python3 "$TAP_ROOT/tests/lib/sketch_digest.py" "$@"; }

# A trailer as the core's signing tool appends it: 256 bytes and their count. The
# server keeps it for the devices, which verify it.
sign() { { cat "$1"; head -c 256 "$1"; printf '\000\001\000\000'; } >"$2"; }

publish_all() {
    make_image lamp.bin --version 2.0.0
    gzip -9 -n -c "$TAP_TMP/lamp.bin" >"$TAP_TMP/lamp.bin.gz"
    sign "$TAP_TMP/lamp.bin" "$TAP_TMP/lamp.bin.signed"
    sign "$TAP_TMP/lamp.bin.gz" "$TAP_TMP/lamp.bin.gz.signed"
    make_image lamp32.bin --version 2.0.0 --chip esp32
    publish "$TAP_TMP/lamp.bin" plain 2.0.0
    publish "$TAP_TMP/lamp.bin.gz" gzip 2.0.0
    publish "$TAP_TMP/lamp.bin.signed" signed 2.0.0
    publish "$TAP_TMP/lamp.bin.gz.signed" gzip-signed 2.0.0
    publish "$TAP_TMP/lamp32.bin" esp32 2.0.0
}

# stays_put PRODUCT [--mode M]: a device that runs the release is not sent it again.
stays_put() {
    local product=$1 size md5 sha256
    read -r size md5 sha256 < <(sketch "$TAP_TMP/lamp.bin" "${@:2}")
    assign 18:FE:AA:AA:AA:AA "{\"product\": \"$product\"}"
    ask "$(esp8266 "sketch-size=$size" "sketch-md5=$md5" -version)"
    expect "status for $product ${*:2}" "$status" 304
    expect "state for $product ${*:2}" "$(device_says 18:FE:AA:AA:AA:AA state)" current
    expect "version for $product ${*:2}" "$(device_says 18:FE:AA:AA:AA:AA version)" 2.0.0
}

a_plain_image_is_known_by_its_digest() { stays_put plain; }

a_mode_patched_image_is_known_in_each_mode() {
    local mode
    for mode in qio qout dio dout; do stays_put plain --mode $mode; done
}

a_compressed_image_is_known_by_what_it_inflates_to() { stays_put gzip; }
a_signed_image_is_known_without_its_trailer() { stays_put signed; }
a_signed_image_is_known_in_each_mode() { stays_put signed --mode qio; }
a_compressed_and_signed_image_is_known() { stays_put gzip-signed; }

a_compressed_image_is_not_mode_patched() {
    local size md5 sha256
    read -r size md5 sha256 < <(sketch "$TAP_TMP/lamp.bin" --mode qio)
    assign 18:FE:AA:AA:AA:AB '{"product": "gzip"}'
    ask "$(esp8266 STA-MAC=18:FE:AA:AA:AA:AB "sketch-size=$size" "sketch-md5=$md5" -version)"
    expect status "$status" 200
}

another_digest_is_another_image() {
    local product
    for product in plain gzip signed gzip-signed; do
        assign 18:FE:AA:AA:AA:AC "{\"product\": \"$product\"}"
        ask "$(esp8266 STA-MAC=18:FE:AA:AA:AA:AC sketch-md5=00000000000000000000000000000000 -version)"
        expect "status for $product" "$status" 200
    done
}

the_digest_of_the_file_is_not_the_digest_of_flash() {
    assign 18:FE:AA:AA:AA:AD '{"product": "gzip"}'
    ask "$(esp8266 STA-MAC=18:FE:AA:AA:AA:AD "sketch-md5=$(md5_of "$TAP_TMP/lamp.bin.gz")" -version)"
    expect status "$status" 200
}

a_version_counts_before_a_digest() {
    local size md5 sha256
    read -r size md5 sha256 < <(sketch "$TAP_TMP/lamp.bin")
    assign 18:FE:AA:AA:AA:AE '{"product": "plain"}'
    ask "$(esp8266 STA-MAC=18:FE:AA:AA:AA:AE "sketch-md5=$md5" version=1.9.0)"
    expect "status with another version" "$status" 200
    ask "$(esp8266 STA-MAC=18:FE:AA:AA:AA:AE sketch-md5=00000000000000000000000000000000 version=2.0.0)"
    expect "status with the version" "$status" 304
}

an_esp32_is_known_by_its_appended_sha256() {
    local size md5 sha256
    read -r size md5 sha256 < <(sketch "$TAP_TMP/lamp32.bin")
    assign 24:0A:C4:AA:AA:AA '{"product": "esp32"}'
    ask "$(esp32 -sketch-md5 "sketch-sha256=$(printf '%s' "$sha256" | tr a-f A-F)" -version)"
    expect status "$status" 304
    expect state "$(device_says 24:0A:C4:AA:AA:AA state)" current
    ask "$(esp32 -sketch-md5 -version)"
    expect "status of another" "$status" 200
}

an_esp32_is_known_by_its_md5() {
    local size md5 sha256
    read -r size md5 sha256 < <(sketch "$TAP_TMP/lamp32.bin")
    ask "$(esp32 "sketch-md5=$md5" -sketch-sha256 -version)"
    expect status "$status" 304
}

the_served_file_is_the_published_one() {
    local product file
    for product in gzip:lamp.bin.gz signed:lamp.bin.signed gzip-signed:lamp.bin.gz.signed; do
        file=$TAP_TMP/${product#*:}
        curl -sS -o served "$SERVER/firmware/${product%%:*}"
        cmp served "$file"
    done
}

server_start data
publish_all || { echo "Bail out! publishing failed"; exit 1; }
check a_plain_image_is_known_by_its_digest
check a_mode_patched_image_is_known_in_each_mode
check a_compressed_image_is_known_by_what_it_inflates_to
check a_signed_image_is_known_without_its_trailer
check a_signed_image_is_known_in_each_mode
check a_compressed_and_signed_image_is_known
check a_compressed_image_is_not_mode_patched
check another_digest_is_another_image
check the_digest_of_the_file_is_not_the_digest_of_flash
check a_version_counts_before_a_digest
check an_esp32_is_known_by_its_appended_sha256
check an_esp32_is_known_by_its_md5
check the_served_file_is_the_published_one
tap_end
