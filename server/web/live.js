// Keeps the page and the server together: follows the event stream, and comes back by
// itself when the connection is lost.
//
// Order matters. The stream is opened first and the lists are read after; events that
// arrive meanwhile wait and are applied on top. Whatever changed since the stream opened
// has an event in it, so the last word on every device is never missed.

import { EventStreamParser } from "./event_stream.js";

// The server writes at least every 15 s; silence beyond this is a dead connection.
const SILENCE_MS = 40000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15000;

export class Live {
    #api;
    #handlers;
    #stopped = false;
    #retryMs = FIRST_RETRY_MS;
    #abort = null;
    #wake = null;

    // handlers: load() reads the lists, event(name, value), status("live" | "lost", retryAtMs),
    // refused(error) when the token is not accepted.
    constructor(api, handlers) {
        this.#api = api;
        this.#handlers = handlers;
    }

    async run() {
        while (!this.#stopped) {
            try {
                await this.#follow();
            } catch (error) {
                if (this.#stopped) return;
                if (error.status === 401) return this.#handlers.refused(error);
            }
            if (!this.#stopped) await this.#pause();
        }
    }

    stop() {
        this.#stopped = true;
        this.#abort?.abort();
        this.#wake?.();
    }

    retryNow() {
        this.#wake?.();
    }

    // Resolves when the stream ends, rejects when it breaks.
    async #follow() {
        this.#abort = new AbortController();
        const silence = new Silence(this.#abort);
        try {
            const body = await this.#api.events(this.#abort.signal);
            const waiting = new WaitingEvents(this.#handlers.event);
            await Promise.all([
                readEvents(body, silence, (name, value) => waiting.take(name, value)),
                this.#load(waiting),
            ]);
        } finally {
            silence.end();
            this.#abort.abort();
        }
    }

    async #load(waiting) {
        await this.#handlers.load();
        waiting.release();
        this.#retryMs = FIRST_RETRY_MS;
        this.#handlers.status("live", null);
    }

    async #pause() {
        // Spread out, so that many open pages do not all return in the same instant.
        const delay = this.#retryMs * (0.75 + 0.5 * Math.random());
        this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
        this.#handlers.status("lost", Date.now() + delay);
        await new Promise((resolve) => {
            this.#wake = resolve;
            setTimeout(resolve, delay);
        });
        this.#wake = null;
    }
}

class Silence {
    #timer = null;
    #abort;

    constructor(abort) {
        this.#abort = abort;
        this.broken();
    }

    broken() {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#abort.abort(), SILENCE_MS);
    }

    end() {
        clearTimeout(this.#timer);
    }
}

class WaitingEvents {
    #deliver;
    #queue = [];

    constructor(deliver) {
        this.#deliver = deliver;
    }

    take(name, value) {
        if (this.#queue) this.#queue.push([name, value]);
        else this.#deliver(name, value);
    }

    release() {
        const queue = this.#queue;
        this.#queue = null;
        for (const [name, value] of queue) this.#deliver(name, value);
    }
}

async function readEvents(body, silence, take) {
    const parser = new EventStreamParser();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Error("the server closed the event stream");
        silence.broken();
        parser.push(value, (name, data) => take(name, JSON.parse(data)));
    }
}
