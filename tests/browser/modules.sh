# The dashboard's parts that need no page; needs Node only.
. "$(dirname "$0")/../lib/tap.sh"

node "$TAP_ROOT/tests/browser/modules.mjs"
