# The page of a sketch's web server in a real browser; needs Node and Chromium.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/browser.sh"

find_browser the_page_of_a_sketch_in_a_browser
node tests/arduino/browser.mjs "$browser" "$TAP_ROOT/build/arduino/host/page-test"
