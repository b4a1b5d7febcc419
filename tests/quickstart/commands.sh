# The commands of README and docs, run as their readers would run them: in a network of their own
# that has this computer, 192.168.1.10, at one end and the devices, 192.168.1.50 and .51, at the
# other. pages.py says which blocks are run, and what comments before them mean.
#   bash tests/quickstart/commands.sh [PAGE…]
# TREE and FIRMWARE in the environment put others in the place of this tree and build/firmware.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${1:-}" != inside ]; then
    if unshare --mount --net true 2>/dev/null; then
        exec unshare --mount --net bash "$HERE/commands.sh" inside "$@"
    fi
fi
. "$HERE/../lib/tap.sh"

if [ "${1:-}" != inside ]; then
    skip commands_of_the_documents "this user may not make network namespaces"
    tap_end
fi
shift

export OTHER_END=$TAP_TMP/other
trap 'umount -l "$OTHER_END"; tap_cleanup' EXIT

beyond() { nsenter --net="$OTHER_END" "$@"; }

lay_the_cable() {
    touch "$OTHER_END"
    unshare --net="$OTHER_END" true
    ip link add here type veth peer name there
    ip link set there netns "$OTHER_END"
    ip addr add 192.168.1.10/24 dev here
    ip link set here up
    ip link set lo up
    beyond ip addr add 192.168.1.50/24 dev there
    beyond ip addr add 192.168.1.51/24 dev there
    beyond ip link set there up
    beyond ip link set lo up
}

# Names that pages use, and a place for servers' data as on a machine where nothing runs yet.
lay_the_scene() {
    printf '%s\n' '127.0.0.1 localhost' '192.168.1.10 updates.example.com updates.example' \
        '192.168.1.50 lamp.local' >"$TAP_TMP/hosts"
    mount --bind "$TAP_TMP/hosts" /etc/hosts
    mount -t tmpfs none /var/lib
    mkdir "$TAP_TMP/bin"
    printf '#!/bin/sh\n# At the other end of the cable, where the devices are.\nexec nsenter --net=%s "$@"\n' "$OTHER_END" \
        >"$TAP_TMP/bin/beyond"
    chmod +x "$TAP_TMP/bin/beyond"
    for name in updraft espota signing; do ln -s "$UPDRAFT" "$TAP_TMP/bin/$name"; done
}

lay_the_cable && lay_the_scene || { echo "Bail out! no network of its own"; exit 1; }
cd "$TAP_ROOT" || exit 1
[ $# -gt 0 ] || set -- README.md CONTRIBUTING.md docs/*.md
env -u UPDRAFT_SERVER -u UPDRAFT_TOKEN_FILE PATH="$TAP_TMP/bin:$PATH" TREE="${TREE:-$TAP_ROOT}" \
    FIRMWARE="${FIRMWARE:-$TAP_ROOT/build/firmware}" python3 "$HERE/pages.py" "$TAP_TMP/pages" "$@"
