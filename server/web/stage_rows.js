// The stages of a new rollout, a row each: how far it reaches, and when to go on or halt.

import { element, setText } from "./dom.js";
import { plural } from "./format.js";

const MOST = 8; // docs/operator-api.md
const FIRST = [
    { percent: 10, approval: false },
    { percent: 50, approval: false },
    { percent: 100, approval: false },
];
const SUCCESS = 90;
const FAILURE = 10;

export class StageRows {
    #changed;
    #rows = [];
    #list = element("ol", { class: "stage-rows" });
    #add = element("button", { type: "button" }, "Add a stage");
    node = element("div", {}, this.#list, this.#add);

    constructor(changed) {
        this.#changed = changed;
        this.#add.addEventListener("click", () => {
            this.#put({ percent: 100, approval: false });
            this.#rows.at(-1).reach.focus();
            changed();
        });
        for (const stage of FIRST) this.#put(stage);
    }

    // As the API takes them.
    value() {
        return this.#rows.map(({ reach, unit, success, failure, approval }) => ({
            [unit.value]: Number(reach.value),
            success: Number(success.value),
            failure: Number(failure.value),
            approval: approval.checked,
        }));
    }

    // sizes: devices reached in all when each is open; [] while that is not known.
    showSizes(sizes) {
        this.#rows.forEach(({ size }, index) =>
            setText(size, sizes[index] === undefined ? "" : plural(sizes[index], "device")),
        );
    }

    #put({ percent, approval }) {
        const row = {
            reach: number("How far", percent, 1, 4294967295),
            unit: element(
                "select",
                { "aria-label": "Unit" },
                element("option", { value: "percent" }, "%"),
                element("option", { value: "devices" }, "devices"),
            ),
            success: number("Goes on at, percent", SUCCESS, 1, 100),
            failure: number("Halts beyond, percent", FAILURE, 0, 100),
            approval: element("input", { type: "checkbox", checked: approval }),
            size: element("span", { class: "size" }),
            remove: element("button", { type: "button", class: "quiet" }, "Remove"),
        };
        row.node = element(
            "li",
            {},
            element("span", { class: "reach" }, "up to ", row.reach, row.unit),
            row.size,
            element("span", {}, "on at ", row.success, "\u202f%"),
            element("span", {}, "halt beyond ", row.failure, "\u202f%"),
            element("label", { class: "flag" }, row.approval, " ask first"),
            row.remove,
        );
        row.remove.addEventListener("click", () => this.#remove(row));
        this.#rows.push(row);
        this.#list.append(row.node);
        this.#limit();
    }

    #remove(row) {
        this.#rows.splice(this.#rows.indexOf(row), 1);
        row.node.remove();
        this.#limit();
        this.#add.focus();
        this.#changed();
    }

    #limit() {
        this.#add.hidden = this.#rows.length >= MOST;
        for (const { remove } of this.#rows) remove.hidden = this.#rows.length === 1;
    }
}

function number(label, value, min, max) {
    return element("input", {
        type: "number",
        "aria-label": label,
        value,
        min,
        max,
        required: true,
    });
}
