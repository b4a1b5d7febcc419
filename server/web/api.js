// The operator API of docs/operator-api.md.

import { learnServerTime } from "./clock.js";

const ROOT = "/api/v1";
const TIMEOUT_MS = 15000;

export class ApiError extends Error {
    constructor(status, message) {
        super(message);
        this.status = status; // 0: no answer at all
    }
}

async function problemOf(response) {
    const body = await response.json().catch(() => null);
    return new ApiError(response.status, body?.error ?? `the server answered ${response.status}`);
}

export class Api {
    #token;
    #csrf;

    // A session's changes carry its CSRF token; the cookie goes along by itself.
    constructor({ token = null, csrf = null }) {
        this.#token = token;
        this.#csrf = csrf;
    }

    async #fetch(method, path, { body, signal }) {
        const headers = {};
        if (this.#token !== null) headers.Authorization = `Bearer ${this.#token}`;
        else if (this.#csrf !== null && method !== "GET") headers["X-CSRF-Token"] = this.#csrf;
        const isFile = body instanceof Blob;
        if (body !== undefined)
            headers["Content-Type"] = isFile ? "application/octet-stream" : "application/json";
        const sent = isFile ? body : JSON.stringify(body);
        const request = { method, headers, body: sent, signal, cache: "no-store" };
        const response = await fetch(ROOT + path, request).catch((cause) => {
            throw new ApiError(
                0,
                cause.name === "TimeoutError"
                    ? "the server did not answer in time"
                    : "the server cannot be reached",
            );
        });
        learnServerTime(response);
        if (!response.ok) throw await problemOf(response);
        return response;
    }

    async #json(method, path, body) {
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const response = await this.#fetch(method, path, { body, signal });
        return response.status === 204 ? null : response.json();
    }

    // A body of any size, over any connection: only the user ends it.
    async #send(method, path, file) {
        return (await this.#fetch(method, path, { body: file })).json();
    }

    session() {
        return this.#json("GET", "/session");
    }

    signIn(user, password) {
        return this.#json("POST", "/session", { user, password });
    }

    signOut() {
        return this.#json("DELETE", "/session");
    }

    signOutEverywhere() {
        return this.#json("DELETE", "/sessions");
    }

    changePassword(old, fresh) {
        return this.#json("PUT", "/session/password", { old, new: fresh });
    }

    // Whom a link is for: {user, role}.
    ticket(ticket) {
        return this.#json("POST", "/setup/ticket", { ticket });
    }

    setUp(ticket, user, password) {
        return this.#json("POST", "/setup", { ticket, user, password });
    }

    async users() {
        return (await this.#json("GET", "/users")).users;
    }

    addUser(name, role) {
        return this.#json("POST", "/users", { name, role });
    }

    changeUser(name, role) {
        return this.#json("PUT", `/users/${name}`, { role });
    }

    resetUser(name) {
        return this.#json("POST", `/users/${name}/reset`);
    }

    removeUser(name) {
        return this.#json("DELETE", `/users/${name}`);
    }

    async tokens() {
        return (await this.#json("GET", "/tokens")).tokens;
    }

    addToken(token) {
        return this.#json("POST", "/tokens", token);
    }

    revokeToken(id) {
        return this.#json("DELETE", `/tokens/${id}`);
    }

    // {policy, secrets}.
    deviceSecrets() {
        return this.#json("GET", "/device-secrets");
    }

    addDeviceSecret(secret) {
        return this.#json("POST", "/device-secrets", secret);
    }

    revokeDeviceSecret(id) {
        return this.#json("DELETE", `/device-secrets/${id}`);
    }

    async webhooks() {
        return (await this.#json("GET", "/webhooks")).webhooks;
    }

    addWebhook(webhook) {
        return this.#json("POST", "/webhooks", webhook);
    }

    changeWebhook(id, changes) {
        return this.#json("PUT", `/webhooks/${id}`, changes);
    }

    testWebhook(id) {
        return this.#json("POST", `/webhooks/${id}/test`);
    }

    removeWebhook(id) {
        return this.#json("DELETE", `/webhooks/${id}`);
    }

    // Records before a number, newest first; 0: the latest.
    async audit(before) {
        return (await this.#json("GET", `/audit?limit=50&before=${before}`)).records;
    }

    verifyAudit() {
        return this.#json("GET", "/audit/verify");
    }

    overview() {
        return this.#json("GET", "/overview");
    }

    async devices() {
        return (await this.#json("GET", "/devices")).devices;
    }

    async releases() {
        return (await this.#json("GET", "/releases")).releases;
    }

    async groups() {
        return (await this.#json("GET", "/groups")).groups;
    }

    changeGroup(name, settings) {
        return this.#json("PUT", `/groups/${name}`, settings);
    }

    // span: "hour", "day" or "month".
    async trend(span) {
        return (await this.#json("GET", `/trend?span=${span}`)).points;
    }

    device(mac) {
        return this.#json("GET", `/devices/${mac}`);
    }

    async history(mac) {
        return (await this.#json("GET", `/devices/${mac}/history`)).history;
    }

    explain(mac) {
        return this.#json("GET", `/devices/${mac}/explain`);
    }

    // Sends the file; query: {product, version, channel, name, notes, draft}.
    publish(file, query) {
        return this.#send("POST", `/releases?${new URLSearchParams(query)}`, file);
    }

    async keyUpdates() {
        return (await this.#json("GET", "/key-updates")).key_updates;
    }

    publishKeyUpdate(file, query) {
        return this.#send("POST", `/key-updates?${new URLSearchParams(query)}`, file);
    }

    editRelease(id, changes) {
        return this.#json("PUT", `/releases/${id}`, changes);
    }

    goLive(id) {
        return this.#json("POST", `/releases/${id}/live`);
    }

    withdraw(id, reason) {
        return this.#json("POST", `/releases/${id}/withdraw`, { reason });
    }

    rollout(id) {
        return this.#json("GET", `/rollouts/${id}`);
    }

    async failures(id) {
        return (await this.#json("GET", `/rollouts/${id}/failures`)).failures;
    }

    tryRollout(plan) {
        return this.#json("POST", "/rollouts/dry-run", plan);
    }

    addRollout(plan) {
        return this.#json("POST", "/rollouts", plan);
    }

    async rollouts() {
        return (await this.#json("GET", "/rollouts")).rollouts;
    }

    // deed: "approve", "pause", "resume", "cancel" or "roll-back".
    decideRollout(id, deed) {
        return this.#json("POST", `/rollouts/${id}/${deed}`);
    }

    changeDevice(mac, changes) {
        return this.#json("PUT", `/devices/${mac}`, changes);
    }

    retryDevice(mac) {
        return this.#json("POST", `/devices/${mac}/retry`);
    }

    removeDevice(mac) {
        return this.#json("DELETE", `/devices/${mac}`);
    }

    // The open event stream; it lives until the signal aborts it.
    async events(signal) {
        return (await this.#fetch("GET", "/events", { signal })).body;
    }
}
