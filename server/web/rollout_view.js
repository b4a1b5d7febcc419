// One rollout: its stages as they fill, what failed and why, and what may be decided.

import { announce, element, setText } from "./dom.js";
import { age, count, exactTime, percent, plural } from "./format.js";
import { serverNow } from "./clock.js";
import { confirmed } from "./confirm.js";
import { DEEDS, QUESTIONS, STATES, WORDS, reachOf } from "./rollout_words.js";
import { stageBar } from "./stage_bar.js";

export class RolloutView {
    #decide;
    #rollout = null;
    #parts = {
        title: element("h2", { tabindex: "-1" }),
        badge: element("span", { class: "rollout-state" }),
        reason: element("p", { class: "rollout-reason" }),
        about: element("p", { class: "about" }),
        total: element("p", { class: "total" }),
        bar: element("div", { class: "total-bar" }),
        legend: element("p", { class: "legend" }),
        deeds: element("div", { class: "rollout-deeds" }),
        problem: element("p", { class: "problem", role: "alert" }),
        stages: element("ol", { class: "stages" }),
        failures: element("div", { class: "failures" }),
    };
    node;

    // decide(deed) resolves with the changed rollout.
    constructor(decide) {
        this.#decide = decide;
        const { title, badge, reason, about, total, bar, legend, deeds, problem } = this.#parts;
        this.node = element(
            "div",
            { class: "rollout-page" },
            element("a", { class: "back", href: "#" }, "All rollouts"),
            element(
                "section",
                { class: "card hero", "aria-label": "The rollout" },
                element("div", { class: "card-head" }, title, badge),
                element(
                    "div",
                    { class: "body" },
                    reason,
                    about,
                    total,
                    bar,
                    legend,
                    problem,
                    deeds,
                ),
            ),
            card("Stages", this.#parts.stages),
            card("What went wrong", this.#parts.failures),
        );
    }

    focus() {
        this.#parts.title.focus();
    }

    show(rollout, failures) {
        const { title, badge, reason, about, total, bar, legend, stages } = this.#parts;
        setText(title, `${rollout.product} ${rollout.version}`);
        setText(badge, STATES[rollout.state] ?? rollout.state);
        this.node.dataset.rollout = rollout.state;
        setText(reason, rollout.reason ?? "");
        reason.hidden = rollout.reason === null;
        setText(about, describePlan(rollout));
        setText(
            total,
            `${count(rollout.counts.arrived)} of ${plural(rollout.targeted, "device")} arrived`,
        );
        bar.replaceChildren(stageBar(wholeOf(rollout)));
        setText(legend, outcome(rollout.counts, rollout.targeted - rollout.counts.devices));
        stages.replaceChildren(
            ...rollout.stages.map((stage, index) => stageNode(rollout, stage, index)),
        );
        this.#showFailures(failures);
        if (this.#rollout?.state !== rollout.state) this.#showDeeds(rollout);
        this.#rollout = rollout;
    }

    // Only when they change: a button keeps the focus while figures move.
    #showDeeds(rollout) {
        if (this.#rollout !== null)
            announce(`The rollout of ${rollout.version}: ${STATES[rollout.state]}.`);
        const buttons = (DEEDS[rollout.state] ?? []).map((deed) =>
            element(
                "button",
                {
                    type: "button",
                    class: classOf(deed),
                    "data-deed": deed,
                    onclick: () => this.#ask(deed),
                },
                deed === "pause" ? "Stop the rollout" : WORDS[deed],
            ),
        );
        this.#parts.deeds.replaceChildren(...buttons);
    }

    async #ask(deed) {
        const question = QUESTIONS[deed];
        const version = this.#rollout.version;
        if (question && !(await confirmed({ ...question, title: question.title(version) }))) return;
        setText(this.#parts.problem, "");
        try {
            await this.#decide(deed);
            this.focus();
        } catch (error) {
            setText(this.#parts.problem, error.message);
        }
    }

    #showFailures(failures) {
        const said = JSON.stringify(failures);
        if (this.#parts.failures.dataset.said === said) return;
        this.#parts.failures.dataset.said = said;
        this.#parts.failures.replaceChildren(
            failures.length === 0
                ? element("p", { class: "nothing" }, "Nothing so far.")
                : element("ul", {}, ...failures.map(failureNode)),
        );
    }
}

function classOf(deed) {
    if (deed === "pause") return "danger solid stop";
    return deed === "approve" ? "primary" : deed === "roll-back" ? "danger" : null;
}

function card(title, content) {
    return element(
        "section",
        { class: "card", "aria-label": title },
        element("div", { class: "card-head" }, element("h3", {}, title)),
        element("div", { class: "body" }, content),
    );
}

// All of the target: those that no stage has reached are pending, too.
function wholeOf({ counts, targeted }) {
    return { ...counts, pending: counts.pending + Math.max(0, targeted - counts.devices) };
}

function outcome({ arrived, failed, silent, pending, unfit }, later) {
    const words = [`${count(arrived)} arrived`];
    if (pending > 0) words.push(`${count(pending)} on the way`);
    if (failed > 0) words.push(`${count(failed)} failed`);
    if (silent > 0) words.push(`${count(silent)} silent`);
    if (unfit > 0) words.push(`${count(unfit)} unfit`);
    if (later > 0) words.push(`${count(later)} in later stages`);
    return words.join(" · ");
}

function describePlan({ target, window, start, promote, downgrade, state }) {
    const words = [];
    const only = Object.entries(target).filter(([, value]) => value !== null);
    words.push(
        only.length === 0
            ? "For all devices of the product"
            : `For devices with ${only.map(([name, value]) => (name === "filter" ? value : `${name} ${value}`)).join(", ")}`,
    );
    if (window) words.push(`between ${window.from} and ${window.to}`);
    if (start && state === "planned") words.push(`from ${exactTime(start)} on`);
    if (downgrade) words.push("also where something newer runs");
    if (promote) words.push(`then newest on ${promote}`);
    return `${words.join(", ")}.`;
}

function stageNode(rollout, stage, index) {
    const isLast = index === rollout.stage - 1;
    const head = element(
        "div",
        { class: "stage-head" },
        element("b", {}, `Stage ${index + 1}`),
        element("span", {}, reachOf(stage, plural)),
        element("span", { class: "stage-state" }, stateOf(rollout, stage, isLast)),
    );
    if (!stage.open) return element("li", {}, head, element("span", { class: "bar" }));
    const { counts } = stage;
    return element(
        "li",
        { class: "open" },
        head,
        stageBar(counts, stage.success),
        element(
            "p",
            { class: "outcome" },
            element("b", {}, `${percent(counts.arrived, counts.devices)}\u202f%`),
            ` ${outcome(counts, 0)}`,
        ),
        element("p", { class: "rule" }, thresholds(stage)),
    );
}

function stateOf(rollout, stage, isLast) {
    if (!stage.open) return stage.approval ? "needs approval" : "to come";
    if (!isLast) return "passed";
    if (rollout.stage_opened === null) return "open";
    return `open since ${age(rollout.stage_opened, serverNow()).replace(" ago", "")}`;
}

function thresholds({ success, failure, time_limit: limit }) {
    const words = [`goes on at ${success}\u202f% arrived`, `halts beyond ${failure}\u202f% failed`];
    if (limit > 0) words.push(`or after ${Math.round(limit / 60)} min`);
    return words.join(", ");
}

function failureNode({ standing, reason, devices, macs }) {
    const more = devices - macs.length;
    return element(
        "li",
        { "data-standing": standing },
        element("b", {}, plural(devices, "device")),
        element("span", { class: "why" }, reason),
        element(
            "details",
            {},
            element("summary", {}, "Which"),
            element(
                "p",
                { class: "macs" },
                ...macs.flatMap((mac) => [
                    element("a", { href: `/device.html#mac=${mac}` }, mac),
                    " ",
                ]),
                more > 0 ? `and ${count(more)} more` : null,
            ),
        ),
    );
}
