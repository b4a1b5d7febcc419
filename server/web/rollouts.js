// The rollouts, newest first: how far each stage has come, and what may be decided.

import { announce, byId, element, setText } from "./dom.js";
import { plural } from "./format.js";
import { confirmed } from "./confirm.js";
import { Latest } from "./latest.js";
import { DEEDS, QUESTIONS, STATES, WORDS, reachOf } from "./rollout_words.js";
import { stageBar } from "./stage_bar.js";

// Check-ins move the figures; many at once are one look.
const RELOAD_MS = 1500;
const SOON_MS = 200;
// Older ones than these are left to the command line.
const SHOWN = 5;

export class RolloutList {
    #source;
    #items = new Map(); // by id
    #read = new Latest();
    #timer = null;

    // source: load() resolves with the rollouts, decide(id, deed) with the changed one.
    constructor(source) {
        this.#source = source;
    }

    load() {
        return this.#read.read(
            () => this.#source.load(),
            (rollouts) => this.#show(rollouts),
        );
    }

    // Something happened that may have moved a rollout.
    noteEvent(name) {
        if (name !== "rollout" && this.#items.size === 0) return;
        this.#timer ??= setTimeout(
            () => {
                this.#timer = null;
                this.load().catch(() => {});
            },
            name === "rollout" ? SOON_MS : RELOAD_MS,
        );
    }

    #show(rollouts) {
        const shown = rollouts.slice(0, SHOWN);
        for (const rollout of shown) {
            if (!this.#items.has(rollout.id))
                this.#items.set(rollout.id, new Item((deed) => this.#decide(rollout.id, deed)));
            this.#items.get(rollout.id).show(rollout);
        }
        byId("rollouts").hidden = shown.length === 0;
        const nodes = shown.map((rollout) => this.#items.get(rollout.id).node);
        const list = byId("rollout-list");
        if (
            nodes.length !== list.children.length ||
            nodes.some((node, i) => node !== list.children[i])
        )
            list.replaceChildren(...nodes);
    }

    async #decide(id, deed) {
        setText(byId("rollout-problem"), "");
        try {
            this.#items.get(id).show(await this.#source.decide(id, deed));
        } catch (error) {
            setText(byId("rollout-problem"), error.message);
        }
    }
}

class Item {
    #state = null;
    #title = element("a");
    #badge = element("span", { class: "rollout-state" });
    #reason = element("p", { class: "rollout-reason" });
    #stages = element("ol", { class: "rollout-stages" });
    #deeds = element("div", { class: "rollout-deeds" });
    #decide;
    node = element(
        "li",
        { class: "rollout" },
        element("div", { class: "release-head" }, this.#title, this.#badge),
        this.#reason,
        this.#stages,
        this.#deeds,
    );

    constructor(decide) {
        this.#decide = decide;
    }

    show(rollout) {
        this.#title.href = `/rollouts.html#id=${rollout.id}`;
        setText(this.#title, `${rollout.product} ${rollout.version}`);
        setText(this.#badge, STATES[rollout.state] ?? rollout.state);
        this.node.dataset.rollout = rollout.state;
        setText(this.#reason, rollout.reason ?? "");
        this.#reason.hidden = rollout.reason === null;
        this.#stages.replaceChildren(...rollout.stages.map(stageNode));
        if (this.#state !== rollout.state) this.#showDeeds(rollout);
    }

    async #ask(deed, version) {
        const question = QUESTIONS[deed];
        if (!question || (await confirmed({ ...question, title: question.title(version) })))
            this.#decide(deed);
    }

    // Only when they change: a button keeps the focus while figures move.
    #showDeeds(rollout) {
        if (this.#state !== null)
            announce(
                `The rollout of ${rollout.version}: ${STATES[rollout.state] ?? rollout.state}.`,
            );
        this.#state = rollout.state;
        this.#deeds.replaceChildren(
            ...(DEEDS[rollout.state] ?? []).map((deed) =>
                element(
                    "button",
                    {
                        type: "button",
                        class: deed === "pause" ? "danger" : deed === "approve" ? "primary" : null,
                        "aria-label": `${WORDS[deed]} the rollout of ${rollout.version}`,
                        onclick: () => this.#ask(deed, rollout.version),
                    },
                    WORDS[deed],
                ),
            ),
        );
    }
}

function stageNode(stage) {
    return element(
        "li",
        { class: stage.open ? "open" : null },
        element("span", { class: "reach" }, reachOf(stage, plural)),
        stage.open ? stageBar(stage.counts) : element("span", { class: "bar" }),
        element("span", { class: "outcome" }, outcome(stage)),
    );
}

function outcome(stage) {
    if (!stage.open) return stage.approval ? "needs approval" : "to come";
    const { arrived, devices, failed, silent } = stage.counts;
    const words = [`${arrived} of ${plural(devices, "device")}`];
    if (failed > 0) words.push(`${failed} failed`);
    if (silent > 0) words.push(`${silent} silent`);
    return words.join(", ");
}
