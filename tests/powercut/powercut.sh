# Every power cut of every kind of update. The program prints TAP, and at the end
# how many it tried.
. "$(dirname "$0")/../lib/tap.sh"

"$NATIVE/tests/powercut/powercut"
