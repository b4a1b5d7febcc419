# Each invariant of the security model names tests that exist and are run.
. "$(dirname "$0")/../lib/tap.sh"

# is_run TEST FILE: a script checks it, or a C program has it in its table.
is_run() {
    case $2 in
    *.sh) grep -qx "check $1" "$TAP_ROOT/$2" ;;
    *.c) grep -qE "^static void $1\(" "$TAP_ROOT/$2" && grep -qE "(cmocka_unit_test\w*|TEST)\($1\b" "$TAP_ROOT/$2" ;;
    *) false ;;
    esac
}

# unchecked DOCUMENT: numbered lines with no test, or with one that is not run.
unchecked() {
    local line pair
    while IFS= read -r line; do
        grep -qoE '`[a-z0-9_]+` in `[^`]+`' <<<"$line" || echo "no test: $line"
        while read -r pair; do
            is_run "${pair%% *}" "${pair##* }" || echo "not run: $pair"
        done < <(grep -oE '`[a-z0-9_]+` in `[^`]+`' <<<"$line" | tr -d '`')
    done < <(grep -E '^[0-9]+\. ' "$1")
}

every_invariant_has_its_test() {
    [ "$(grep -cE '^[0-9]+\. ' "$TAP_ROOT/docs/security.md")" -ge 20 ]
    unchecked "$TAP_ROOT/docs/security.md" >wrong
    [ ! -s wrong ] || { cat wrong; return 1; }
}

numbers_are_in_order() {
    grep -oE '^[0-9]+\. ' "$TAP_ROOT/docs/security.md" | tr -d '. ' >numbers
    seq "$(wc -l <numbers)" | cmp - numbers
}

a_test_that_is_gone_is_seen() {
    printf '1. A: `no_such_test` in `tests/server/rights.sh`.\n2. B.\n' >gone.md
    printf '3. C: `no_such_test` in `tests/device/test_keys.c`.\n' >>gone.md
    [ "$(unchecked gone.md | wc -l)" -eq 3 ]
}

check every_invariant_has_its_test
check numbers_are_in_order
check a_test_that_is_gone_is_seen
tap_end
