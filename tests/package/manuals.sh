# Man pages and completion say what --help says.
. "$(dirname "$0")/../lib/tap.sh"

SHARE=$TAP_TMP/share
"$TAP_ROOT/scripts/manuals.py" "$UPDRAFT" "$SHARE" || exit 1

commands() { "$UPDRAFT" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p' | grep -vx 'help\|version'; }

# Not by the rows' form: any dashed word that begins a line of the help.
options_of() { "$UPDRAFT" "$1" --help | grep -oE '^ +(-[A-Za-z], )?--[a-z0-9_-]+' | grep -oE -- '--[a-z0-9_-]+'; }

shown() { MANWIDTH=200 MANPAGER=cat man -l "$SHARE/man/man1/$1.1" | col -b; }

# lacking COMMAND TEXT: options of the command that are not at the beginning of an entry there.
lacking() {
    local option
    for option in $(options_of "$1"); do
        grep -qE -- "^ +(-[A-Za-z], )?$option( |\$)" "$2" || echo "$1 $option"
    done
}

every_option_is_in_its_page() {
    local command count=0
    for command in $(commands); do
        shown "updraft-$command" >page.txt
        [ -z "$(lacking "$command" page.txt)" ] || { lacking "$command" page.txt; return 1; }
        count=$((count + $(options_of "$command" | wc -l)))
    done
    [ "$count" -gt 100 ] || { echo "only $count options were looked for"; return 1; }
}

a_missing_option_is_seen() {
    shown updraft-push | grep -v -- '--password-file' >page.txt
    [ "$(lacking push page.txt)" = 'push --password-file' ]
}

every_command_has_its_line() {
    shown updraft >overview.txt
    local command
    for command in $(commands); do
        grep -qF "updraft-$command(1)" overview.txt || { echo "$command is not there"; return 1; }
    done
}

stand_ins_have_pages() {
    grep -qx '.so man1/updraft-espota.1' "$SHARE/man/man1/espota.1"
    grep -qx '.so man1/updraft-signing.1' "$SHARE/man/man1/signing.1"
}

groff_has_no_complaint() {
    local page
    for page in "$SHARE"/man/man1/updraft*.1; do groff -k -man -Tutf8 -ww -z "$page"; done >complaints 2>&1
    [ ! -s complaints ] || { head complaints; return 1; }
}

# completed WORD…: what a shell would offer for the last word.
completed() {
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _updraft updraft "${!#}"; echo "${COMPREPLY[*]}"' \
        "$SHARE/bash-completion/completions/updraft" "$@"
}

completion_knows_commands_and_options() {
    [ "$(completed updraft publ)" = publish ]
    [ "$(completed updraft push --al)" = --all ]
    [ "$(completed updraft push firm)" = '' ]
    local command option
    for command in $(commands); do
        completed updraft "$command" -- >offered
        for option in $(options_of "$command"); do
            grep -qwF -- "$option" offered || { echo "$command $option is not offered"; return 1; }
        done
    done
}

stand_ins_are_completed_by_their_own_names() {
    local name
    for name in espota signing; do
        bash -c '. "$0"; _updraft_stand_in "$1" --; echo "${COMPREPLY[*]}"' \
            "$SHARE/bash-completion/completions/$name" "/usr/bin/$name" >offered
        for option in $(options_of "$name"); do
            grep -qwF -- "$option" offered || { echo "$name $option is not offered"; return 1; }
        done
        bash -c '. "$0"; complete -p "$1"' "$SHARE/bash-completion/completions/$name" "$name" >/dev/null
    done
}

check every_option_is_in_its_page
check a_missing_option_is_seen
check every_command_has_its_line
check stand_ins_have_pages
check groff_has_no_complaint
check completion_knows_commands_and_options
check stand_ins_are_completed_by_their_own_names
tap_end
