# What analysers find in what runs on devices, without running it: cppcheck, but for
# exceptions.txt, and gcc's own analyser.
. "$(dirname "$0")/../lib/tap.sh"

sources() { git -C "$TAP_ROOT" ls-files ':(glob)device/src/*.c' ':(glob)boot/*.c'; }

cppcheck_finds_nothing() {
    cd "$TAP_ROOT"
    cppcheck --enable=warning,portability --std=c11 --quiet --error-exitcode=1 \
        --suppressions-list=tests/analysis/exceptions.txt -I. -Idevice/include device/src boot
}

gcc_finds_nothing() {
    cd "$TAP_ROOT"
    sources | xargs -P 2 -I FILE gcc -std=c11 -O2 -fanalyzer -Werror -I. -Idevice/include -c FILE -o /dev/null
}

check cppcheck_finds_nothing
check gcc_finds_nothing
tap_end
