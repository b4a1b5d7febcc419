// The totals by state. Each is a switch that shows only its devices.

import { arrange, byId, element, icon, setAttribute, setText } from "./dom.js";
import { count } from "./format.js";
import { STATES, stateNamed } from "./states.js";

// These keep their place at zero, so that tiles do not jump while a release spreads.
const ALWAYS = ["failing", "updating", "due", "current"];

export class Filters {
    #choose;
    #tiles = new Map();
    #segments = new Map();

    // choose(state) is called with null for all.
    constructor(choose) {
        this.#choose = choose;
    }

    show(counts, total, chosen) {
        const known = STATES.map((state) => state.name);
        const strange = [...counts.keys()].filter((name) => !known.includes(name));
        const names = [...known, ...strange].filter(
            (name) => counts.has(name) || ALWAYS.includes(name) || name === chosen,
        );
        const tiles = [this.#show(null, total, chosen === null)];
        for (const name of names)
            tiles.push(this.#show(name, counts.get(name) ?? 0, chosen === name));
        arrange(byId("tiles"), tiles);
        this.#spread(names, counts);
    }

    #show(name, number, isChosen) {
        const tile = this.#tile(name);
        setText(tile.querySelector("b"), count(number));
        setAttribute(tile, "aria-pressed", String(isChosen));
        tile.classList.toggle("none", number === 0);
        return tile;
    }

    #tile(name) {
        if (this.#tiles.has(name)) return this.#tiles.get(name);
        const { word, about } =
            name === null ? { word: "All", about: "every device" } : stateNamed(name);
        const tile = element(
            "button",
            { type: "button", class: "tile", "data-state": name, title: about },
            element("b"),
            element("span", {}, name === null ? null : icon(`state-${name}`), word),
        );
        tile.addEventListener("click", () => {
            const isChosen = tile.getAttribute("aria-pressed") === "true";
            this.#choose(isChosen ? null : name);
        });
        this.#tiles.set(name, tile);
        return tile;
    }

    // One bar, divided as the fleet is; the tiles say the same in words.
    #spread(names, counts) {
        const present = names.filter((name) => counts.get(name));
        arrange(
            byId("spread"),
            present.map((name) => {
                if (!this.#segments.has(name))
                    this.#segments.set(name, element("i", { "data-state": name }));
                const segment = this.#segments.get(name);
                segment.style.flexGrow = counts.get(name);
                return segment;
            }),
        );
    }
}
