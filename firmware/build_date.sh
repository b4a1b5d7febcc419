#!/bin/sh
# build_date.sh FILE: writes a C header with the firmware's build date and time,
# and leaves FILE alone when it would not change. So that the same sources always
# make the same image, it is the date of SOURCE_DATE_EPOCH, or of the last commit
# to what the firmware is made of; outside of a repository, 1970.
set -e
out=$(realpath "$1")
cd "$(dirname "$0")/.."
seconds=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct -- device boot firmware cross 2>/dev/null || true)}
{
    echo '/* UTC. Made by build_date.sh. */'
    LC_ALL=C date -u -d "@${seconds:-0}" '+#define BUILD_DATE "%b %e %Y"%n#define BUILD_TIME "%H:%M:%S"'
} >"$out.new"
if cmp -s "$out.new" "$out"; then rm "$out.new"; else mv "$out.new" "$out"; fi
