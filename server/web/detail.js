// The panel of one device: why it is in its state, what it should run, what it reports.

import { AssignmentForm } from "./assignment_form.js";
import { announce, byId, element, icon, setText } from "./dom.js";
import { age, bytes, count, exactTime, plural } from "./format.js";
import { serverNow } from "./clock.js";
import { mayChange } from "./session.js";
import { StateBadge } from "./state_badge.js";

// docs/device-api.md: after three offers without arriving the device is held back.
const OFFERS = 3;

// Rows of the fact list: the word, and what to say; null is left out.
const FACTS = [
    ["Chip", (device) => device.chip],
    ["Address", (device) => device.address],
    ["First seen", (device) => exactTime(device.first_seen)],
    ["Flash", (device) => bytes(device.facts.chip_size)],
    ["Free space", (device) => bytes(device.facts.free_space)],
    [
        "Sketch size",
        (device) => device.facts.sketch_size && `${count(device.facts.sketch_size)} bytes`,
    ],
    ["Sketch MD5", (device) => device.facts.sketch_md5],
    ["Sketch SHA-256", (device) => device.facts.sketch_sha256],
    ["SDK", (device) => device.facts.sdk_version],
    ["AP MAC", (device) => device.facts.ap_mac],
    ["Chip ID", (device) => device.facts.chip_id],
    ["Asked for", (device) => device.facts.mode],
];

export class DetailPanel {
    #fleet;
    #actions;
    #device = null;
    #parts = null;

    // actions: change(mac, changes), retry(mac), remove(mac), close()
    constructor(fleet, actions) {
        this.#fleet = fleet;
        this.#actions = actions;
        byId("detail").addEventListener("keydown", (event) => {
            if (event.key === "Escape") actions.close();
        });
    }

    // Null hides the panel.
    show(device) {
        byId("detail").hidden = device === null;
        if (device === null) {
            this.#device = null;
            byId("detail").replaceChildren();
            return;
        }
        if (this.#device?.mac !== device.mac) this.#build(device.mac);
        this.#device = device;
        this.#update();
    }

    focus() {
        byId("detail-title").focus();
    }

    tick() {
        if (this.#device) setText(this.#parts.seen, age(this.#device.last_seen, serverNow()));
    }

    #build(mac) {
        const parts = {
            badge: new StateBadge(),
            reason: element("p", { class: "reason" }),
            seen: element("time"),
            runs: element("b"),
            target: element("b"),
            attempts: element("p", { class: "attempts" }),
            facts: element("dl", { class: "facts" }),
            retry: element("button", { type: "button" }, "Retry"),
            problem: element("p", { class: "problem", role: "alert" }),
            form: new AssignmentForm((changes) => this.#actions.change(mac, changes)),
        };
        this.#parts = parts;
        if (!mayChange()) for (const field of parts.form.node.elements) field.disabled = true;
        parts.retry.addEventListener("click", () =>
            this.#attempt(() => this.#actions.retry(mac), "Retried."),
        );
        byId("detail").replaceChildren(
            this.#head(mac),
            element(
                "div",
                { class: "detail-state" },
                parts.badge.node,
                element("span", { class: "seen" }, "seen ", parts.seen),
            ),
            parts.reason,
            element(
                "div",
                { class: "versions" },
                labelledVersion("Runs", parts.runs),
                icon("arrow"),
                labelledVersion("Should run", parts.target),
            ),
            element("div", { class: "retry" }, parts.attempts, parts.retry),
            parts.problem,
            element(
                "p",
                { class: "whole" },
                element("a", { href: `/device.html#mac=${mac}` }, "History, notes, and why"),
            ),
            element("h3", {}, "Assignment"),
            parts.form.node,
            element("h3", {}, "Reported"),
            parts.facts,
            this.#removal(mac),
        );
    }

    #head(mac) {
        return element(
            "div",
            { class: "card-head" },
            element("h2", { id: "detail-title", tabindex: "-1" }, mac),
            element(
                "button",
                {
                    type: "button",
                    class: "quiet close",
                    "aria-label": "Close",
                    onclick: this.#actions.close,
                },
                icon("close"),
            ),
        );
    }

    #update() {
        const device = this.#device;
        const parts = this.#parts;
        parts.badge.show(device);
        setText(parts.reason, device.reason);
        setText(parts.runs, device.version ?? "unknown");
        setText(parts.target, device.target ?? "nothing");
        parts.seen.dateTime = device.last_seen ?? "";
        parts.seen.title = exactTime(device.last_seen);
        setText(
            parts.attempts,
            device.attempts === 0
                ? ""
                : `${device.attempts} of ${plural(OFFERS, "offer")} made without arriving`,
        );
        parts.attempts.parentElement.hidden = device.attempts === 0;
        parts.form.show(device, this.#fleet.versionsOf(device.product));
        showFacts(parts.facts, device);
        this.tick();
    }

    async #attempt(action, success) {
        setText(this.#parts.problem, "");
        try {
            await action();
            announce(success);
        } catch (error) {
            setText(this.#parts.problem, error.message);
        }
    }

    #removal(mac) {
        const ask = element("button", { type: "button", class: "quiet" }, "Forget this device…");
        const sure = element(
            "div",
            { class: "sure", hidden: true },
            element("p", {}, "It comes back as new at its next check-in, without its assignment."),
            element(
                "button",
                {
                    type: "button",
                    class: "danger",
                    onclick: () =>
                        this.#attempt(() => this.#actions.remove(mac), `${mac} is forgotten.`),
                },
                "Forget",
            ),
            element("button", { type: "button", onclick: () => swap(true) }, "Keep"),
        );
        const swap = (isAsking) => {
            ask.hidden = !isAsking;
            sure.hidden = isAsking;
            (isAsking ? ask : sure.lastElementChild).focus();
        };
        ask.addEventListener("click", () => swap(false));
        return element("div", { class: "removal" }, ask, sure);
    }
}

function labelledVersion(word, node) {
    return element("p", {}, element("small", {}, word), node);
}

function showFacts(list, device) {
    const rows = FACTS.map(([word, say]) => [word, say(device)]).filter(([, said]) => said);
    if (rows.length * 2 !== list.children.length)
        list.replaceChildren(...rows.flatMap(() => [element("dt"), element("dd")]));
    rows.forEach(([word, said], index) => {
        setText(list.children[2 * index], word);
        setText(list.children[2 * index + 1], said);
    });
}
