# A browser for test scripts; source it after tap.sh.

# find_browser NAME: sets `browser`, with Playwright ready to drive it; or reports the
# test NAME as skipped and ends where the system has none.
find_browser() {
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
    if [ -z "$browser" ]; then
        skip "$1" "this system has no Chromium among its packages"
        tap_end
    fi
    # The lock file is the stamp: what it asks for is installed once.
    cd "$TAP_ROOT" || exit 1
    mkdir -p build
    # Two scripts that begin at the same time do not install at the same time.
    flock build/browser-packages bash -c '
        cmp -s package-lock.json build/browser-packages.lock && exit
        npm ci --no-audit --no-fund && cp package-lock.json build/browser-packages.lock
    ' >"$TAP_TMP/npm.log" 2>&1 ||
        { sed 's/^/# /' "$TAP_TMP/npm.log"; echo "Bail out! npm ci failed"; exit 1; }
    export UPDRAFT
}
