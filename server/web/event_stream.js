// Server-sent events out of text in any pieces. The browser's own EventSource cannot send
// an Authorization header, so the stream is fetched and taken apart here.

export class EventStreamParser {
    #rest = "";
    #name = "";
    #data = [];

    // Calls emit(name, data) for every event that ends in this piece.
    push(text, emit) {
        const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
        this.#rest = lines.pop();
        for (const line of lines) this.#line(line, emit);
    }

    #line(line, emit) {
        if (line === "") return this.#dispatch(emit);
        const colon = line.indexOf(":");
        if (colon === 0) return; // a comment: it only keeps the connection open
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "event") this.#name = value;
        if (field === "data") this.#data.push(value);
    }

    #dispatch(emit) {
        if (this.#data.length) emit(this.#name || "message", this.#data.join("\n"));
        this.#name = "";
        this.#data = [];
    }
}
