# The names of the documents, called by a sketch, which prints TAP.
. "$(dirname "$0")/../lib/tap.sh"

python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/old.bin" --project demo --version 1.0.0
timeout 60 "$TAP_ROOT/build/arduino/host/api-test" --flash "$TAP_TMP/flash.bin" --app "$TAP_TMP/old.bin"
