// What is said where there is nothing to list: the next step, with the exact commands.

import { element } from "./dom.js";
import { stateNamed } from "./states.js";

function commands(...lines) {
    return element(
        "pre",
        { tabindex: "0", "aria-label": "Commands" },
        element("code", {}, lines.join("\n")),
    );
}

export function noDevices(origin, refusesUnknown) {
    if (refusesUnknown)
        return [
            element("h3", {}, "No device yet"),
            element("p", {}, "This server refuses devices it does not know. Enter one first:"),
            commands("updraft devices set 5C:CF:7F:12:34:56 --product kitchen"),
        ];
    return [
        element("h3", {}, "No device has checked in yet"),
        element("p", {}, "Point a sketch at this server. It shows up here at its first check-in:"),
        commands(`ESPhttpUpdate.update(client, "${origin}/update", "1.0.0");`),
        element("p", {}, "No board at hand? A virtual one does the same:"),
        commands(
            `updraft device --url ${origin}/update --flash device.flash \\`,
            "    --app sketch.ino.bin --layout 4M2M --mac 5C:CF:7F:12:34:56 --poll 5",
        ),
    ];
}

export function noMatch(view, clear) {
    const what = [];
    if (view.query) what.push(`matches “${view.query}”`);
    if (view.state) what.push(`is in the state “${stateNamed(view.state).word}”`);
    return [
        element("h3", {}, "Nothing to show"),
        element("p", {}, `No device ${what.join(" and ")}.`),
        element("button", { type: "button", onclick: clear }, "Show all devices"),
    ];
}

export function noReleases(origin) {
    return [
        element(
            "p",
            {},
            "Nothing is published yet. Drop the compiled .bin file on the page ",
            element("a", { href: "/releases.html" }, "Releases"),
            ", or from a shell:",
        ),
        commands(
            `export UPDRAFT_SERVER=${origin}`,
            "export UPDRAFT_TOKEN_FILE=DATA/operator.token",
            "updraft publish sketch.ino.bin \\",
            "    --product kitchen --version 1.0.0",
        ),
    ];
}
