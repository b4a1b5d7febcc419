// A device's state: icon, word, and how much of a download is through.

import { element, icon, setAttribute, setIcon, setText } from "./dom.js";
import { bytes, percent } from "./format.js";
import { stateNamed } from "./states.js";

export class StateBadge {
    #icon = icon("state-due");
    #word = element("span");
    #progress = element("progress", { "aria-label": "Download", hidden: true });
    node = element("span", { class: "state" }, this.#icon, this.#word, this.#progress);

    show(device) {
        const { state, download } = device;
        setAttribute(this.node, "data-state", state);
        setIcon(this.#icon, `state-${state}`);
        this.#progress.hidden = download === null;
        if (download === null) {
            setText(this.#word, stateNamed(state).word);
            setAttribute(this.node, "title", device.reason);
            return;
        }
        const through = percent(download.sent, download.size);
        setText(this.#word, `${stateNamed(state).word} ${through}\u202f%`);
        setAttribute(this.node, "title", `${bytes(download.sent)} of ${bytes(download.size)} sent`);
        this.#progress.max = 100;
        this.#progress.value = through;
    }
}
