# The lines for platform.local.txt in the documents, filled in and run as the Arduino IDE does.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/ports.sh"

RECIPES=$TAP_ROOT/docs/replace-one-piece.md
PASSWORD='open sesame'

# filled_in KEY [NAME=VALUE…]: the recipe of that key, with values for what is in braces.
filled_in() {
    python3 - "$RECIPES" "$UPDRAFT" "$BUILD" "$@" <<'PYTHON'
import pathlib, re, sys

page, updraft, build, key, *pairs = sys.argv[1:]
recipes = {}
for block in re.findall(r"<!-- recipe -->\n```properties\n(.*?)```", pathlib.Path(page).read_text(), re.S):
    recipes |= dict(line.split("=", 1) for line in block.splitlines() if not line.startswith("#"))
values = dict(pair.split("=", 1) for pair in pairs)
text = re.sub(r"\{([a-z_.0-9]+)\}", lambda match: values[match.group(1)], recipes[key])
print(text.replace("/usr/bin/updraft", updraft).replace("/usr/share/updraft/boot.elf", f"{build}/lx106/boot/lx106/boot.elf"))
PYTHON
}

# What the core's boards.txt and the build say.
BUILT=("build.path=out" "build.project_name=sketch.ino" "build.source.path=sketch"
    "build.flash_mode=dio" "build.flash_size=4M" "build.flash_freq=40")

run() {
    local line
    line=$(filled_in "$@") || return 1
    echo "$line"
    bash -e -c "$line" </dev/null
}

a_build_has_run() {
    mkdir -p out/core sketch
    cp "$BUILD/lx106/firmware/demo-1.1.0.elf" out/sketch.ino.elf
    "$UPDRAFT" keygen --private sketch/private.key --public sketch/public.key
}

the_file_is_packed_with_our_bootloader() {
    run recipe.objcopy.hex.1.pattern "${BUILT[@]}" "runtime.tools.eboot=$(filled_in runtime.tools.eboot)"
    "$UPDRAFT" image --pack by-hand.bin --boot "$BUILD/lx106/boot/lx106/boot.elf" --app out/sketch.ino.elf
    cmp out/sketch.ino.bin by-hand.bin
}

keys_and_signatures_are_where_the_core_looks() {
    run recipe.hooks.sketch.prebuild.pattern "${BUILT[@]}"
    grep -q 'ARDUINO_SIGNING 1' out/core/Updater_Signing.h
    run recipe.objcopy.hex.2.pattern "${BUILT[@]}"
    "$UPDRAFT" verify out/sketch.ino.bin.signed --key sketch/public.key
    [ -s out/sketch.ino.bin.legacy_sig ]
    rm out/sketch.ino.bin.signed
}

# device PORT FILE [options]: takes uploads there. Sets device_pid.
device() {
    local port=$1 app=$2 tries
    shift 2
    printf '%s\n' "$PASSWORD" >password
    "$UPDRAFT" device --app "$app" --uploads "$port" --upload-password-file password "$@" >device.out 2>&1 &
    device_pid=$!
    for tries in $(seq 600); do grep -q ' runs ' device.out && return; sleep 0.1; done
    cat device.out
    return 1
}

taken() { # VERSION
    local tries
    for tries in $(seq 600); do grep -q "runs .* $1" device.out && break; sleep 0.1; done
    kill $device_pid
    grep -q "runs .* $1" device.out || { cat device.out; return 1; }
}

an_esp8266_takes_the_upload() {
    local port
    port=$(free_port)
    device "$port" "$BUILD/firmware/demo-1.0.0.bin"
    run tools.esptool.upload.network_pattern "${BUILT[@]}" serial.port=127.0.0.1 "network.port=$port" "network.password=$PASSWORD"
    taken 1.1.0
}

an_esp32_takes_the_upload() {
    local port
    port=$(free_port)
    cp "$BUILD/firmware/demo-c3-1.1.0.bin" out/esp32.bin
    device "$port" "$BUILD/firmware/demo-c3-1.0.0.bin" --chip esp32-c3 --upload-sha256
    run tools.esp_ota.upload.pattern build.path=out build.project_name=esp32 upload.port.address=127.0.0.1 \
        "upload.port.properties.port=$port" "upload.field.password=$PASSWORD"
    taken 1.1.0
}

partitions_become_a_table() {
    printf '%s\n' 'nvs,data,nvs,0x9000,0x5000,' 'app0,app,ota_0,0x10000,0x140000,' >partitions.csv
    bash -e -c "$(filled_in tools.gen_esp32part.cmd) -q partitions.csv out/partitions.bin"
    [ "$(head -c 2 out/partitions.bin | od -An -tx1 | tr -d ' ')" = aa50 ]
}

the_ide_is_answered() {
    printf 'HELLO 1 "IDE"\nQUIT\n' | bash -e -c "$(filled_in pluggable_discovery.updraft.pattern)" >answers
    grep -q '"eventType": *"hello"' answers
}

headers_for_sketches_are_there() {
    local header count=0
    for header in $(grep -oE '#include <Updraft\w+\.h>' "$RECIPES" | grep -oE 'Updraft\w+\.h' | sort -u); do
        [ -f "$TAP_ROOT/device/port/arduino/src/$header" ] || { echo "there is no $header"; return 1; }
        count=$((count + 1))
    done
    [ $count -eq 4 ]
}

a_recipe_that_is_gone_is_seen() {
    if filled_in recipe.nowhere 2>/dev/null; then return 1; fi
    if filled_in recipe.objcopy.hex.1.pattern build.path=out 2>/dev/null; then return 1; fi
}

check a_build_has_run
check the_file_is_packed_with_our_bootloader
check keys_and_signatures_are_where_the_core_looks
check an_esp8266_takes_the_upload
check an_esp32_takes_the_upload
check partitions_become_a_table
check the_ide_is_answered
check headers_for_sketches_are_there
check a_recipe_that_is_gone_is_seen
tap_end
