# The package is what the IDE and PlatformIO expect, is complete, and stays out of the way.
. "$(dirname "$0")/../lib/tap.sh"

LIBRARY=$TAP_ROOT/build/arduino/Updraft
OBJECTS=$TAP_ROOT/build/arduino/lx106
HERE=$TAP_ROOT/tests/arduino
VERSION=$(sed -n "s/^ *version: '\(.*\)',/\1/p" "$TAP_ROOT/meson.build")

property() { sed -n "s/^$1=//p" "$LIBRARY/library.properties"; }

it_says_what_it_is() {
    local key
    [ "$(property version)" = "$VERSION" ]
    for key in name author maintainer sentence paragraph category architectures; do
        [ -n "$(property $key)" ] || { echo "no $key"; return 1; }
    done
    [ -f "$LIBRARY/src/$(property includes)" ]
    python3 - "$LIBRARY" "$VERSION" <<'PYTHON'
import json, pathlib, sys
library = pathlib.Path(sys.argv[1])
about = json.loads((library / "library.json").read_text())
assert about["version"] == sys.argv[2]
assert all((library / "src" / name).exists() for name in about["headers"])
PYTHON
}

# Types, methods and constants that sketches may name, and nothing that is not there.
the_ide_colours_all_of_it() {
    python3 - "$LIBRARY" <<'PYTHON'
import pathlib, re, sys
library = pathlib.Path(sys.argv[1])
rows = [line.split("\t") for line in (library / "keywords.txt").read_text().splitlines() if not line.startswith("#")]
assert all(len(row) == 2 and row[1] in ("KEYWORD1", "KEYWORD2", "LITERAL1") for row in rows), "not two columns"
coloured = [row[0] for row in rows]
assert len(set(coloured)) == len(coloured), "twice"
public = "".join(path.read_text() for path in (library / "src").glob("*.h"))
inside = "".join(path.read_text() for path in (library / "src/arduino").glob("*.h"))
names = set(re.findall(r"using updraft::(\w+);", public) + re.findall(r"^ +(HTTP_UE_\w+)", public, re.M))
lacking = names - set(coloured)
core = "U_FLASH U_FS"  # what Update.begin() takes
unknown = [name for name in coloured if not re.search(rf"\b{name}\b", public + inside + core)]
print("not coloured:", *sorted(lacking), "and unknown:", *unknown)
sys.exit(bool(lacking or unknown or len(names) < 30))
PYTHON
}

# An address is given by who publishes the library.
the_address_is_put_in() {
    HOMEPAGE=https://updates.example/library "$TAP_ROOT/scripts/arduino-package.sh" published/Updraft
    grep -qx 'url=https://updates.example/library' published/Updraft/library.properties
    python3 -c 'import json; assert json.load(open("published/Updraft/library.json"))["homepage"] == "https://updates.example/library"'
    not env HOMEPAGE='no address' "$TAP_ROOT/scripts/arduino-package.sh" refused/Updraft
    [ ! -e refused ]
}

it_comes_as_a_zip() {
    "$TAP_ROOT/scripts/arduino-package.sh" "$TAP_TMP/made/Updraft"
    diff -r "$TAP_TMP/made/Updraft" "$LIBRARY"
    mkdir unpacked
    python3 -m zipfile -e "made/Updraft-$VERSION.zip" unpacked
    diff -r unpacked/Updraft "$LIBRARY"
}

# Nothing outside the package is included but the core's and the compiler's headers.
every_header_stands_alone() {
    local header
    for header in "$LIBRARY"/src/*.h; do
        echo "#include <$(basename "$header")>" |
            g++ -std=gnu++17 -Wall -Wextra -Werror -fsyntax-only -I"$LIBRARY/src" -I"$HERE/core" -x c++ -
    done
}

# As the documents call them.
each_replaces_the_cores_in_one_line() {
    cat >one_line.cpp <<'C'
#include <UpdraftArduinoOTA.h>
#include <UpdraftHTTPUpdate.h>
#include <UpdraftHTTPUpdateServer.h>
#include <UpdraftUpdater.h>
ESP8266WebServer server(80);
ESP8266HTTPUpdateServer page;
void f(WiFiClient &client, Stream &stream, uint8_t *bytes)
{
    ArduinoOTA.setPort(8266);
    ArduinoOTA.setHostname("myesp8266");
    ArduinoOTA.setPassword((const char *)"123");
    ArduinoOTA.setPasswordHash("21232f297a57a5a743894a0e4a801fc3");
    ArduinoOTA.setRebootOnSuccess(true);
    ArduinoOTA.onStart([]() {});
    ArduinoOTA.onEnd([]() {});
    ArduinoOTA.onProgress([](unsigned int, unsigned int) {});
    ArduinoOTA.onError([](ota_error_t error) { (void)(error == OTA_AUTH_ERROR); });
    ArduinoOTA.begin();
    ArduinoOTA.handle();

    page.setup(&server);
    page.setup(&server, "/firmware");
    page.setup(&server, "admin", "admin");
    page.setup(&server, "/firmware", "admin", "admin");
    page.updateCredentials("admin", "secret");

    t_httpUpdate_return ret = ESPhttpUpdate.update(client, "192.168.0.2", 80, "/arduino.bin");
    ret = ESPhttpUpdate.update("192.168.0.2", 80, "/arduino.bin");
    ret = ESPhttpUpdate.update("192.168.0.2", 80, "/update.php", "optional version");
    ret = ESPhttpUpdate.update("http://192.168.0.2/update.php");
    ret = ESPhttpUpdate.update(client, "http://192.168.0.2/update.php", "optional version");
    ret = ESPhttpUpdate.updateFS(client, "http://192.168.0.2/files.bin");
    ret = ESPhttpUpdate.updateFS("http://192.168.0.2/files.bin");
    HTTPClient http;
    ret = ESPhttpUpdate.update(http);
    ret = ESPhttpUpdate.updateFS(http, "1.0.0");
    ESPhttpUpdate.rebootOnUpdate(false);
    ESPhttpUpdate.closeConnectionsOnUpdate(false);
    ESPhttpUpdate.setFollowRedirects(HTTPC_STRICT_FOLLOW_REDIRECTS);
    ESPhttpUpdate.setLedPin(LED_BUILTIN, LOW);
    ESPhttpUpdate.setAuthorization("user", "password");
    ESPhttpUpdate.onProgress([](int, int) {});
    ESPhttpUpdate.onError([](int) {});
    if (ret == HTTP_UPDATE_FAILED && ESPhttpUpdate.getLastError() == HTTP_UE_TOO_LESS_SPACE)
        Serial.println(ESPhttpUpdate.getLastErrorString().c_str());

    if (!Update.begin(100, U_FLASH) || Update.write(bytes, 10) != 10 || Update.hasError())
        Update.printError(Serial);
    Update.runAsync(true);
    Update.setMD5("00000000000000000000000000000000");
    Update.onProgress([](size_t, size_t) {});
    Update.write(client);
    Update.writeStream(stream);
    Update.installSignature(nullptr, nullptr);
    if (Update.end(true) && Update.isFinished() && !Update.isRunning())
        Serial.println(Update.md5String());
}
C
    g++ -std=gnu++17 -Wall -Wextra -Werror -fsyntax-only -I"$LIBRARY/src" -I"$HERE/core" one_line.cpp
}

words_in_colour_exist() {
    local word
    cut -f 1 "$LIBRARY/keywords.txt" | grep -v '^#' | while read -r word; do
        grep -rqw -- "$word" "$LIBRARY/src"/*.h "$LIBRARY/src/arduino" "$HERE/core/Updater.h" ||
            { echo "$word is nowhere"; exit 1; }
    done
}

# What other libraries of a sketch define cannot be ours: all names have a prefix.
names_stay_in_their_space() {
    local foreign
    foreign=$(xtensa-lx106-elf-nm -C --defined-only -g "$OBJECTS"/library/*.o | awk 'NF > 2' |
        sed 's/^[0-9a-f]* . //' |
        grep -vE '^(ud_|updraft::|(vtable|typeinfo|guard variable|non-virtual thunk) (for|to) updraft::|UpdraftUpdate$|std::|DW\.ref|_?String|operator)' || true)
    [ -z "$foreign" ] || { echo "$foreign"; return 1; }
}

# needed OBJECT: what a sketch and the library want of others. Of the C++ library nothing is wanted.
needed() { xtensa-lx106-elf-nm -C -u "$1" | sed 's/^ *U //'; }

# Whatever is missing is the core's, BearSSL's, the C library's or the compiler's.
sketches_need_the_core_alone() {
    local sketch missing
    for sketch in "$OBJECTS"/*.o; do
        missing=$(needed "$sketch" |
            grep -vE '^(br_|mem(cpy|move|set|cmp)$|strlen$|malloc$|free$|__|operator (new|delete)|std::nothrow|vtable for)' |
            grep -vE '^(String|Print|Stream|WiFiClient|WiFiUDP|EspClass|MDNSResponder|ESP8266WiFiClass|HTTPClient|ESP8266WebServer|HardwareSerial|IPAddress|BearSSL)' |
            grep -vxE '(ESP|MDNS|Serial|WiFi|coreInputPins\(\)|millis\(\)|yield\(\)|delay\(unsigned long\)|pinMode\(.*\)|digitalWrite\(.*\))' || true)
        [ -z "$missing" ] || { echo "$(basename "$sketch"): $missing"; return 1; }
    done
}

bearssl_is_used_as_the_core_has_it() {
    grep -rqF '<bearssl/bearssl.h>' "$LIBRARY/src/bearssl"
    ! grep -rF '<bearssl.h>' "$LIBRARY/src"
}

the_page_stays_in_flash() { grep -q 'ud_form_page\[\] PROGMEM' "$LIBRARY/src/page/form_page.c"; }

check it_says_what_it_is
check the_ide_colours_all_of_it
check the_address_is_put_in
check it_comes_as_a_zip
check every_header_stands_alone
check each_replaces_the_cores_in_one_line
check words_in_colour_exist
check names_stay_in_their_space
check sketches_need_the_core_alone
check bearssl_is_used_as_the_core_has_it
check the_page_stays_in_flash
tap_end
