// What is round the dashboard: the real server, operators and devices.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { until } from "./harness.mjs";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const UPDRAFT = process.env.UPDRAFT ?? path.join(ROOT, "build/updraft");
const MAKE_IMAGE = path.join(ROOT, "tests/lib/make_image.py");
const SLOW_GET = path.join(ROOT, "tests/lib/slow_get.py");

export function makeImage(folder, project, version, size = 400000) {
    const file = path.join(folder, `${project}-${version}.bin`);
    const options = ["--project", project, "--version", version, "--size", String(size)];
    execFileSync("python3", [MAKE_IMAGE, file, ...options]);
    return file;
}

// One that adds a key of the test vectors, as a product's update of this number.
export function makeKeyUpdate(folder, product, number) {
    const keys = path.join(ROOT, "tests/vectors/signing");
    const file = path.join(folder, `${product}-${number}.signed`);
    execFileSync(process.env.UPDRAFT, [
        ...["key", "add", path.join(keys, "p256.pub"), "--number", String(number)],
        ...["--product", product, "--key", path.join(keys, "rsa2048.key"), "--out", file],
    ]);
    return file;
}

export class Server {
    origin = null;
    token = null;

    #data;
    #process = null;
    #port = 0;
    #said = "";

    constructor(data) {
        this.#data = data;
    }

    // On the port it had before, if it ran before.
    async start(...options) {
        const listen = `127.0.0.1:${this.#port}`;
        this.#process = spawn(
            UPDRAFT,
            ["serve", "--data", this.#data, "--listen", listen, ...options],
            {
                stdio: ["ignore", "pipe", fs.openSync(`${this.#data}.log`, "a")],
            },
        );
        this.#said = "";
        this.#process.stdout.on("data", (piece) => (this.#said += piece));
        this.origin = await this.says(/listening on (\S+)/);
        this.#port = Number(new URL(this.origin).port);
        this.token = fs.readFileSync(path.join(this.#data, "operator.token"), "utf8").trim();
    }

    // The first group of the pattern, once the server has said it.
    says(pattern) {
        return until(`the server says ${pattern}`, () => {
            if (this.#process.exitCode !== null) throw new Error(`it ended: ${this.#said}`);
            return this.#said.match(pattern)?.[1];
        });
    }

    async stop(signal = "SIGTERM") {
        if (this.#process === null || this.#process.exitCode !== null) return;
        const gone = once(this.#process, "exit");
        this.#process.kill(signal);
        await gone;
    }

    get dashboard() {
        return `${this.origin}/#token=${this.token}`;
    }

    async api(method, where, body) {
        const response = await fetch(`${this.origin}/api/v1${where}`, {
            method,
            headers: { Authorization: `Bearer ${this.token}` },
            body:
                typeof body === "object" && !(body instanceof Uint8Array)
                    ? JSON.stringify(body)
                    : body,
        });
        const text = await response.text();
        if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${text}`);
        return text ? JSON.parse(text) : null;
    }

    publish(file, product, version, channel = "stable") {
        const name = path.basename(file);
        return this.api(
            "POST",
            `/releases?${new URLSearchParams({ product, version, channel, name })}`,
            fs.readFileSync(file),
        );
    }

    // Signs with a key of the vectors, as `updraft publish` does it.
    publishSigned(file, product, version) {
        const key = path.join(ROOT, "tests/vectors/signing/rsa2048.key");
        const options = ["--product", product, "--version", version, "--sign", key];
        execFileSync(UPDRAFT, ["publish", file, ...options], {
            stdio: "ignore",
            env: { ...process.env, UPDRAFT_SERVER: this.origin, UPDRAFT_TOKEN: this.token },
        });
    }

    device(mac) {
        return this.api("GET", `/devices/${mac}`);
    }

    // A check-in whose answer is read slowly, through a small window; the process that does so
    // reads the rest without pauses once it gets SIGUSR1.
    slowVisit(mac) {
        const reader = spawn("python3", [SLOW_GET, `${this.origin}/update`], {
            stdio: ["pipe", "ignore", "inherit"],
        });
        const lines = Object.entries(headersOf(mac, {})).map(([name, value]) => `${name}: ${value}`);
        reader.stdin.end(lines.join("\n"));
        return reader;
    }

    // A check-in whose answer is read to its end; resolves with the status.
    async visit(mac, changes = {}) {
        const request = http.get(`${this.origin}/update`, {
            headers: headersOf(mac, changes),
            agent: false,
        });
        const [response] = await once(request, "response");
        response.resume();
        await once(response, "end");
        return response.statusCode;
    }
}

function headersOf(mac, changes) {
    const facts = {
        "STA-MAC": mac,
        "AP-MAC": mac.replace(/^5C/, "5E"),
        "free-space": 1671168,
        "sketch-size": 404160,
        "sketch-md5": "a56f8ef78a0bebd812f62067daf1408a",
        "chip-size": 4194304,
        "sdk-version": "2.2.2-dev(38a443e)",
        mode: "sketch",
        version: "1.0.0",
        ...changes,
    };
    const headers = { "User-Agent": "ESP8266-http-Update", Connection: "close" };
    for (const [name, value] of Object.entries(facts)) headers[`x-ESP8266-${name}`] = value;
    return headers;
}

// Virtual devices: `updraft device`, until they run a version.
export class VirtualDevices {
    #process;
    #ended;
    #said = "";

    constructor(options) {
        this.#process = spawn(UPDRAFT, ["device", ...options], {
            stdio: ["ignore", "pipe", "pipe"],
        });
        for (const stream of [this.#process.stdout, this.#process.stderr])
            stream.on("data", (piece) => (this.#said += piece));
        this.#ended = once(this.#process, "exit");
    }

    // Resolves when all have arrived.
    async arrived() {
        const [status] = await this.#ended;
        if (status !== 0) throw new Error(`updraft device ended with ${status}:\n${this.#said}`);
    }

    async stop() {
        if (this.#process.exitCode === null) this.#process.kill();
        await this.#ended;
    }
}
