// What a device should run: product, group, channel and pin, as the operator sets them.

import { NAME_PATTERN, NAME_RULE } from "./assign.js";
import { announce, element, setText } from "./dom.js";

const FIELDS = [
    { name: "product", word: "Product", list: "known-products" },
    { name: "group", word: "Group", list: "known-groups" },
    {
        name: "channel",
        word: "Channel",
        list: "known-channels",
        placeholder: "stable, or the group’s",
    },
];
const NO_PIN = "";

export class AssignmentForm {
    #inputs = new Map();
    #pin = element("select", { id: "detail-pin" });
    #problem = element("p", { class: "problem", role: "alert" });
    #save = element("button", { class: "primary", disabled: true }, "Save");
    #shown = null; // the device as the fields last showed it
    node;

    // save(changes) returns a promise.
    constructor(save) {
        for (const field of FIELDS) this.#inputs.set(field.name, textInput(field));
        this.node = element(
            "form",
            { class: "assignment" },
            ...FIELDS.map(({ name, word }) => labelled(word, this.#inputs.get(name))),
            labelled("Pinned to", this.#pin),
            element("div", { class: "form-end" }, this.#save),
            this.#problem,
        );
        this.#inputs.set("pin", this.#pin);
        this.node.addEventListener("input", () => this.#enableSave());
        this.node.addEventListener("submit", (event) => this.#submit(event, save));
    }

    // Follows the device, but never overwrites what is being edited.
    show(device, versions) {
        const edited = this.#shown ? this.#changes() : {};
        const pin = "pin" in edited ? edited.pin : device.pin;
        this.#offerVersions(device, versions, pin);
        this.#shown = device;
        for (const [name, input] of this.#inputs)
            if (!(name in edited)) input.value = device[name] ?? "";
        this.#enableSave();
    }

    #offerVersions(device, versions, chosen) {
        const offered = new Set([...versions, device.pin, chosen].filter(Boolean));
        const options = [
            element("option", { value: NO_PIN }, "newest of its channel"),
            ...[...offered].map((version) => element("option", { value: version }, version)),
        ];
        const same =
            options.length === this.#pin.options.length &&
            options.every((option, index) => option.value === this.#pin.options[index].value);
        if (!same) this.#pin.replaceChildren(...options);
        this.#pin.value = chosen ?? NO_PIN;
    }

    #changes() {
        const changes = {};
        for (const [name, input] of this.#inputs)
            if (input.value !== (this.#shown[name] ?? "")) changes[name] = input.value || null;
        return changes;
    }

    #enableSave() {
        this.#save.disabled = Object.keys(this.#changes()).length === 0;
    }

    async #submit(event, save) {
        event.preventDefault();
        setText(this.#problem, "");
        try {
            await save(this.#changes());
            announce("Saved.");
        } catch (error) {
            setText(this.#problem, error.message);
        }
        this.#enableSave();
    }
}

function textInput({ name, list, placeholder }) {
    return element("input", {
        id: `detail-${name}`,
        list,
        placeholder: placeholder ?? "none",
        pattern: NAME_PATTERN,
        title: NAME_RULE,
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
    });
}

function labelled(word, input) {
    return element("div", { class: "field" }, element("label", { for: input.id }, word), input);
}
