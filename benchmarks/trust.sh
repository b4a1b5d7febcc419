# What believing an update costs on LX106: code, stack and instructions of signatures by
# BearSSL and of looking into gzip files; and what a real image weighs on the air, raw,
# by gzip -9 and by ours. BearSSL is built for the chip from Debian's source package.
# Prints rows for ./bench.
. scripts/bearssl.sh
need_packages qemu-system-misc gzip openssl
work=$BUILD/bench-trust
lx106=$BUILD/lx106
keys=$PROJECT_ROOT/tests/vectors/signing
code_bytes=300000
cflags=(-std=c11 -Os -mlongcalls -mtext-section-literals -ffreestanding -ffunction-sections
    -fdata-sections -I "$PROJECT_ROOT/device/include" -I "$PROJECT_ROOT/device/port")

build_lx106
configure "$BUILD/bench" -Dtests=false -Dbenchmarks=true -Dbuildtype=release
ninja -C "$BUILD/bench" updraft benchmarks/trust >"$BUILD/bench/ninja.log" 2>&1 ||
    die "the benchmark was not built, see build/bench/ninja.log"
updraft=$BUILD/bench/updraft
rm -rf "$work"
mkdir -p "$work"

# c_bytes NAME: those on stdin, as a table of bytes.
c_bytes() { echo "static const uint8_t $1[] = {$(od -An -v -tx1 | sed 's/ \(..\)/0x\1,/g')};"; }

# A real image: the demonstration with picolibc's machine code as one more segment.
make_image() {
    xtensa-lx106-elf-gcc -nostdlib -Wl,--unresolved-symbols=ignore-all -Wl,-z,muldefs -Wl,-e0 \
        -Wl,-Ttext=0x1000 -Wl,--whole-archive -lc \
        "$(xtensa-lx106-elf-gcc -print-file-name=release/libc.a)" -lgcc -o "$work/code.elf" 2>"$work/log" ||
        die "picolibc's functions could not be linked"
    xtensa-lx106-elf-objcopy -O binary -j .text "$work/code.elf" "$work/code.all"
    head -c $code_bytes "$work/code.all" >"$work/code.bin"
    logged "the image could not be made" xtensa-lx106-elf-objcopy --add-section .text1="$work/code.bin" --change-section-address .text1=0x40280000 \
        --set-section-flags .text1=alloc,load,code,readonly "$lx106/firmware/demo-1.1.0.elf" "$work/image.elf"
    logged "the image could not be packed" "$updraft" image --pack "$work/image.bin" \
        --boot "$lx106/boot/lx106/boot.elf" --app "$work/image.elf"
    gzip -n -9 <"$work/image.bin" >"$work/image.gzip"
    "$BUILD/bench/benchmarks/trust" pack "$work/image.bin" "$work/image.ours" || die "zopfli failed"
}

make_inputs() {
    head -c 32768 "$work/code.bin" >"$work/content.bin"
    "$updraft" key header "$keys/rsa2048.pub" "$keys/p256.pub" >"$work/inputs.h"
    openssl dgst -sha256 -binary "$work/content.bin" | c_bytes digest >>"$work/inputs.h"
    for key in rsa2048 p256; do
        "$updraft" sign "$work/content.bin" --key "$keys/$key.key" --out "$work/content.signed" >/dev/null
        tail -c +32769 "$work/content.signed" | head -c -4 | c_bytes ${key}_signature >>"$work/inputs.h"
    done
    cat >"$work/member.S" <<END
        .section .text.member, "ax", @progbits
        .align 4
        .global member
member: .incbin "$work/image.ours"
        .space 1024
        .align 4
        .global member_size
member_size: .word $(wc -c <"$work/image.ours")
END
}

# A part linked by itself, with all it needs.
code_of() { # FUNCTION…
    xtensa-lx106-elf-gcc -nostdlib -Wl,--relax -Wl,--gc-sections -Wl,-e0 "${@/#/-Wl,-u,}" \
        "$work"/port/*.o "$lx106/device/libupdraft-device.a" "$BEARSSL_LX106/libbearssl.a" -lc -lgcc \
        -o "$work/part.elf" 2>"$work/log" || { cat "$work/log" >&2; die "a part could not be linked"; }
    xtensa-lx106-elf-size "$work/part.elf" | awk 'NR == 2 { print $1 + $2 }'
}

link_firmware() {
    local source
    mkdir -p "$work/port"
    for source in digest rsa p256; do
        logged "the port to BearSSL could not be built" xtensa-lx106-elf-gcc "${cflags[@]}" \
            -I "$BEARSSL_LX106/source/inc" -c "device/port/bearssl/$source.c" -o "$work/port/$source.o"
    done
    # shellcheck disable=SC2046
    logged "the firmware could not be linked" xtensa-lx106-elf-gcc "${cflags[@]}" \
        -I "$work" -I "$lx106/firmware" -I "$PROJECT_ROOT" \
        -DFIRMWARE_PROJECT='"trust"' -DFIRMWARE_VERSION='"1"' -DFIRMWARE_WANTS_TRIAL=0 -DUPDRAFT_VERSION='"0"' \
        -nostdlib -Wl,--gc-sections -Wl,-T,firmware/app.ld -Wl,-T,device/port/esp8266-rom/rom.ld \
        firmware/start.S firmware/preamble.c benchmarks/lx106/trust.c "$work/member.S" "$work"/port/*.o \
        "$lx106/device/libupdraft-device.a" "$BEARSSL_LX106/libbearssl.a" -lc -lgcc -o "$work/trust.elf"
    logged "the firmware could not be packed" "$updraft" image --pack "$work/trust.bin" \
        --boot "$lx106/boot/lx106/boot.elf" --app "$work/trust.elf" --flash-size 4M
    logged "the flash could not be filled" "$updraft" flash --layout 4M2M --app "$work/trust.bin" --out "$work/flash"
}

build_bearssl_lx106
make_image
make_inputs
link_firmware
"$BUILD/bench/benchmarks/trust" run "$lx106/sim/qemu/rom.elf" "$work/flash" | tr -d '\r' >"$work/console" ||
    { cat "$work/console" >&2; die "the firmware did not run"; }

echo "code, RSA by BearSSL	$(code_of ud_bearssl_rsa)	B	-	-"
echo "code, P-256 by BearSSL	$(code_of ud_bearssl_p256)	B	-	-"
echo "code, SHA-256 by BearSSL	$(code_of ud_sha256)	B	-	-"
echo "code, key ring, without those	$(code_of ud_keys_init ud_keys_verifier)	B	-	-"
echo "code, manifests	$(code_of ud_manifest_judge)	B	-	-"
echo "code, looking into gzip	$(code_of ud_gunzip_init ud_gunzip_write ud_gunzip_end)	B	-	-"
# 32 cycles of the core's counter are 25 instructions.
awk '
    function row(what, value, unit) { print what "\t" value "\t" unit "\t-\t-" }
    $4 == 0 && NF == 4 { print $1 " failed" >"/dev/stderr"; exit 1 }
    NF == 4 { instructions[$1] = $2 * 25 / 32; stack[$1] = $3 }
    $1 == "length" { length_out = $2 }
    END {
        row("verify, RSA-2048", sprintf("%.1f", instructions["rsa2048"] / 1e6), "Minstr")
        row("verify, RSA-2048, stack", stack["rsa2048"], "B")
        row("verify, P-256", sprintf("%.1f", instructions["p256"] / 1e6), "Minstr")
        row("verify, P-256, stack", stack["p256"], "B")
        row("SHA-256, for a byte", sprintf("%.1f", instructions["sha256"] / 65536), "instr")
        row("SHA-256, stack", stack["sha256"], "B")
        row("looking into gzip, for a byte that comes out", sprintf("%.1f", instructions["gunzip"] / length_out), "instr")
        row("looking into gzip, stack", stack["gunzip"], "B")
    }' "$work/console"
raw=$(wc -c <"$work/image.bin") gzip=$(wc -c <"$work/image.gzip") ours=$(wc -c <"$work/image.ours")
echo "on the air, raw	$raw	B	-	-"
echo "on the air, gzip -9	$gzip	B	$raw	-"
echo "on the air, ours	$ours	B	$gzip	<= 1.00x"
