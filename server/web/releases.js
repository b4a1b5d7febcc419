// The releases of each product, newest first, and how far each has come.

import { byId, element, setText } from "./dom.js";
import { age, bytes, exactTime, plural } from "./format.js";
import { serverNow } from "./clock.js";
import { versionKey } from "./fleet.js";

// Older ones than these fold away.
const SHOWN = 5;
const NOBODY = { wanted: 0, arrived: 0 };

export class ReleaseList {
    #fleet;
    #listed = null; // the array the list was built from
    #items = [];

    constructor(fleet) {
        this.#fleet = fleet;
    }

    show() {
        if (this.#listed !== this.#fleet.releases) this.#build();
        const adoption = this.#fleet.adoption();
        for (const item of this.#items) item.show(adoption.get(item.key) ?? NOBODY);
        this.tick();
    }

    tick() {
        const now = serverNow();
        for (const item of this.#items) item.tick(now);
    }

    #build() {
        this.#listed = this.#fleet.releases;
        this.#items = [];
        const products = byProduct(this.#listed);
        byId("release-list").replaceChildren(
            ...[...products].map(([product, releases]) => this.#product(product, releases)),
        );
    }

    #product(product, releases) {
        const newest = new Set();
        const channels = new Set();
        for (const release of releases) {
            if (release.state !== "live") continue;
            if (!channels.has(release.channel)) newest.add(release.id);
            channels.add(release.channel);
        }
        const items = releases.map((release) => new Item(release, newest.has(release.id)));
        this.#items.push(...items);
        const nodes = items.map((item) => item.node);
        const older = nodes.slice(SHOWN);
        return element(
            "section",
            { class: "product-releases" },
            element("h3", {}, product),
            element("ul", {}, ...nodes.slice(0, SHOWN)),
            older.length === 0
                ? null
                : element(
                      "details",
                      {},
                      element("summary", {}, `${older.length} older`),
                      element("ul", {}, ...older),
                  ),
        );
    }
}

class Item {
    #release;
    #published = element("time");
    #progress = element("progress", { "aria-label": "Arrived" });
    #arrived = element("span");
    #adoption = element("div", { class: "adoption" }, this.#progress, this.#arrived);

    constructor(release, isNewest) {
        this.#release = release;
        this.key = versionKey(release.product, release.version);
        this.#published.title = exactTime(release.published);
        this.node = element(
            "li",
            { class: "release" },
            element(
                "div",
                { class: "release-head" },
                element("b", {}, release.version),
                element(
                    "span",
                    { class: isNewest ? "channel newest" : "channel" },
                    isNewest ? `newest ${release.channel}` : release.channel,
                ),
                release.state === "live"
                    ? null
                    : element("span", { class: "channel", title: release.reason }, release.state),
                this.#published,
            ),
            release.notes === null ? null : element("p", { class: "release-facts" }, release.notes),
            ...release.files.map((file, index) =>
                element(
                    "p",
                    { class: "release-facts", title: `SHA-256 ${file.sha256}` },
                    (index === 0
                        ? [release.chip, ...formOf(file)]
                        : ["also", ...formOf(file)]
                    ).join(" · "),
                ),
            ),
            this.#adoption,
        );
    }

    show({ wanted, arrived }) {
        this.#adoption.hidden = wanted === 0;
        this.#progress.max = Math.max(wanted, 1);
        this.#progress.value = arrived;
        setText(this.#arrived, `${arrived} of ${plural(wanted, "device")}`);
    }

    tick(nowMs) {
        setText(this.#published, age(this.#release.published, nowMs));
    }
}

// One of the forms devices choose from: its size, and what was done to it.
function formOf(file) {
    return [
        bytes(file.size),
        file.compressed ? "compressed" : null,
        file.signed ? `signed by ${file.signed_by ?? "a key not known here"}` : null,
    ].filter(Boolean);
}

function byProduct(releases) {
    const products = new Map();
    for (const release of releases)
        products.set(release.product, [...(products.get(release.product) ?? []), release]);
    return products;
}
