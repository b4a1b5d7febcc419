// The table of devices: which ones, in what order, and how the keyboard moves in it.

import { arrange, byId, element, icon, setAttribute, setIcon, setText } from "./dom.js";
import { compareVersions, count, plural } from "./format.js";
import { serverNow } from "./clock.js";
import { rankOf, stateNamed } from "./states.js";
import { Row } from "./row.js";

// Rows on the page at once; a table beyond this is for searching, not for scrolling.
const PAGE = 1000;
// Rows that Page Up and Page Down move by.
const STRIDE = 10;

const byText = (key) => (a, b) => (a[key] ?? "").localeCompare(b[key] ?? "", "en");
const byVersion = (key) => (a, b) => compareVersions(a[key], b[key]);

const COLUMNS = [
    { key: "mac", word: "Device", compare: byText("mac") },
    { key: "product", word: "Product", compare: byText("product") },
    { key: "version", word: "Version", compare: byVersion("version") },
    { key: "target", word: "Target", compare: byVersion("target") },
    { key: "state", word: "State", compare: (a, b) => rankOf(a.state) - rankOf(b.state) },
    { key: "last_seen", word: "Last seen", compare: byText("last_seen") },
];

const MAC_PART = /^[0-9a-f]{2}[0-9a-f:-]*$/;

// Each word of the query must be found; a MAC also without its colons.
export function matches(device, query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return true;
    const text = [
        device.mac,
        device.mac.replaceAll(":", ""),
        device.product,
        device.group,
        device.channel,
        device.version,
        device.target,
        device.state,
        stateNamed(device.state).word,
        device.address,
        device.chip,
    ]
        .join(" ")
        .toLowerCase();
    return words.every(
        (word) =>
            text.includes(word) ||
            (MAC_PART.test(word) && text.includes(word.replace(/[:-]/g, ""))),
    );
}

export function choose(devices, view) {
    const column = COLUMNS.find(({ key }) => key === view.sortKey);
    const sign = view.descending ? -1 : 1;
    return devices
        .filter((device) => view.state === null || device.state === view.state)
        .filter((device) => matches(device, view.query))
        .sort((a, b) => sign * column.compare(a, b) || byText("mac")(a, b));
}

export class DeviceTable {
    #fleet;
    #actions;
    #rows = new Map();
    #shown = []; // rows, in the order of the page
    #limit = PAGE;
    #stop = null; // MAC of the one row that Tab stops at

    // actions: open(mac), close(), assign(mac, product), sort(key)
    constructor(fleet, actions) {
        this.#fleet = fleet;
        this.#actions = { ...actions, assigned: (mac) => this.#returnTo(mac) };
        byId("columns").append(...COLUMNS.map((column) => this.#head(column)));
        byId("rows").addEventListener("keydown", (event) => this.#move(event));
        byId("rows").addEventListener("focusin", (event) => this.#stopAt(event.target));
        byId("more").addEventListener("click", () => {
            this.#limit += PAGE;
            this.#actions.more();
        });
    }

    show(view, touched) {
        const devices = choose([...this.#fleet.devices.values()], view);
        this.#showSort(view);
        this.#forgetRemoved(touched);
        const now = serverNow();
        this.#shown = devices.slice(0, this.#limit).map((device) => {
            const row = this.#row(device.mac);
            if (row.device !== device) row.show(device);
            row.select(device.mac === view.device);
            row.tick(now);
            return row;
        });
        const hadFocus = byId("rows").contains(document.activeElement);
        arrange(
            byId("rows"),
            this.#shown.map((row) => row.node),
        );
        this.#keepTabStop();
        if (hadFocus && document.activeElement === document.body) this.focus(this.#stop);
        this.#showCounts(devices.length);
        return devices.length;
    }

    tick() {
        const now = serverNow();
        for (const row of this.#shown) row.tick(now);
    }

    focus(mac) {
        const row = this.#shown.find((candidate) => candidate.device.mac === mac) ?? this.#shown[0];
        (row?.opener ?? byId("search")).focus();
    }

    #row(mac) {
        if (!this.#rows.has(mac)) this.#rows.set(mac, new Row(mac, this.#actions));
        return this.#rows.get(mac);
    }

    #forgetRemoved(touched) {
        for (const mac of touched) if (!this.#fleet.devices.has(mac)) this.#rows.delete(mac);
    }

    #head({ key, word }) {
        return element(
            "th",
            { role: "columnheader", scope: "col", "data-key": key },
            element(
                "button",
                { type: "button", onclick: () => this.#actions.sort(key) },
                word,
                icon("sort-up"),
            ),
        );
    }

    #showSort(view) {
        for (const head of byId("columns").children) {
            const isSorted = head.dataset.key === view.sortKey;
            const order = view.descending ? "descending" : "ascending";
            setAttribute(head, "aria-sort", isSorted ? order : null);
            setIcon(head.querySelector("svg"), view.descending ? "sort-down" : "sort-up");
        }
    }

    #showCounts(found) {
        const total = this.#fleet.devices.size;
        const left = found - this.#shown.length;
        setText(
            byId("shown"),
            found === total
                ? plural(total, "device")
                : `${count(found)} of ${plural(total, "device")}`,
        );
        byId("more").hidden = left <= 0;
        setText(byId("more"), `Show ${count(Math.min(left, PAGE))} more of ${count(left)}`);
    }

    // One row is reachable with Tab, the arrows do the rest.
    #keepTabStop() {
        const stop = this.#shown.find((row) => row.device.mac === this.#stop) ?? this.#shown[0];
        this.#stop = stop?.device.mac ?? null;
        for (const row of this.#shown)
            setAttribute(row.opener, "tabindex", row === stop ? "0" : "-1");
    }

    #stopAt(target) {
        const row = this.#shown.find(({ opener }) => opener === target);
        if (!row || row.device.mac === this.#stop) return;
        this.#stop = row.device.mac;
        this.#keepTabStop();
    }

    #move(event) {
        const from = this.#shown.findIndex(({ opener }) => opener === event.target);
        const steps = {
            ArrowDown: 1,
            ArrowUp: -1,
            PageDown: STRIDE,
            PageUp: -STRIDE,
            Home: -Infinity,
            End: Infinity,
        };
        if (from < 0 || !(event.key in steps)) return;
        const to = Math.max(0, Math.min(this.#shown.length - 1, from + steps[event.key]));
        event.preventDefault();
        this.#shown[to].opener.focus();
    }

    // After an assignment the form is gone; without this the focus would be nowhere.
    #returnTo(mac) {
        if (document.activeElement === document.body || document.activeElement.closest(".assign"))
            this.focus(mac);
    }
}
