# Power cuts of a device with slots. The program prints TAP, and at the end how many it
# tried.
. "$(dirname "$0")/../lib/tap.sh"

"$NATIVE/tests/powercut/slots"
