# The dashboard in a real browser; needs Node and Chromium.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/browser.sh"

find_browser the_dashboard_in_a_browser
node tests/browser/dashboard.mjs "$browser"
