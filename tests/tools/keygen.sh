# updraft keygen: pairs that fit, files that stay.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/refused.sh"

mode_of() { stat -c %a "$1"; }

a_pair_is_made_for_the_documents_names() {
    umask 0
    "$UPDRAFT" keygen >out
    [ "$(mode_of private.key)" = 600 ]
    [ "$(mode_of public.key)" = 644 ]
    openssl pkey -in private.key -pubout | cmp - public.key
    openssl pkey -in private.key -noout -text >text
    grep -q 'Private-Key: (2048 bit' text
    grep -q 'RSA-2048' out
}

every_type_is_what_openssl_says() {
    local type wanted
    while read -r type wanted; do
        "$UPDRAFT" keygen --type "$type" --private "$type.key" --public "$type.pub" >/dev/null
        openssl pkey -in "$type.key" -noout -text >text
        grep -q -- "$wanted" text
        openssl pkey -in "$type.key" -pubout | cmp - "$type.pub"
    done <<'END'
rsa2048 (2048 bit
rsa3072 (3072 bit
p256 P-256
END
}

files_that_are_there_stay() {
    rm -f ./*.key
    echo mine >private.key
    refused 1 keygen
    says 'private.key is there already and is left as it is'
    [ "$(cat private.key)" = mine ]
    [ ! -e public.key ]
    rm private.key
    echo mine >public.key
    refused 1 keygen
    says 'public.key is there already'
    # No private key is left that nobody has the public half of.
    [ ! -e private.key ]
    [ "$(cat public.key)" = mine ]
    rm public.key
    ln -s elsewhere private.key
    refused 1 keygen
    [ ! -e elsewhere ]
}

mistakes_are_told() {
    refused 2 keygen --type rsa512
    says '--type takes rsa2048, rsa3072 or p256, not rsa512'
    refused 2 keygen my.key
    refused 1 keygen --private nowhere/private.key
    says 'nowhere/private.key: No such file'
    [ ! -e public.key ]
}

check a_pair_is_made_for_the_documents_names
check every_type_is_what_openssl_says
check files_that_are_there_stay
check mistakes_are_told
tap_end
