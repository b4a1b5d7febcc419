// What is made and unmade by hand: a table, a form below it, and what went wrong between
// them. A subclass has rows(), which resolves with the table's rows, and submit(), which does
// what the form asks for.

import { attempt } from "./attempt.js";
import { byId, element } from "./dom.js";
import { Latest } from "./latest.js";

export class ManagedList {
    #name;
    #changed;
    #reads = new Latest();
    mayChange;

    // name: "token" for the elements token-rows, token-form, token-problem and maybe
    // token-secret, in the card of the id `card`. options: mayChange; changed() is called after a
    // change.
    constructor(name, card, { mayChange, changed }) {
        this.#name = name;
        this.#changed = changed;
        this.mayChange = mayChange;
        byId(card).hidden = false;
        this.part("form").hidden = !mayChange;
        this.part("form").addEventListener("submit", (event) => {
            event.preventDefault();
            this.change(async () => {
                await this.submit();
                this.part("form").reset();
            });
        });
    }

    part(what) {
        return byId(`${this.#name}-${what}`);
    }

    load() {
        return attempt(this.part("problem"), () =>
            this.#reads.read(
                () => this.rows(),
                (rows) => this.show(rows),
            ),
        );
    }

    show(rows) {
        this.part("rows").replaceChildren(...rows);
    }

    async change(act) {
        await attempt(this.part("problem"), async () => {
            await act();
            this.#changed();
        });
        if (this.part("problem").textContent === "") await this.load();
    }

    // A line with something that is not shown again.
    showSecret(text, secret) {
        this.part("secret").hidden = false;
        this.part("secret").replaceChildren(text, element("code", {}, secret));
    }

    row(title, cells, ...deeds) {
        return element(
            "tr",
            {},
            element("th", { scope: "row" }, title),
            ...cells.map((cell) => element("td", {}, cell)),
            element("td", { class: "deeds" }, ...(this.mayChange ? deeds : [])),
        );
    }

    deed(word, label, act) {
        return element(
            "button",
            { type: "button", "aria-label": label, onclick: () => this.change(act) },
            word,
        );
    }
}

export function day(time) {
    return time ? time.slice(0, 10) : "never";
}
