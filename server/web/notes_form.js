// What people say of a device: its name among them, tags, notes, and whether it still counts.

import { announce, element, setText } from "./dom.js";
import { mayChange } from "./session.js";

export class NotesForm {
    #alias = element("input", {
        id: "device-alias",
        maxlength: 63,
        placeholder: "none",
        autocomplete: "off",
    });
    #tags = element("input", {
        id: "device-tags",
        placeholder: "none; with spaces between",
        autocomplete: "off",
        spellcheck: "false",
    });
    #notes = element("textarea", { id: "device-notes", rows: 3, maxlength: 1000 });
    #gone = element("input", { id: "device-gone", type: "checkbox" });
    #save = element("button", { class: "primary", disabled: true }, "Save");
    #problem = element("p", { class: "problem", role: "alert" });
    #shown = null; // what the fields were last set to
    node;

    // save(changes) returns a promise.
    constructor(save) {
        this.node = element(
            "form",
            { class: "notes-form" },
            field("Alias", this.#alias),
            field("Tags", this.#tags),
            field("Notes", this.#notes),
            element(
                "label",
                { class: "flag" },
                this.#gone,
                " Decommissioned: gets nothing, and does not count",
            ),
            element("div", { class: "form-end" }, this.#save),
            this.#problem,
        );
        for (const part of this.node.elements) part.disabled ||= !mayChange();
        this.node.addEventListener("input", () => this.#enableSave());
        this.node.addEventListener("submit", async (event) => {
            event.preventDefault();
            setText(this.#problem, "");
            try {
                const wanted = this.#read();
                await save(wanted);
                announce("Saved.");
            } catch (error) {
                setText(this.#problem, error.message);
            }
            this.#enableSave();
        });
    }

    // Follows the device, but never overwrites what is being edited.
    show({ alias, tags, notes, decommissioned }) {
        const isEdited = this.#shown !== null && JSON.stringify(this.#read()) !== this.#shown;
        const now = JSON.stringify({ alias, tags, notes, decommissioned });
        if (isEdited && now !== JSON.stringify(this.#read())) return;
        this.#alias.value = alias ?? "";
        this.#tags.value = tags.join(" ");
        this.#notes.value = notes ?? "";
        this.#gone.checked = decommissioned;
        this.#shown = JSON.stringify(this.#read());
        this.#enableSave();
    }

    #read() {
        return {
            alias: this.#alias.value.trim() || null,
            tags: this.#tags.value.split(/[\s,]+/).filter(Boolean),
            notes: this.#notes.value.trim() || null,
            decommissioned: this.#gone.checked,
        };
    }

    #enableSave() {
        this.#save.disabled = !mayChange() || JSON.stringify(this.#read()) === this.#shown;
    }
}

function field(word, input) {
    return element("div", { class: "field" }, element("label", { for: input.id }, word), input);
}
