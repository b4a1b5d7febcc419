// The audit log, newest first, and whether its chain holds.

import { attempt } from "./attempt.js";
import { byId, element, setText } from "./dom.js";
import { exactTime } from "./format.js";
import { Latest } from "./latest.js";

export class AuditList {
    #api;
    #last = 0; // number of the oldest record shown
    #reads = new Latest();
    #problem = byId("audit-problem");

    constructor(api) {
        this.#api = api;
        byId("older").addEventListener("click", () => this.#add(this.#last));
        byId("verify").addEventListener("click", () => this.#verify());
    }

    load() {
        return this.#add(0);
    }

    // Records before a number; 0: the latest, and no others.
    #add(before) {
        const ask = () => this.#api.audit(before);
        return attempt(this.#problem, () =>
            this.#reads.read(ask, (records) => this.#show(before, records)),
        );
    }

    #show(before, records) {
        const rows = records.map(row);
        if (before === 0) byId("audit-rows").replaceChildren(...rows);
        else if (before === this.#last) byId("audit-rows").append(...rows);
        else return; // others are shown meanwhile
        this.#last = records.at(-1)?.number ?? 1;
        byId("older").hidden = this.#last <= 1;
    }

    #verify() {
        return attempt(this.#problem, async () => {
            const { sound, records, hash, problem } = await this.#api.verifyAudit();
            byId("verdict").hidden = false;
            setText(
                byId("verdict"),
                sound
                    ? `Sound: ${records} records, the last is ${records}:${hash}`
                    : `Not sound: ${problem}`,
            );
        });
    }
}

function row({ at, who, address, action, detail }) {
    return element(
        "tr",
        {},
        element(
            "td",
            {},
            element(
                "time",
                { datetime: at, title: exactTime(at) },
                at.slice(0, 19).replace("T", " "),
            ),
        ),
        element("td", {}, who),
        element("td", {}, address ?? ""),
        element("td", { class: "detail" }, action),
        element("td", { class: "detail" }, detail),
    );
}
