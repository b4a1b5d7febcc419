# updraft partitions: the cases of gen_esp32part's own tests, rule by rule; and where that
# tool falls over or lets something through, what ours says.
. "$(dirname "$0")/../lib/tap.sh"

VECTORS=$TAP_ROOT/tests/vectors/slots
SOUND='nvs,data,nvs,,0x4000'

partitions() { "$UPDRAFT" partitions "$@"; }

# CSV on stdin to ./table.bin
convert() { cat >in.csv; partitions in.csv table.bin "$@" 2>err; }

# field NAME FIELD: of that partition, as JSON has it
field() { partitions table.bin --json | python3 -c "
import json, sys
print(next(row for row in json.load(sys.stdin) if row['name'] == sys.argv[1])[sys.argv[2]])" "$1" "$2"; }

is() { [ "$(field "$1" "$2")" = "$3" ] || { echo "$1 $2 is $(field "$1" "$2"), not $3"; return 1; }; }

# The CSV on stdin is refused, in one line that has these words.
refused() { # WORDS [OPTION…]
    local words=$1 status=0
    shift
    rm -f table.bin
    convert "$@" || status=$?
    [ $status -eq 1 ] || { echo "status $status"; cat err; return 1; }
    [ ! -e table.bin ]
    [ "$(grep -vc warning err)" -eq 1 ]
    grep -q "$words" err || { cat err; return 1; }
}

warned() { grep -q "warning: .*$1" err || { cat err; return 1; }; }

the_known_table() {
    partitions "$VECTORS/table.csv" table.bin
    cmp table.bin "$VECTORS/table.bin"
    [ "$(sha256sum <table.bin | cut -c1-16)" = d1c0e9d02fa9d26c ]
}

there_and_back_again() {
    partitions "$VECTORS/table.bin" out.csv
    grep -qx 'otadata,data,ota,0xd000,8K,' out.csv
    grep -qx 'factory,app,factory,0x10000,1M,' out.csv
    partitions out.csv table.bin
    cmp table.bin "$VECTORS/table.bin"
}

a_table_in_a_whole_flash() {
    { head -c 32768 /dev/zero; cat "$VECTORS/table.bin"; head -c 20000 /dev/zero; } >flash.bin
    partitions flash.bin out.csv
    grep -q '^ota_1,app,ota_1,0x210000,1M,$' out.csv
}

the_picture_shows_what_is_free() {
    partitions "$VECTORS/table.csv" --flash-size 4MB >map
    grep -qE '^ *0x310000 +960 KB +\(free\)' map
    [ "$(wc -l <map)" -eq 8 ]
}

comments_blank_lines_and_missing_fields() {
    printf '# a comment\n\n   # another\nnvs,data,nvs,,0x4000\nx , data , 0x99 , , 4K , encrypted:readonly , more, and more\n' | convert
    is x subtype_number 153
    is x encrypted True
    is x readonly True
    is x size 4096
    echo 'nvs,data,nvs,,0x4000 # no comment here' | refused 'no size'
}

numbers_are_pythons() {
    printf 'a,0x40,0b101,,0o10000\nb,64,0x_7F,0x20_000,1_6k\nc,64,0,,1M\nd,64,1,,0x1K\n' | convert
    is a subtype_number 5
    is a size 4096
    is b subtype_number 127
    is b offset 131072
    is b size 16384
    is d size 1024
    echo 'a,0x40,5,,010000' | refused 'no size'
    echo 'a,0x40,5,,1__0' | refused 'no size'
    echo 'a,0x40,5,,_1' | refused 'no size'
    echo 'a,0x40,5,,4G' | refused 'no size'
    echo 'a,0x40,5,,0x' | refused 'no size'
}

keywords_have_no_case() {
    printf 'a,APP,OTA_0,,64K\nb,Data,FAT,,64K\n' | convert
    is a subtype_number 16
    is b subtype_number 129
}

every_keyword_is_known() {
    local n=0 subtype
    for subtype in factory test tee_0 tee_1 ota_0 ota_1 ota_2 ota_3 ota_4 ota_5 ota_6 ota_7 ota_8 \
        ota_9 ota_10 ota_11 ota_12 ota_13 ota_14 ota_15; do
        echo "p$((n += 1)),app,$subtype,,64K"
    done >all.csv
    for subtype in ota phy coredump nvs_keys efuse undefined esphttpd fat spiffs littlefs tee_ota; do
        echo "p$((n += 1)),data,$subtype,,8K"
    done >>all.csv
    partitions all.csv table.bin
    partitions table.bin out.csv
    [ "$(cut -d, -f3 out.csv | tail -n 31 | sort)" = "$(cut -d, -f3 all.csv | sort)" ]
}

an_empty_offset_is_behind_the_one_before() {
    printf 'a,data,nvs,,0x3000\nb,app,ota_0,,64K\nc,data,fat,,0x1001\nd,data,phy,,4K\n' | convert
    is a offset 36864
    is b offset 65536
    is c offset 131072
    is c size 4097
    is d offset 139264
}

a_negative_size_is_an_end() {
    printf 'a,data,nvs,0x10000,-0x18000\n' | convert
    is a size 32768
    echo 'a,data,nvs,0x10000,-0x8000' | refused 'cannot have that size'
}

an_empty_subtype_is_undefined() {
    printf 'a,data,,,4K\nb,0x40,,,4K\n' | convert
    is a subtype undefined
    is b subtype_number 6
    echo 'a,app,,,64K' | refused 'needs a subtype'
}

variables_are_the_environments() {
    export SIZE_OF_IT=0x5000
    echo 'a,data,nvs,,$SIZE_OF_IT' | convert
    is a size 20480
    echo 'a,data,nvs,,$NO_SUCH_VARIABLE' | refused 'no environment variable NO_SUCH_VARIABLE'
}

any_encoding_with_a_mark() {
    local encoding
    for encoding in UTF-8 UTF-16LE UTF-16BE UTF-32LE UTF-32BE; do
        printf '\357\273\277nvs,data,nvs,,0x4000\n# \303\251\n' | iconv -f UTF-8 -t $encoding | convert ||
            { cat err; return 1; }
        is nvs size 16384
    done
}

bootloaders_and_tables_lie_where_they_do() {
    printf 'boot,bootloader,primary,N/A,N/A\npt,partition_table,primary,,\nnvs,data,nvs,,12K\n' |
        convert --primary-bootloader-offset 0x1000
    is boot offset 4096
    is boot size 28672
    is pt offset 32768
    is pt size 4096
    is nvs offset 36864
    echo 'boot,bootloader,primary,,' |
        refused 'line 1: .* not in the table: give it to updraft partitions, as --primary-bootloader-offset$'
    echo 'boot,bootloader,recovery,,' |
        refused 'line 1: .* give it to updraft partitions, as --recovery-bootloader-offset$' --primary-bootloader-offset 0
}

a_projects_own_subtypes() {
    echo 'a,data,mine,,4K' | convert --extra-partition-subtypes 'app,other,0x40;data,mine,0x41'
    is a subtype_number 65
    echo 'a,data,mine,,4K' | refused 'mine is not known here'
}

what_is_missing_or_unknown() {
    echo 'nvs,data,nvs' | refused 'size is missing'
    echo 'nvs,,nvs,,4K' | refused 'type is missing'
    echo 'nvs,nonsense,nvs,,4K' | refused 'nonsense is not known here, but: app, data'
    echo 'nvs,data,nonsense,,4K' | refused 'nonsense is not known here, but: ota, phy'
    echo 'nvs,data,nvs,,4K,fast' | refused 'encrypted and readonly, and not fast'
    echo 'a,0x100,1,,4K' | refused 'types are 0 to 0xFE'
    echo 'a,data,256,,4K' | refused 'subtypes are 0 to 0xFF'
    printf '# nothing\n' | refused 'no partition in it'
}

what_overlaps() {
    printf 'a,data,nvs,0x8800,12K\n' | refused 'overlaps'
    printf 'a,data,nvs,0x9000,12K\nb,data,phy,0xb000,4K\n' | refused 'line 2.*overlaps'
    printf 'a,data,nvs,0x10000,12K\nb,data,phy,0x9000,4K\n' | refused 'line 2'
    printf 'a,data,nvs,0x5000,12K\n' | refused 'overlaps'
}

what_is_not_aligned() {
    echo 'a,app,ota_0,0x11000,64K' | refused 'no multiple of 0x10000'
    echo 'a,data,phy,0x9100,4K' | refused 'no multiple of 0x1000'
    echo 'a,app,ota_0,,0x10100' | refused 'size is no multiple of 0x1000'
    echo 'a,app,ota_0,,0x11000' | convert
    echo 'a,app,ota_0,,0x11000' | refused 'size is no multiple of 0x10000' --secure v1
}

what_there_can_be_one_of() {
    printf 'a,data,nvs,,12K\na,data,phy,,4K\n' | refused 'two of that name'
    printf 'a,data,ota,,8K\nb,data,ota,,8K\n' | refused 'OTA data already'
    echo 'a,data,ota,,4K' | refused 'exactly 0x2000'
    echo 'a,data,tee_ota,,4K' | refused 'exactly 0x2000'
    echo 'a,data,ota,,8K,readonly' | refused 'not readonly'
    echo 'a,data,nvs,,8K' | refused 'at least 0x3000'
    echo 'a,data,nvs,,8K,readonly' | convert
}

names_have_16_bytes() {
    echo '0123456789abcdef,data,phy,,4K' | convert
    is 0123456789abcdef size 4096
    echo '0123456789abcdefg,data,phy,,4K' | convert
    warned 'longer than 16'
    printf '0123456789abcdefg,data,phy,,4K\n0123456789abcdefh,data,fat,,4K\n' | refused 'two of that name'
}

what_is_odd_is_said() {
    echo 'phy,data,fat,,4K' | convert
    warned 'another subtype than its name'
    printf 'a,app,ota_0,,64K\nb,app,ota_2,,64K\n' | convert
    warned 'without a gap'
    printf 'a,app,ota_0,,64K\nb,app,ota_0,,64K\n' | convert
    warned 'of one subtype'
    echo 'phy,data,fat,,4K' | convert --quiet
    [ ! -s err ]
}

all_must_fit() {
    printf 'a,app,ota_0,,960K\n' | convert --flash-size 1MB
    printf 'a,app,ota_0,,964K\n' | refused 'flash at 0x100000' --flash-size 1MB
}

there_is_room_for_94() {
    local i
    for i in $(seq 94); do echo "p$i,0x40,$i,,4K"; done | convert
    for i in $(seq 95); do echo "p$i,0x40,$i,,4K"; done | refused 'room for 94'
    for i in $(seq 95); do echo "p$i,0x40,$i,,4K"; done | convert --disable-md5sum
    for i in $(seq 96); do echo "p$i,0x40,$i,,4K"; done | refused 'room for 95' --disable-md5sum
}

damaged_tables() {
    local at
    for at in 3 40 200 216; do
        cp "$VECTORS/table.bin" bad.bin
        printf '\007' | dd of=bad.bin bs=1 seek=$at conv=notrunc status=none
        not partitions bad.bin none.csv 2>err
        [ "$(wc -l <err)" -eq 1 ]
    done
    head -c 224 "$VECTORS/table.bin" >bad.bin
    not partitions bad.bin none.csv 2>err
    grep -q 'no end' err
    head -c 100 "$VECTORS/table.bin" >bad.bin
    not partitions bad.bin none.csv 2>err
    [ ! -e none.csv ]
}

# Where the original lets it through, or dies.
rows_behind_the_md5() {
    head -c 224 "$VECTORS/table.bin" >bad.bin
    head -c 32 "$VECTORS/table.bin" >>bad.bin
    head -c 2816 /dev/zero | tr '\0' '\377' >>bad.bin
    not partitions bad.bin out.csv 2>err
    grep -q 'behind the MD5' err
}

no_md5_is_wanted_and_one_is_there() {
    partitions "$VECTORS/table.bin" out.csv --disable-md5sum
    grep -q ota_1 out.csv
}

a_table_elsewhere() {
    echo "$SOUND" | convert --offset 0x10000
    [ "$(partitions table.bin --offset 0x10000 --json | grep -c 69632)" -eq 1 ]
}

for name in the_known_table there_and_back_again a_table_in_a_whole_flash \
    the_picture_shows_what_is_free comments_blank_lines_and_missing_fields numbers_are_pythons \
    keywords_have_no_case every_keyword_is_known an_empty_offset_is_behind_the_one_before \
    a_negative_size_is_an_end an_empty_subtype_is_undefined variables_are_the_environments \
    any_encoding_with_a_mark bootloaders_and_tables_lie_where_they_do a_projects_own_subtypes \
    what_is_missing_or_unknown what_overlaps what_is_not_aligned what_there_can_be_one_of \
    names_have_16_bytes what_is_odd_is_said all_must_fit there_is_room_for_94 damaged_tables \
    rows_behind_the_md5 no_md5_is_wanted_and_one_is_there a_table_elsewhere; do
    check "$name"
done
tap_end
