# Whatever a subcommand is given, a mistake is one line on stderr and exit 1 or
# 2: no crash, no usage text, nothing left behind.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/refused.sh"

# Beside the binary under test lie the firmware files and the LX106 build.

FIRMWARE=$BUILD/firmware/demo-1.0.0.bin

commands() { "$UPDRAFT" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -vxE 'help|version'; }

make_inputs() {
    : >empty
    mkdir -p directory
    head -c 5000 /dev/urandom | tr '\351\037\377\177' 'abcd' >garbage
    printf '<!DOCTYPE html><html>login</html>' >page.html
    printf 'hello\n' >text
    printf '\352\004\002\100' >espressif.bin
    printf '\177ELF\001\001\001' >short.elf
    cp "$FIRMWARE" good.bin
    gzip -n -9 <good.bin >good.bin.gz
    head -c 3000 good.bin >cut.bin
    head -c 1000 good.bin.gz >cut.bin.gz
}

no_command_shows_the_overview() {
    local status=0
    "$UPDRAFT" >out 2>err || status=$?
    [ $status -eq 2 ]
    [ ! -s err ]
    grep -q '^usage: updraft COMMAND' out
}

help_and_version_work_in_every_spelling() {
    local spelling name
    for spelling in help --help -h; do
        "$UPDRAFT" $spelling | grep -q '^usage: updraft COMMAND'
    done
    for spelling in version --version; do
        "$UPDRAFT" $spelling | grep -qE '^updraft [0-9]+\.[0-9]+\.[0-9]+$'
    done
    for name in $(commands); do
        "$UPDRAFT" help "$name" >one
        "$UPDRAFT" "$name" --help >two
        "$UPDRAFT" "$name" -h >three
        grep -q "^usage: updraft $name" one
        cmp one two
        cmp one three
    done
}

all_commands_are_there() {
    local name
    for name in serve publish devices releases image device flash keygen sign verify key signing; do
        commands | grep -qx "$name" || { echo "no $name"; return 1; }
    done
}

unknown_commands_are_refused() {
    refused 2 nonsense
    says 'unknown command nonsense'
    refused 2 publsh
    says 'did you mean publish?'
    refused 2 --nonsense
    refused 2 ''
    refused 2 "$(printf 'two\nlines')"
    refused 2 help nonsense
    refused 2 help image flash
    refused 2 version now
}

# --nonsense and an option without its value, for every command.
unknown_options_are_refused() {
    local name option
    for name in $(commands); do
        refused 2 "$name" --nonsense
        says "unknown option --nonsense; see updraft $name --help"
        refused 2 "$name" -@
        refused 2 "$name" --help=yes
        for option in $("$UPDRAFT" "$name" --help | sed -n 's/^  .. *\(-., \)\{0,1\}\(--[a-z-]*\) [A-Z].*/\2/p'); do
            refused 2 "$name" "$option"
            says "$option needs a value"
        done
    done
}

a_closed_or_full_output_is_noticed() {
    local status=0
    "$UPDRAFT" help >/dev/full 2>err || status=$?
    [ $status -eq 1 ]
    [ "$(wc -l <err)" -eq 1 ]
    status=0
    { "$UPDRAFT" help 2>err || echo $? >status; } | true
    [ ! -s err ]
}

image_refuses_what_it_cannot_read() {
    make_inputs
    refused 2 image
    refused 2 image good.bin good.bin
    refused 1 image missing
    says 'missing: No such file or directory'
    refused 1 image directory
    says 'directory: Is a directory'
    refused 1 image missing/below
    if [ "$(id -u)" -ne 0 ]; then
        cp good.bin unreadable
        chmod 0 unreadable
        refused 1 image unreadable
        says 'Permission denied'
    fi
}

image_names_what_is_no_image() {
    make_inputs
    refused 1 image empty
    says 'empty'
    refused 1 image garbage
    refused 1 image page.html
    says 'web page'
    refused 1 image text
    says 'it is text: take the .bin that was built'
    refused 1 image espressif.bin
    says '(EA): take an Arduino .bin'
    refused 1 image "$TAP_ROOT/tests/vectors/trust/1-add-p256.signed"
    says 'it is a key update, no firmware: updraft key show reads it'
    refused 1 image short.elf
    says 'pack it first'
    refused 1 image cut.bin.gz
    says 'cut short'
    refused 1 image "$BUILD/lx106/firmware/demo-1.0.0.elf"
    says 'pack it first'
}

# A sample of lengths, the interesting ones among them; not the whole file.
image_refuses_every_truncation() {
    make_inputs
    local size length
    size=$(stat -c %s good.bin)
    for length in 1 2 7 8 9 15 16 17 31 32 $(seq 100 311 "$size") 4095 4096 4097 4103 4104 4111 4112 4119 \
        4120 4127 4128 4383 4384 $((size - 17)) $((size - 16)) $((size - 2)) $((size - 1)); do
        [ "$length" -lt "$size" ] || continue
        head -c "$length" good.bin >part.bin
        [ "$length" -eq "$(bootloader_end)" ] && continue
        refused 1 image part.bin
        refused 1 image part.bin --json
        "$UPDRAFT" image part.bin --json 2>/dev/null | grep -q '"sound": false'
    done
}

# A file cut right after its first image is a sound file with one image.
bootloader_end() { "$UPDRAFT" image good.bin --json | sed -n 's/^ *"end": \([0-9]*\),*$/\1/p' | head -n 1; }

image_refuses_damage() {
    make_inputs
    local offset
    # A wrong length word at 4112 reads as an older core, which had none.
    for offset in 0 1 9 13 40 4096 4116 4117 4140 4400 $(($(stat -c %s good.bin) - 40)); do
        cp good.bin damaged.bin
        printf '\123' | dd of=damaged.bin bs=1 seek="$offset" conv=notrunc status=none
        cmp -s good.bin damaged.bin && continue
        refused 1 image damaged.bin || { echo "damage at $offset"; return 1; }
    done
}

pack_refuses() {
    make_inputs
    local boot=$BUILD/lx106/boot/lx106/boot.elf app=$BUILD/lx106/firmware/demo-1.0.0.elf
    refused 2 image --pack out.bin
    refused 2 image --pack out.bin --boot "$boot"
    refused 2 image --boot "$boot" --app "$app"
    refused 2 image good.bin --pack out.bin --boot "$boot" --app "$app"
    refused 2 image --pack out.bin --boot "$boot" --app "$app" --flash-mode fast
    refused 2 image --pack out.bin --boot "$boot" --app "$app" --flash-size 3M
    refused 2 image --pack out.bin --boot "$boot" --app "$app" --flash-freq 41
    refused 1 image --pack out.bin --boot missing --app "$app"
    refused 1 image --pack out.bin --boot "$boot" --app directory
    refused 1 image --pack out.bin --boot "$boot" --app garbage
    says 'garbage is not an ELF file'
    refused 1 image --pack out.bin --boot "$boot" --app short.elf
    refused 1 image --pack out.bin --boot "$boot" --app empty
    refused 1 image --pack out.bin --boot /bin/true --app "$app"
    says 'not a linked program for these chips'
    refused 1 image --pack out.bin --boot "$boot" --app "$boot"
    says 'no ESP8266 application'
    refused 1 image --pack missing/out.bin --boot "$boot" --app "$app"
    refused 1 image --pack directory --boot "$boot" --app "$app"
    head -c 2000 "$app" >cut.elf
    refused 1 image --pack out.bin --boot "$boot" --app cut.elf
    says 'cut.elf is a damaged ELF file'
    refused 2 image --pack out.bin --chip esp99 --app "$app"
    refused 2 image --pack out.bin --chip esp32-c2 --app "$app"
    says 'packing is known for esp32'
    refused 2 image --pack out.bin --chip esp32
    refused 2 image --pack out.bin --chip esp32 --boot "$boot" --app "$app"
    refused 2 image --pack out.bin --chip esp32 --app "$app" --flash-size 512K
    refused 2 image --chip esp32 good.bin
    refused 1 image --pack out.bin --chip esp32-c3 --app "$app"
    says 'is a program for another chip'
    refused 1 image --pack out.bin --boot "$boot" --app "$BUILD/rv32/firmware/esp32c3/demo-c3-1.0.0.elf"
    says 'for another chip than ESP8266'
    [ ! -e out.bin ]
}

flash_refuses() {
    make_inputs
    local full="--layout 4M2M --out chip.flash --app good.bin"
    refused 2 flash
    refused 2 flash --layout 4M2M --out chip.flash
    refused 2 flash --out chip.flash --app good.bin
    refused 2 flash $full extra
    refused 2 flash --layout 5M --out chip.flash --app good.bin
    says 'unknown layout 5M'
    refused 2 flash --layout '' --out chip.flash --app good.bin
    refused 1 flash --layout 1M64K --out chip.flash --app good.bin
    says 'made for 4 MB of flash, layout 1M64K has 1 MB'
    refused 1 flash --layout 4M2M --out chip.flash --app cut.bin
    refused 1 flash --layout 4M2M --out chip.flash --app missing
    refused 1 flash --layout 4M2M --out chip.flash --app page.html
    refused 1 flash --layout 4M2M --out missing/chip.flash --app good.bin
    refused 1 flash $full --boot garbage
    refused 1 flash $full --fs missing
    refused 1 flash $full --fs empty
    head -c 2072577 /dev/zero >too-large.fs
    refused 1 flash $full --fs too-large.fs
    says 'does not fit'
    refused 1 flash --layout 4M0 --out chip.flash --app good.bin --fs text
    says 'layout 4M0 has no file system'
    head -c "$(bootloader_end)" good.bin >boot-alone.bin
    refused 1 flash --layout 4M2M --out chip.flash --app boot-alone.bin
    says 'not a bootloader and an application'
    refused 1 flash --layout 1M64K --out chip.flash --app good.bin --boot boot-alone.bin
    says 'boot-alone.bin is made for 4 MB'
    [ ! -e chip.flash ]
}

partitions_refuses() {
    make_inputs
    printf 'nvs,data,nvs,,0x4000\n' >table.csv
    refused 2 partitions
    refused 2 partitions table.csv a b
    refused 2 partitions table.csv --flash-size 3MB
    refused 2 partitions table.csv --secure v3
    refused 2 partitions table.csv --offset here
    refused 1 partitions missing
    refused 1 partitions directory
    refused 1 partitions empty
    refused 1 partitions text
    refused 1 partitions garbage
    refused 1 partitions good.bin
    refused 1 partitions table.csv missing/table.bin
    refused 1 partitions table.csv directory
    [ ! -e missing ]
}

otadata_refuses() {
    make_inputs
    head -c 8192 /dev/zero | tr '\0' '\377' >ota.bin
    cp ota.bin before
    refused 2 otadata
    refused 2 otadata show
    refused 2 otadata paint ota.bin
    refused 2 otadata switch ota.bin
    refused 2 otadata switch ota.bin --slot x
    refused 2 otadata show ota.bin --slots 0
    refused 2 otadata show ota.bin --slots 17
    refused 1 otadata switch ota.bin --slot 2
    refused 1 otadata switch ota.bin --name app0
    refused 1 otadata show missing
    refused 1 otadata show directory
    refused 1 otadata show empty
    refused 1 otadata show garbage
    refused 1 otadata switch good.bin --slot 0
    refused 1 otadata erase text
    cmp ota.bin before
}

flash_keeps_an_existing_file() {
    make_inputs
    echo precious >chip.flash
    refused 1 flash --layout 4M2M --out chip.flash --app good.bin
    says 'chip.flash exists; --force replaces it'
    [ "$(cat chip.flash)" = precious ]
    "$UPDRAFT" flash --layout 4M2M --out chip.flash --app good.bin --force
    [ "$(stat -c %s chip.flash)" -eq 4194304 ]
}

check no_command_shows_the_overview
check help_and_version_work_in_every_spelling
check all_commands_are_there
check unknown_commands_are_refused
check unknown_options_are_refused
check a_closed_or_full_output_is_noticed
check image_refuses_what_it_cannot_read
check image_names_what_is_no_image
check image_refuses_every_truncation
check image_refuses_damage
check pack_refuses
check flash_refuses
check partitions_refuses
check otadata_refuses
check flash_keeps_an_existing_file
tap_end
