# What the bootloader costs on the chip's own instruction set, beside the original's
# eboot: bytes, and for updates of a program of 300 KB instructions, stack, flash
# operations and their time. boot.c measures and has eboot's figures; here is made what
# it measures. Prints rows for ./bench.
need_packages qemu-system-misc gzip
work=$BUILD/bench-boot
lx106=$BUILD/lx106
boot=$lx106/boot/lx106/boot.elf
code_bytes=300000

build_lx106
configure "$BUILD/bench" -Dtests=false -Dbenchmarks=true -Dbuildtype=release
ninja -C "$BUILD/bench" updraft benchmarks/boot >"$BUILD/bench/ninja.log" 2>&1 ||
    die "the benchmark was not built, see build/bench/ninja.log"
mkdir -p "$work"
rm -f "$work"/*

# Machine code that every build machine has: all functions of both of picolibc's builds
# and of libgcc, linked, without their constants. Linked low, because what is called and
# not there is taken to be at 0.
link_machine_code() {
    xtensa-lx106-elf-gcc -nostdlib -Wl,--unresolved-symbols=ignore-all -Wl,-z,muldefs \
        -Wl,-e0 -Wl,-Ttext=0x1000 -Wl,--whole-archive -lc \
        "$(xtensa-lx106-elf-gcc -print-file-name=release/libc.a)" -lgcc -o "$work/code.elf" \
        2>"$work/log" || { cat "$work/log" >&2; die "picolibc's functions could not be linked"; }
    xtensa-lx106-elf-objcopy -O binary -j .text "$work/code.elf" "$work/code"
    [ "$(wc -c <"$work/code")" -gt $((code_bytes + 4096)) ] || die "picolibc has too little machine code"
}

# make NAME VERSION CONTENT: NAME.bin, the demonstration of this version with the file's
# content as one more segment, in mapped flash, and NAME.bin.gz.
make() {
    local elf=$work/$1.elf
    {
        xtensa-lx106-elf-objcopy --add-section .text1="$3" --change-section-address .text1=0x40280000 \
            --set-section-flags .text1=alloc,load,code,readonly "$lx106/firmware/demo-$2.elf" "$elf" &&
            "$BUILD/bench/updraft" image --pack "$work/$1.bin" --boot "$boot" --app "$elf" &&
            gzip -9nk "$work/$1.bin"
    } >"$work/log" 2>&1 || { cat "$work/log" >&2; die "the program $1 could not be made"; }
}

# Between two versions of a program all code moves a little, so that no sector stays.
link_machine_code
head -c $code_bytes "$work/code" >"$work/before"
tail -c +69 "$work/code" | head -c $code_bytes >"$work/after"
yes 'the same line of text over and over' | head -c $code_bytes >"$work/lines"
make old 1.0.0 "$work/before"
make new 1.1.0 "$work/after"
make trial 2.0.0 "$work/after"
make repetitive 1.1.0 "$work/lines"

# Baselines: sections of eboot.elf; its globals are in one of 0xA0B8 bytes.
xtensa-lx106-elf-size -A "$boot" | awk '
    { bytes[$1] = $2 }
    END {
        print "code\t" bytes[".text"] "\tB\t3408\t-"
        print "constants\t" bytes[".rodata"] "\tB\t40\t-"
        print "ram, window and state\t" bytes[".window"] + bytes[".bss"] "\tB\t41144\t-"
    }'
"$BUILD/bench/benchmarks/boot" "$lx106/sim/qemu/rom.elf" "$work"
