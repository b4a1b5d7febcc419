# The API's description against the server: the same routes, the same requests, the
# same answers.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

HERE=$TAP_ROOT/tests/openapi
PYTHON=$([ -x /usr/bin/python3 ] && echo /usr/bin/python3 || echo python3) # whose packages are Debian's
export PYTHONPATH=$HERE PYTHONDONTWRITEBYTECODE=1

image() { # FILE VERSION [OPTION…]
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$1" --project demo --version "$2" --size 20000 "${@:3}"
}
image 1.bin 1.0.0
image 2.bin 2.0.0
image foreign.bin 3.0.0 --chip esp32

it_is_of_the_same_routes_as_the_server() {
    api GET /openapi.json >openapi.json
    "$NATIVE/tests/openapi/list_routes" >routes
    [ -s routes ]
    "$PYTHON" "$HERE/document.py" openapi.json routes
}

a_route_that_is_not_described_is_named() {
    "$NATIVE/tests/openapi/list_routes" >routes
    echo 'GET /nowhere/{} viewer' >>routes
    api GET /openapi.json >openapi.json
    not "$PYTHON" "$HERE/document.py" openapi.json routes >faults
    expect faults "$(cat faults)" 'the server has GET /nowhere/{}, and no file of server/openapi describes it'
}

every_operation_keeps_to_it() {
    "$PYTHON" "$HERE/walk.py" "$SERVER" "$UPDRAFT_TOKEN_FILE" "$server_pid" \
        "$(sed -n 's/.*#setup=//p' "$TAP_TMP/data.out")" "$TAP_TMP"/{1,2,foreign}.bin
}

server_start data
check it_is_of_the_same_routes_as_the_server
check a_route_that_is_not_described_is_named
check every_operation_keeps_to_it
tap_end
