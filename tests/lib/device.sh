# Virtual devices for test scripts. Source it after tap.sh.

# device_once FLASH URL [options]: a virtual ESP8266 that boots from the flash
# file, asks once, takes what it gets, and runs it. Its exit status goes to the
# variable `status`, what it prints to the file said.
device_once() {
    local flash=$1 url=$2
    shift 2
    status=0
    "$UPDRAFT" device --flash "$flash" --url "$url" --mac 5C:CF:7F:00:00:01 --layout 4M2M --once \
        "$@" >said 2>&1 || status=$?
}

# version_in FLASH: of the image that a flash file boots.
version_in() { "$UPDRAFT" image "$1" --json | json description version; }
