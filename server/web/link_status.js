// Says whether what the page shows is live, and when it will try again.

import { announce, byId, setAttribute, setText } from "./dom.js";

export class LinkStatus {
    #retryAtMs = null;
    #lostAt = null;

    // status: "connecting", "live" or "lost"
    show(status, retryAtMs) {
        const word = { connecting: "Connecting", live: "Live", lost: "Connection lost" }[status];
        const wasLost = this.#lostAt !== null;
        byId("link").hidden = false;
        setAttribute(byId("link"), "data-state", status);
        setText(byId("link").lastElementChild, word);
        this.#retryAtMs = retryAtMs;
        if (status === "lost") this.#lostAt ??= new Date();
        if (status === "live") this.#lostAt = null;
        if (status === "live" && wasLost) announce("Connected again.");
        byId("banner").hidden = this.#lostAt === null;
        this.tick();
    }

    tick() {
        if (this.#lostAt === null) return;
        const seconds = Math.ceil((this.#retryAtMs - Date.now()) / 1000);
        setText(
            byId("banner-text"),
            `Connection lost, retrying. This is how things were at ` +
                `${this.#lostAt.toLocaleTimeString()}.`,
        );
        setText(byId("retry-now"), seconds > 0 ? `Retry now (${seconds} s)` : "Retry now");
    }
}
