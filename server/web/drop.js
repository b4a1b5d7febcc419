// Publishing a file that is dropped on the page, or chosen.

import { announce, byId, setText } from "./dom.js";
import { bytes } from "./format.js";

const FIELDS = ["product", "version", "channel", "notes"];

export class Drop {
    #publish;
    #file = null;

    // publish(file, query) resolves with the draft, or with what else became of the file.
    constructor(publish) {
        this.#publish = publish;
        const zone = byId("drop-zone");
        for (const name of ["dragenter", "dragover"])
            zone.addEventListener(name, (event) => this.#hover(event, true));
        zone.addEventListener("dragleave", (event) => this.#hover(event, false));
        zone.addEventListener("drop", (event) => {
            this.#hover(event, false);
            if (event.dataTransfer.files.length > 0) this.#take(event.dataTransfer.files[0]);
        });
        byId("file").addEventListener("change", () => this.#take(byId("file").files[0] ?? null));
        byId("drop").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#send();
        });
    }

    #hover(event, isOver) {
        event.preventDefault();
        byId("drop-zone").classList.toggle("over", isOver);
    }

    #take(file) {
        this.#file = file;
        byId("file").required = file === null;
        setText(byId("drop-problem"), "");
        setText(byId("drop-title"), file?.name ?? "Drop a firmware file here, or choose one");
        setText(byId("drop-hint"), file ? bytes(file.size) : "nothing is chosen");
        if (file !== null) this.#send();
    }

    // What the image does not say is asked for, and then sent again.
    async #send() {
        const file = this.#file;
        if (file === null || byId("publish").disabled) return;
        const query = { name: file.name, draft: "yes" };
        for (const field of FIELDS) {
            const value = byId(`publish-${field}`).value.trim();
            if (value) query[field] = value;
        }
        setText(byId("drop-problem"), "");
        byId("publish").disabled = true;
        try {
            const release = await this.#publish(file, query);
            if (release?.version)
                announce(`${release.product} ${release.version} is there as a ${release.state}.`);
            byId("drop").reset();
            if (this.#file === file) this.#take(null);
        } catch (error) {
            setText(byId("drop-problem"), error.message);
        } finally {
            byId("publish").disabled = false;
        }
        // Another one may have come meanwhile.
        if (this.#file !== null && this.#file !== file) this.#take(this.#file);
    }
}
