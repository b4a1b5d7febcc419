# What runs the documents' commands sees what is wrong with them.
. "$(dirname "$0")/../lib/tap.sh"

PAGES=$TAP_ROOT/tests/quickstart/pages.py

# page TEXT: it is run; what was reported goes to the file said. printf's escapes count.
page() {
    rm -rf pages
    printf '%b' "$1" >page.md
    TREE=$TAP_ROOT python3 "$PAGES" pages page.md >said || return 1
}

refused() { if page "$1"; then cat said; return 1; fi; grep -qF -- "$2" said || { cat said; return 1; }; }

variables_and_folders_hold_from_block_to_block() {
    page '```sh\nexport A=1\nmkdir b; cd b\n```\n```sh\n[ "$A" = 1 ]\n[ "${PWD##*/}" = b ]\n```\n'
    [ "$(grep -c '^ok ' said)" -eq 2 ]
}

a_line_that_fails_is_seen() {
    refused '```sh\ntrue\nfalse\ntrue\n```\n' 'not ok 1 - page.md:1 true'
    refused '```sh\nno-such-program --at-all\n```\n' 'no-such-program'
}

sessions_are_compared() {
    page '```console\n$ echo sound: 17 records\nsound: … records\n$ seq 3\n1\n…\n```\n'
    refused '```console\n$ echo sound\nunsound\n```\n' 'not ok'
    refused '```console\n$ seq 3\n1\n2\n```\n' 'not ok'
}

what_is_printed_is_compared() {
    page '```sh\nseq 3\n```\n<!-- test: printed -->\n```text\n1\n…\n```\n'
    refused '```sh\nseq 3\n```\n<!-- test: printed -->\n```text\n1\n2\n```\n' 'not ok 2'
    page '<!-- test: clock stays, says tick -->\n```sh\necho tick; sleep 1; echo tock; sleep 100\n```\n<!-- test: printed by clock -->\n```text\ntick\ntock\n```\n'
}

what_comes_first_and_after_is_run() {
    page '<!-- test: first\necho 1 >file -->\n<!-- test: after\n[ "$(cat file)" = 12 ] -->\n```sh\ntruncate -s 1 file; printf 2 >>file\n```\n'
    refused '<!-- test: first\nfalse -->\n```sh\ntrue\n```\n' 'not ok'
    refused '<!-- test: after\nfalse -->\n```sh\ntrue\n```\n' 'not ok'
}

what_stays_is_waited_for_and_ended() {
    page '<!-- test: clock stays, says tick -->\n```sh\necho tick; sleep 1000\n```\n```sh\ncp ../page/.world/clock.pid ../../pid\n```\n'
    local tries
    for tries in $(seq 600); do kill -0 "$(cat pid)" 2>/dev/null || break; sleep 0.1; done
    if kill -0 "$(cat pid)" 2>/dev/null; then echo "it goes on"; return 1; fi
    refused '<!-- test: clock stays, says tick -->\n```sh\necho tock\n```\n' 'did not say: tick'
}

what_does_not_end_is_ended() {
    BLOCK_LIMIT_S=2 refused '```sh\necho $$ >../../pid; sleep 1000\n```\n' 'does not end'
    local tries
    for tries in $(seq 600); do kill -0 "$(cat pid)" 2>/dev/null || return 0; sleep 0.1; done
    return 1
}

what_stands_in_must_be_there() {
    page '<!-- test: with PORT = 80 -->\n```sh\n[ PORT = 80 ]\n```\n'
    refused '<!-- test: with PORT = 80 -->\n```sh\ntrue\n```\n' 'nothing to put'
}

another_test_must_run_what_is_said_to_be_elsewhere() {
    page '<!-- test: elsewhere tests/e2e/run.sh ./run --once -->\n```sh\n./run\n```\n'
    refused '<!-- test: elsewhere tests/e2e/run.sh ./walk -->\n```sh\n./walk\n```\n' 'does not run it'
    refused '<!-- test: elsewhere tests/nowhere.sh ./run -->\n```sh\n./run\n```\n' 'does not run it'
}

what_is_not_run_is_a_skip_with_its_reason() {
    page '<!-- test: not here, it takes a chip -->\n```sh\nfalse\n```\n'
    grep -q '^ok 1 .* # SKIP it takes a chip$' said
}

commands_that_nobody_marked_are_seen() { refused '```\nupdraft push lamp.local firmware.bin\n```\n' 'not marked'; }

unknown_marks_are_seen() { refused '<!-- test: befor\ntrue -->\n```sh\ntrue\n```\n' 'no such mark'; }

check variables_and_folders_hold_from_block_to_block
check a_line_that_fails_is_seen
check sessions_are_compared
check what_is_printed_is_compared
check what_comes_first_and_after_is_run
check what_stays_is_waited_for_and_ended
check what_does_not_end_is_ended
check what_stands_in_must_be_there
check another_test_must_run_what_is_said_to_be_elsewhere
check what_is_not_run_is_a_skip_with_its_reason
check commands_that_nobody_marked_are_seen
check unknown_marks_are_seen
tap_end
