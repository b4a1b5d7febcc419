# The page that devices serve, in a real browser; needs Node and Chromium.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/browser.sh"

find_browser the_update_page_in_a_browser
node tests/browser/update_page.mjs "$browser"
