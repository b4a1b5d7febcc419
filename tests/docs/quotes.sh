# Code in the documents is the project's own: a block after the comment <!-- from FILE --> is in
# that file as it stands there.
. "$(dirname "$0")/../lib/tap.sh"

# quotes DOCUMENT…: says which blocks are in the files they name, fails if one is not, or if there
# are none.
quotes() {
    python3 - "$TAP_ROOT" "$@" <<'PYTHON'
import pathlib, re, sys

root = pathlib.Path(sys.argv[1])
BLOCK = re.compile(r"<!-- from (\S+) -->\n```\w*\n(.*?)```", re.S)
count = wrong = 0
for name in sys.argv[2:]:
    for file, code in BLOCK.findall(pathlib.Path(name).read_text()):
        count += 1
        path = root / file
        if not path.exists() or "\n" + code not in "\n" + path.read_text():
            wrong += 1
            print(f"{name}: not in {file}:\n{code}")
print(count, "blocks")
sys.exit(wrong > 0 or count == 0)
PYTHON
}

documents_quote_what_is_there() { quotes "$TAP_ROOT"/docs/*.md; }

a_changed_quote_is_seen() {
    printf '<!-- from device/include/updraft/flash.h -->\n```c\n#define UD_FLASH_WORD 5u\n```\n' >changed.md
    if quotes changed.md; then return 1; fi
    printf '<!-- from device/include/updraft/nowhere.h -->\n```c\nint x;\n```\n' >missing.md
    if quotes missing.md; then return 1; fi
}

# Files named in backquotes with a folder of ours exist. (The originals' tools are in tools/*.py.)
documents_name_what_is_there() {
    cd "$TAP_ROOT"
    local path missing=0
    for path in $(grep -ohE '`(device|boot|firmware|sim|host|tools|server|scripts|tests|cross)/[A-Za-z0-9_./-]*`' docs/*.md README.md |
        tr -d '`' | grep -v '^tools/.*\.py$' | sort -u); do
        compgen -G "$path*" >/dev/null || { echo "named, but not there: $path"; missing=1; }
    done
    [ $missing -eq 0 ]
}

check documents_quote_what_is_there
check a_changed_quote_is_seen
check documents_name_what_is_there
tap_end
