# updraft key: ids, keys for the firmware, key updates.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/refused.sh"

TRUST=$TAP_ROOT/tests/vectors/trust
cp "$TAP_ROOT"/tests/vectors/signing/*.{key,pub} "$TAP_TMP"

ids_are_those_openssl_gives() {
    local key id
    for key in rsa2048 rsa4096 p256; do
        id=$(openssl pkey -pubin -in $key.pub -outform DER | sha256sum | cut -c1-16)
        "$UPDRAFT" key show $key.pub >out
        grep -q "public key $id\$" out
        "$UPDRAFT" key show $key.key >out
        grep -q "private key $id\$" out
    done
    "$UPDRAFT" key show rsa2048.pub p256.pub >out
    [ "$(wc -l <out)" -eq 2 ]
}

# The header compiles, and holds the DER forms in the order given.
the_header_builds_keys_into_firmware() {
    "$UPDRAFT" key header rsa2048.pub p256.pub --out keys.h
    cat >print.c <<'END'
#include "keys.h"
#include <stdio.h>
int main(void)
{
    for (size_t i = 0; i < sizeof update_keys / sizeof update_keys[0]; i++)
        fwrite(update_keys[i].bytes, 1, update_keys[i].length, stdout);
    return 0;
}
END
    gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$TAP_ROOT/device/include" print.c -o print
    { openssl pkey -pubin -in rsa2048.pub -outform DER
      openssl pkey -pubin -in p256.pub -outform DER; } >expected
    ./print | cmp - expected
    "$UPDRAFT" key header rsa2048.pub p256.pub | cmp - keys.h
    # The public half of a private key, nothing else of it.
    "$UPDRAFT" key header rsa2048.key p256.key | cmp - keys.h
}

updates_are_the_documents() {
    "$UPDRAFT" key add p256.pub --number 1 --product lamp --key rsa2048.key --out 1.signed >out
    cmp 1.signed "$TRUST/1-add-p256.signed"
    grep -qx '1.signed: key update 1 for lamp: adds 92ebb840dce2a791; signed' out
    "$UPDRAFT" key revoke rsa2048.pub --number 2 --product lamp --key p256.key --out 2.signed >out
    # Signatures by P-256 differ each time; what they sign does not.
    head -c -68 "$TRUST/2-revoke-rsa2048.signed" | cmp -n 88 - 2.signed
    "$UPDRAFT" verify 2.signed --key p256.pub
    "$UPDRAFT" key show "$TRUST/2-revoke-rsa2048.signed" >out
    grep -q 'key update 2 for lamp: revokes 1804b9fb39ac8280; signed$' out
    "$UPDRAFT" key add p256.pub --number 1 --key rsa2048.key --out any.signed >out
    grep -q 'for any product' out
}

mistakes_are_told() {
    refused 2 key
    says 'say show, header, add or revoke'
    refused 2 key nonsense rsa2048.pub
    refused 2 key show
    refused 2 key add
    refused 2 key add p256.pub p256.pub --number 1 --out none
    refused 1 key show missing
    refused 1 key header missing --out none.h
    [ ! -e none.h ]
    refused 2 key add p256.pub --out none
    says 'give --number'
    refused 2 key add p256.pub --number 1
    says 'Give --out'
    refused 1 key add p256.pub --number 1 --key rsa2048.pub --out none
    says 'holds a public key'
    refused 1 key add p256.pub --number 1 --key p256.key --out none
    says 'a key cannot add itself'
    refused 1 key revoke p256.pub --number 1 --key p256.key --out none
    says 'a key cannot revoke itself'
    refused 1 key add p256.pub --number 1 --key rsa2048.key --out none --product "$(printf '%065d' 0)"
    refused 1 key add p256.pub --number 1 --key rsa2048.key --out nowhere/none
    [ ! -e none ]
}

check ids_are_those_openssl_gives
check the_header_builds_keys_into_firmware
check updates_are_the_documents
check mistakes_are_told
tap_end
