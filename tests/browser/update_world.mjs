// What is round the page at /update: virtual devices, files, and a cable that can be cut.

import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { until } from "./harness.mjs";
import { ROOT } from "./world.mjs";

const UPDRAFT = process.env.UPDRAFT ?? path.join(ROOT, "build/updraft");

const TRIES = 5;

async function freePort() {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
}

// A virtual device that serves the page; forgotten when it stops.
export class PageDevice {
    events = [];
    #process;
    #said = "";

    // With another port where somebody else was quicker to take it.
    static async start(app, ...options) {
        for (let tries = 0; tries < TRIES; tries++) {
            const device = new PageDevice();
            device.port = await freePort();
            device.#process = spawn(
                UPDRAFT,
                ["device", "--page", String(device.port), "--app", app, "--layout", "4M2M", "--json", ...options],
                { stdio: ["ignore", "pipe", "inherit"] },
            );
            device.#process.stdout.on("data", (piece) => device.#hear(piece));
            await until("the device runs", () => device.version !== null || device.#hasEnded);
            if (!device.#hasEnded) return device;
        }
        throw new Error(`the device ended, ${TRIES} times`);
    }

    get #hasEnded() {
        return this.#process.exitCode !== null || this.#process.signalCode !== null;
    }

    #hear(piece) {
        const lines = (this.#said + piece).split("\n");
        this.#said = lines.pop();
        this.events.push(...lines.map((line) => JSON.parse(line)));
    }

    get origin() {
        return `http://127.0.0.1:${this.port}`;
    }

    get page() {
        return `${this.origin}/update`;
    }

    // What it runs.
    get version() {
        return this.events.findLast(({ event }) => event === "started")?.version ?? null;
    }

    count(kind) {
        return this.events.filter(({ event }) => event === kind).length;
    }

    async stop() {
        if (this.#hasEnded) return;
        this.#process.kill();
        await once(this.#process, "exit");
    }
}

// Between the browser and a device: passes bytes on until it is cut.
export class Cable {
    #server;
    #sockets = new Set();
    #left = Infinity;

    static async lay(port) {
        const cable = new Cable();
        cable.#server = net.createServer((near) => cable.#connect(near, port)).listen(0, "127.0.0.1");
        await once(cable.#server, "listening");
        return cable;
    }

    get page() {
        return `http://127.0.0.1:${this.#server.address().port}/update`;
    }

    #connect(near, port) {
        const far = net.connect(port, "127.0.0.1");
        for (const [one, other] of [[near, far], [far, near]]) {
            this.#sockets.add(one);
            one.on("error", () => {});
            one.on("close", () => {
                this.#sockets.delete(one);
                other.destroy();
            });
            one.on("data", (piece) => this.#pass(piece, other));
            one.on("end", () => other.end());
        }
    }

    #pass(piece, to) {
        this.#left -= piece.length;
        if (this.#left > 0) to.write(piece);
        else this.#cut();
    }

    #cut() {
        for (const socket of this.#sockets) socket.resetAndDestroy();
        this.#left = Infinity; // it is mended at once
    }

    cutAfter(bytes) {
        this.#left = bytes;
    }

    async remove() {
        for (const socket of this.#sockets) socket.destroy();
        this.#server.close();
        await once(this.#server, "close");
    }
}

export function write(folder, name, content) {
    const file = path.join(folder, name);
    fs.writeFileSync(file, content);
    return file;
}
