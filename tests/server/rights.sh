# Who may do what: over HTTP, against the real server.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

ROUTES=$TAP_TMP/routes
"$NATIVE/tests/openapi/list_routes" >"$ROUTES"
PASSWORD='correct horse'

# status METHOD PATH [curl options]: the answer's status; its body in the file answer.
status() {
    local method=$1 path=$2
    shift 2
    curl -sS -o answer -w '%{http_code}' -X "$method" "$@" "$SERVER/api/v1$path"
}

# post PATH JSON [curl options]: without a token; the status, as above.
post() { status POST "$1" -H 'Content-Type: application/json' --data "$2" "${@:3}"; }

# sign_in USER [PASSWORD]: the session's cookie in the file USER.jar, its CSRF token in USER.csrf.
sign_in() {
    expect "signing in as $1" "$(post /session "{\"user\": \"$1\", \"password\": \"${2:-$PASSWORD}\"}" -c "$1.jar")" 200
    json csrf <answer >"$1.csrf"
}

# as USER METHOD PATH [curl options]: with the user's session; the status, as above.
as() {
    local user=$1
    shift
    status "$@" -b "$user.jar" -H "X-CSRF-Token: $(cat "$user.csrf")"
}

# set_password TICKET [USER]: uses a link.
set_password() {
    expect "using the link" "$(post /setup "{\"ticket\": \"$1\", \"user\": \"${2:-}\", \"password\": \"$PASSWORD\"}")" 201
}

# invite USER ROLE
invite() {
    expect "adding $1" "$(as anna POST /users --data "{\"name\": \"$1\", \"role\": \"$2\"}")" 201
    set_password "$(json link <answer | sed 's/.*=//')"
}

# each_route COMMAND…: calls COMMAND METHOD PATH ROLE for all of the server's routes.
each_route() {
    local method path role
    while read -r method path role; do
        "$@" "$method" "${path//\{\}/sample}" "$role" || return 1
    done <"$ROUTES"
}

the_setup_link_makes_one_admin() {
    local ticket
    ticket=$(sed -n 's/.*#setup=//p' "$TAP_TMP/data.out")
    expect "a short password" "$(post /setup "{\"ticket\": \"$ticket\", \"user\": \"anna\", \"password\": \"short\"}")" 400
    expect "a bad name" "$(post /setup "{\"ticket\": \"$ticket\", \"user\": \"a b\", \"password\": \"$PASSWORD\"}")" 400
    set_password "$ticket" anna
    json role <answer | grep -qx admin
    expect "the link again" "$(post /setup "{\"ticket\": \"$ticket\", \"user\": \"bert\", \"password\": \"$PASSWORD\"}")" 410
    expect "a made-up link" "$(post /setup "{\"ticket\": \"${ticket/[0-9]/x}\", \"user\": \"bert\", \"password\": \"$PASSWORD\"}")" 410
}

of_two_who_use_the_setup_link_at_once_one_succeeds() {
    local ticket pids=() name
    ticket=$(sed -n 's/.*#setup=//p' "$TAP_TMP/race.out")
    for name in one two three four; do
        mkdir "$name.d"
        (cd "$name.d" && post /setup "{\"ticket\": \"$ticket\", \"user\": \"$name\", \"password\": \"$PASSWORD\"}" >code) &
        pids+=($!)
    done
    wait "${pids[@]}"
    expect codes "$(for name in ./*.d; do cat "$name/code"; echo; done | sort | tr '\n' ' ')" '201 410 410 410 '
    expect users "$(api GET /users | json users | grep -o '"name"' | wc -l)" 1
}

without_proof_nothing_is_open() {
    refuses() { # METHOD PATH ROLE
        [ "$3" = none ] || expect "$1 $2 without a token" "$(status "$1" "$2")" 401
        [ "$3" = none ] || expect "$1 $2 with a made-up session" \
            "$(status "$1" "$2" -b "updraft_session=$(printf '%064d' 7)")" 401
        [ "$3" = none ] || expect "$1 $2 with Basic" "$(status "$1" "$2" -u "anna:$PASSWORD")" 401
    }
    each_route refuses
    expect "what is open" "$(grep -c ' none$' "$ROUTES")" 3
}

a_viewer_changes_nothing() {
    invite vera viewer
    sign_in vera
    refuses() { # METHOD PATH ROLE
        case $3 in operator | admin) expect "$1 $2 as a viewer" "$(as vera "$1" "$2" --data '{}')" 403 ;; esac
    }
    each_route refuses
    expect "reading as a viewer" "$(as vera GET /devices)" 200
    grep -v '^GET' "$ROUTES" | grep ' viewer$' | sort >harmless
    printf '%s\n' 'DELETE /session viewer' 'DELETE /sessions viewer' 'POST /rollouts/dry-run viewer' \
        'PUT /session/password viewer' | diff - harmless
}

an_operator_does_not_admit_others() {
    invite olaf operator
    sign_in olaf
    refuses() {
        [ "$3" != admin ] || expect "$1 $2 as an operator" "$(as olaf "$1" "$2" --data '{}')" 403
    }
    each_route refuses
    expect "an operator's change" "$(as olaf PUT /groups/lab --data '{}')" 200
}

a_cookie_alone_changes_nothing() {
    sign_in anna
    refuses() { # METHOD PATH ROLE
        [ "$3" = none ] || [ "$1" = GET ] || expect "$1 $2 without $4" "$(status "$1" "$2" -b anna.jar --data '{}')" 403
    }
    each_route refuses CSRF
    local stale
    stale=$(cat anna.csrf)
    sign_in anna
    expect "with the CSRF token of another session" \
        "$(status PUT /groups/lab --data '{}' -b anna.jar -H "X-CSRF-Token: $stale")" 403
    expect "with the CSRF token of another user" \
        "$(status PUT /groups/lab --data '{}' -b anna.jar -H "X-CSRF-Token: $(cat vera.csrf)")" 403
    expect "with its own" "$(as anna PUT /groups/lab --data '{}')" 200
}

a_form_of_another_site_does_not_sign_in() {
    local body="{\"user\": \"anna\", \"password\": \"$PASSWORD\"}"
    expect "as a form can send it" "$(status POST /session -H 'Content-Type: text/plain' --data "$body")" 400
}

the_cookie_is_for_this_site_and_no_script() {
    curl -sS -D head -o answer -H 'Content-Type: application/json' \
        --data "{\"user\": \"anna\", \"password\": \"$PASSWORD\"}" "$SERVER/api/v1/session"
    grep -iqE '^set-cookie: updraft_session=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict; Max-Age=[0-9]+' head
}

signing_out_ends_this_session() {
    sign_in anna
    cp anna.jar other.jar
    cp anna.csrf other.csrf
    sign_in anna
    expect "signing out" "$(as anna DELETE /session)" 204
    expect "afterwards" "$(as anna GET /devices)" 401
    expect "the other session" "$(as other GET /devices)" 200
    sign_in anna
    expect "signing out everywhere" "$(as anna DELETE /sessions)" 204
    expect "the other session afterwards" "$(as other GET /devices)" 401
}

a_new_password_ends_the_other_sessions() {
    sign_in vera
    cp vera.jar other.jar
    cp vera.csrf other.csrf
    sign_in vera
    expect "a wrong old one" "$(as vera PUT /session/password --data '{"old": "no such word", "new": "a longer word"}')" 403
    expect "the right old one" "$(as vera PUT /session/password --data "{\"old\": \"$PASSWORD\", \"new\": \"a longer word\"}")" 204
    expect "this session" "$(as vera GET /devices)" 200
    expect "the other session" "$(as other GET /devices)" 401
    expect "the old password" "$(post /session "{\"user\": \"vera\", \"password\": \"$PASSWORD\"}")" 401
    sign_in vera 'a longer word'
}

a_role_holds_at_once_and_a_removed_user_is_out() {
    sign_in anna
    sign_in vera 'a longer word'
    expect promoting "$(as anna PUT /users/vera --data '{"role": "operator"}')" 200
    expect "what vera may now" "$(as vera PUT /groups/lab --data '{}')" 200
    expect removing "$(as anna DELETE /users/vera)" 204
    expect "what vera may then" "$(as vera GET /devices)" 401
}

an_open_stream_ends_with_its_session_or_token() {
    local stream
    sign_in anna
    curl -sS -N -b anna.jar "$SERVER/api/v1/events" >events &
    stream=$!
    for _ in $(seq 600); do [ ! -s events ] || break; sleep 0.1; done
    expect "signing out" "$(as anna DELETE /session)" 204
    timeout 60 tail --pid=$stream -f /dev/null
    "$UPDRAFT" token add ears --role viewer >ears.token 2>/dev/null
    : >events
    curl -sS -N -H "Authorization: Bearer $(cat ears.token)" "$SERVER/api/v1/events" >events &
    stream=$!
    for _ in $(seq 600); do [ ! -s events ] || break; sleep 0.1; done
    kill -0 $stream
    "$UPDRAFT" token revoke "$("$UPDRAFT" token --json | json tokens -1 id)"
    timeout 60 tail --pid=$stream -f /dev/null
}

the_last_admin_stays() {
    sign_in anna
    expect removing "$(as anna DELETE /users/anna)" 409
    expect demoting "$(as anna PUT /users/anna --data '{"role": "viewer"}')" 409
}

a_token_is_shown_once_and_stored_nowhere() {
    sign_in anna
    expect making "$(as anna POST /tokens --data '{"name": "build", "role": "operator"}')" 201
    json secret <answer >build.token
    expect using "$(status PUT /groups/lab --data '{}' -H "Authorization: Bearer $(cat build.token)")" 200
    expect listing "$(as anna GET /tokens)" 200
    not grep -qF "$(cat build.token)" answer
    not grep -rqaF "$(cat build.token)" "$TAP_TMP/data" "$TAP_TMP/data.log"
    not grep -rqaF "$(sed -n 's/.*updraft_session\t//p' anna.jar)" "$TAP_TMP/data" "$TAP_TMP/data.log"
    not grep -rqaF "$PASSWORD" "$TAP_TMP/data" "$TAP_TMP/data.log"
    expect revoking "$(as anna DELETE "/tokens/$("$UPDRAFT" token --json | json tokens 0 id)")" 204
    expect "using it then" "$(status GET /devices -H "Authorization: Bearer $(cat build.token)")" 401
}

a_token_keeps_to_its_scope_and_its_time() {
    python3 "$TAP_ROOT/tests/lib/make_image.py" demo.bin --project demo --version 1.0.0 --size 20000
    "$UPDRAFT" token add demo --product demo 2>/dev/null >demo.token
    "$UPDRAFT" token add eyes --role admin --read-only 2>/dev/null >eyes.token
    "$UPDRAFT" publish demo.bin --token-file demo.token >/dev/null
    "$UPDRAFT" publish demo.bin --product other --token-file demo.token >/dev/null 2>err && return 1
    grep -q 'for the releases of demo alone' err
    "$UPDRAFT" publish demo.bin --product other >/dev/null
    expect "the releases it sees" "$("$UPDRAFT" releases --json -t demo.token | grep -c '"product": "other"')" 0
    expect devices "$(status GET /devices -H "Authorization: Bearer $(cat demo.token)")" 403
    expect "an admin's list" "$(status GET /users -H "Authorization: Bearer $(cat eyes.token)")" 200
    expect "an admin's change" "$(status POST /users --data '{}' -H "Authorization: Bearer $(cat eyes.token)")" 403
    local at
    at=$(date -u -d '+8 seconds' +%Y-%m-%dT%H:%M:%SZ)
    api POST /tokens --data "{\"name\": \"short\", \"role\": \"viewer\", \"expires\": \"$at\"}" | json secret >short.token
    for _ in $(seq 600); do
        [ "$(status GET /devices -H "Authorization: Bearer $(cat short.token)")" != 401 ] || break
        sleep 0.1
    done
    expect "after its time" "$(status GET /devices -H "Authorization: Bearer $(cat short.token)")" 401
}

guessing_is_made_slow_for_the_account() {
    local code
    for _ in $(seq 5); do
        expect guessing "$(post /session '{"user": "olaf", "password": "wrong"}')" 401
    done
    # Each attempt that is let through doubles the delay, which a slow machine outlives at first.
    for _ in $(seq 10); do
        code=$(post /session '{"user": "olaf", "password": "wrong"}' -D head)
        [ "$code" = 401 ] || break
    done
    expect "guessing once more" "$code" 429
    grep -iq '^retry-after: [0-9]' head
    for _ in $(seq 600); do # the delay is over some time
        code=$(post /session "{\"user\": \"olaf\", \"password\": \"$PASSWORD\"}")
        [ "$code" = 429 ] || break
        sleep 0.1
    done
    expect "the right one, later" "$code" 200
    grep -q 'a wrong password for olaf from 127.0.0.1' "$TAP_TMP/data.log"
}

sessions_outlive_a_restart() {
    expect "after SIGKILL" "$(as anna GET /devices)" 200
    [ "$(wc -l <"$TAP_TMP/data.out")" -eq 2 ] # no setup link any more
}

sessions_end_when_nothing_is_done() {
    for _ in $(seq 300); do
        sleep 2.5
        [ "$(as anna GET /devices)" != 401 ] || break
    done
    expect "after doing nothing for too long" "$(as anna GET /devices)" 401
}

everything_was_recorded() {
    local what
    "$UPDRAFT" audit --limit 0 >log
    for what in 'user anna .*POST /setup .*first user, admin' 'user anna .*POST /users .*user vera, viewer' \
        'user vera .*PUT /groups/lab' 'token 1 (build) .*PUT /groups/lab' 'user vera .*changed the password' \
        'token 2 (demo) .*POST /releases .*demo 1.0.0 on stable' 'user anna .*DELETE /users/vera'; do
        grep -q "$what" log || { echo "not recorded: $what"; cat log; return 1; }
    done
    not grep -qF "$PASSWORD" log
    "$UPDRAFT" audit verify | grep -q '^sound: '
}

the_log_is_sound_while_the_server_runs() {
    "$UPDRAFT" audit verify >"$TAP_TMP/sound"
    grep -q '^sound: ' "$TAP_TMP/sound"
    expect "in the folder" "$("$UPDRAFT" audit verify --data "$TAP_TMP/data")" "$(cat "$TAP_TMP/sound")"
    expect "what the server says" "$(api GET /audit/verify | json sound)" true
}

# run_sql SQL…: behind the server's back.
run_sql() {
    python3 -c '
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
for sql in sys.argv[2:]:
    database.execute(sql)
database.commit()' "$TAP_TMP/data/updraft.db" "$@"
}

tampering_is_named_in_the_folder() {
    "$UPDRAFT" audit verify --data "$TAP_TMP/data" --holding "$(sed 's/.* //' "$TAP_TMP/sound")" >/dev/null
    run_sql "DROP TRIGGER audit_is_not_changed" "UPDATE audit SET who = 'user bert' WHERE number = 3"
    not "$UPDRAFT" audit verify --data "$TAP_TMP/data" 2>err
    expect "what is said" "$(cat err)" \
        'updraft audit: record 3 was altered after it was written, or one before it was replaced'
}

tampering_is_named_over_the_api() {
    not "$UPDRAFT" audit verify 2>err
    grep -q 'record 3 was altered' err
    api GET /audit/verify >verdict
    expect "what the server says" "$(json sound <verdict)" false
    json problem <verdict | grep -q '^record 3 was altered'
}

a_log_that_was_cut_lacks_what_was_noted() {
    run_sql "DROP TRIGGER audit_is_not_cut" "UPDATE audit SET who = 'user anna' WHERE number = 3" \
        "DELETE FROM audit WHERE number > 5"
    "$UPDRAFT" audit verify --data "$TAP_TMP/data" >/dev/null # the chain alone cannot tell
    not "$UPDRAFT" audit verify --data "$TAP_TMP/data" --holding "$(sed 's/.* //' "$TAP_TMP/sound")" 2>err
    grep -q 'is not the one that was noted' err
}

cd "$TAP_TMP" || exit 1
server_start race
check of_two_who_use_the_setup_link_at_once_one_succeeds
server_stop
server_start data
check the_setup_link_makes_one_admin
check without_proof_nothing_is_open
sign_in anna
check a_viewer_changes_nothing
check an_operator_does_not_admit_others
check a_cookie_alone_changes_nothing
check a_form_of_another_site_does_not_sign_in
check the_cookie_is_for_this_site_and_no_script
check signing_out_ends_this_session
check a_new_password_ends_the_other_sessions
check a_role_holds_at_once_and_a_removed_user_is_out
check the_last_admin_stays
check a_token_is_shown_once_and_stored_nowhere
check a_token_keeps_to_its_scope_and_its_time
check an_open_stream_ends_with_its_session_or_token
check guessing_is_made_slow_for_the_account
sign_in anna
server_stop KILL 2>/dev/null
SERVER_PORT=${SERVER##*:} server_start data
check sessions_outlive_a_restart
server_stop
SERVER_PORT=${SERVER##*:} server_start data --session-idle 2
check sessions_end_when_nothing_is_done
check everything_was_recorded
check the_log_is_sound_while_the_server_runs
server_stop
check tampering_is_named_in_the_folder
server_start data
check tampering_is_named_over_the_api
server_stop
check a_log_that_was_cut_lacks_what_was_noted
tap_end
