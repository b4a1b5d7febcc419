# What ./run, ./test and ./bench share: packages and builds. Sourced, not run.

PROJECT_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$PROJECT_ROOT/build

# What a build of the tools, the server, the virtual devices and the firmware needs.
BUILD_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config
    libmicrohttpd-dev libgnutls28-dev libjansson-dev libcurl4-openssl-dev libsqlite3-dev libpq-dev libargon2-dev
    libavahi-core-dev libssl-dev zlib1g-dev libzopfli-dev libbearssl-dev
    gcc-xtensa-lx106 picolibc-xtensa-lx106-elf gcc-riscv64-unknown-elf
    python3 python3-yaml)

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# Prints those of the given packages that are not installed.
missing_packages() {
    local name status
    for name in "$@"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)
        [ "$status" = installed ] || printf '%s ' "$name"
    done
}

# Installs what is missing: as root, or through sudo, or says what to install.
need_packages() {
    command -v dpkg-query >/dev/null || die "this is not Debian or Ubuntu; install the counterparts of: $*"
    local missing as_root=() log=$BUILD/apt.log
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo)
        command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; } ||
            die "please install, as root: apt-get install ${missing% }"
    fi
    say "installing: ${missing% }"
    mkdir -p "$BUILD"
    # An old package list names versions that are gone, so it is refreshed first.
    # shellcheck disable=SC2086
    { "${as_root[@]}" apt-get update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 ||
        die "packages could not be installed, see ${log#"$PROJECT_ROOT"/}: ${missing% }"
}

# configure DIR [meson options]: sets a build directory up, or only changes its options.
configure() {
    local dir=$1; shift
    if [ -f "$dir/build.ninja" ]; then
        meson configure "$dir" $(printf '%s\n' "$@" | grep '^-D') >/dev/null ||
            die "meson could not change the options of ${dir#"$PROJECT_ROOT"/}"
    else
        mkdir -p "$dir"
        meson setup "$dir" "$PROJECT_ROOT" "$@" >"$dir/setup.log" 2>&1 ||
            { tail -n 20 "$dir/setup.log" >&2; die "meson setup failed for ${dir#"$PROJECT_ROOT"/}"; }
    fi
}

# build DIR: compiles; silent unless it fails.
build() {
    local dir=$1
    ninja -C "$dir" >"$dir/ninja.log" 2>&1 || {
        grep -v '^\[' "$dir/ninja.log" | tail -n 40 >&2
        die "the build failed, see ${dir#"$PROJECT_ROOT"/}/ninja.log"
    }
}

build_native() { configure "$BUILD" "$@" && build "$BUILD"; }
build_sanitized() {
    configure "$BUILD/sanitize" -Db_sanitize=address,undefined -Db_lundef=false "$@" && build "$BUILD/sanitize"
}
build_lx106() {
    configure "$BUILD/lx106" --cross-file "$PROJECT_ROOT/cross/lx106.ini" && build "$BUILD/lx106"
}
build_rv32() {
    configure "$BUILD/rv32" --cross-file "$PROJECT_ROOT/cross/rv32.ini" && build "$BUILD/rv32"
}
# Packs what these builds made into the firmware files that ./run publishes and
# tests use. PACKER is a program that is built already, if not that of build/.
pack_firmware() {
    local version packer=${PACKER:-$BUILD/updraft}
    mkdir -p "$BUILD/firmware"
    for version in 1.0.0 1.1.0; do
        "$packer" image --pack "$BUILD/firmware/demo-$version.bin" \
            --boot "$BUILD/lx106/boot/lx106/boot.elf" --app "$BUILD/lx106/firmware/demo-$version.elf" \
            --flash-mode dio --flash-size 4M --flash-freq 40 >/dev/null ||
            die "demo $version could not be packed"
        "$packer" image --pack "$BUILD/firmware/demo-c3-$version.bin" --chip esp32-c3 \
            --app "$BUILD/rv32/firmware/esp32c3/demo-c3-$version.elf" >/dev/null ||
            die "demo-c3 $version could not be packed"
    done
}
