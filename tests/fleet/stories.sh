# A fleet of 1,000 devices, minute by minute: tests/fleet/stories.c, which prints TAP.
. "$(dirname "$0")/../lib/tap.sh"

"$NATIVE/tests/fleet/fleet_stories"
