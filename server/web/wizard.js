// A new rollout: which release, to whom, in which stages; and what a dry run says of it.

import { element, setText } from "./dom.js";
import { count, plural } from "./format.js";
import { NAME_PATTERN, NAME_RULE } from "./assign.js";
import { StageRows } from "./stage_rows.js";

const SETTLE_MS = 250;

export class Wizard {
    #api;
    #releases;
    #started;
    #timer = null;
    #latest = 0; // dry run asked for
    #product = element("select", { id: "rollout-product", required: true });
    #version = element("select", { id: "rollout-version", required: true });
    #group = element("select", { id: "rollout-group" });
    #filter = text("rollout-filter", { placeholder: "tag=lab version<2.0", maxlength: 256 });
    #from = element("input", { id: "rollout-from", type: "time" });
    #to = element("input", { id: "rollout-to", type: "time" });
    #promote = text("rollout-promote", {
        placeholder: "no channel",
        pattern: NAME_PATTERN,
        title: NAME_RULE,
    });
    #downgrade = element("input", { id: "rollout-downgrade", type: "checkbox" });
    #stages = new StageRows(() => this.#changed());
    #verdict = element("div", { class: "verdict", role: "status" });
    #problem = element("p", { class: "problem", role: "alert" });
    #start = element("button", { class: "primary big" }, "Start the rollout");
    #title = element("h2", { tabindex: "-1" }, "New rollout");
    node;

    // known: {releases, groups}; started(id) is called with the new rollout's.
    constructor(api, { releases, groups }, started) {
        this.#api = api;
        this.#releases = releases.filter(({ state }) => state !== "withdrawn");
        this.#started = started;
        const products = [...new Set(this.#releases.map(({ product }) => product))].sort();
        fill(this.#product, products);
        fill(
            this.#group,
            groups.map(({ name }) => name),
            "any",
        );
        this.#product.addEventListener("change", () => this.#offerVersions());
        this.#version.addEventListener("change", () => this.#promoteLater());
        this.node = element(
            "form",
            { class: "wizard" },
            element("a", { class: "back", href: "#" }, "All rollouts"),
            this.#title,
            products.length === 0 ? this.#nothing() : null,
            step(1, "Release", field("Product", this.#product), field("Version", this.#version)),
            step(2, "Devices", field("Group", this.#group), field("Filter", this.#filter)),
            step(3, "Stages", this.#stages.node),
            element("details", { class: "card more-options" }, ...this.#options()),
            element("div", { class: "card body" }, this.#verdict, this.#problem, this.#start),
        );
        this.node.addEventListener("input", () => this.#changed());
        this.node.addEventListener("submit", (event) => this.#submit(event));
        this.#offerVersions();
    }

    focus() {
        this.#title.focus();
    }

    choose(product, version) {
        if (product === null) return;
        this.#product.value = product;
        this.#offerVersions();
        if (version !== null) this.#version.value = version;
        this.#promoteLater();
    }

    #nothing() {
        return element("p", { class: "notice" }, "There is no release yet: publish one first.");
    }

    #options() {
        return [
            element("summary", {}, "Maintenance window, channel, downgrade"),
            field("Only between", this.#from),
            field("and", this.#to),
            field("Newest of channel, in the end", this.#promote),
            element(
                "label",
                { class: "flag" },
                this.#downgrade,
                " Also to devices that run something newer",
            ),
        ];
    }

    #offerVersions() {
        const own = this.#releases.filter(({ product }) => product === this.#product.value);
        this.#version.replaceChildren(
            ...own.map(({ version, state, channel }) =>
                element(
                    "option",
                    { value: version },
                    `${version} (${state === "draft" ? "draft" : channel})`,
                ),
            ),
        );
        this.#promoteLater();
    }

    // What is published as a draft is there for everybody in the end, unless told otherwise.
    #promoteLater() {
        const release = this.#chosen();
        this.#promote.value = release?.state === "draft" ? release.channel : "";
        this.#changed();
    }

    #chosen() {
        return this.#releases.find(
            ({ product, version }) =>
                product === this.#product.value && version === this.#version.value,
        );
    }

    #plan() {
        const window = this.#from.value && this.#to.value;
        return {
            product: this.#product.value,
            version: this.#version.value,
            target: { group: this.#group.value || null, filter: this.#filter.value.trim() || null },
            stages: this.#stages.value(),
            window: window
                ? {
                      from: this.#from.value,
                      to: this.#to.value,
                      utc_offset_minutes: -new Date().getTimezoneOffset(),
                  }
                : null,
            promote: this.#promote.value || null,
            downgrade: this.#downgrade.checked,
        };
    }

    #changed() {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#try(), SETTLE_MS);
    }

    async #try() {
        const number = ++this.#latest;
        if (!this.#chosen()) return;
        try {
            const found = await this.#api.tryRollout(this.#plan());
            if (number === this.#latest) this.#showDryRun(found);
        } catch (error) {
            if (number !== this.#latest) return;
            this.#stages.showSizes([]);
            this.#verdict.replaceChildren(element("p", { class: "problem" }, error.message));
        }
    }

    #showDryRun(found) {
        const { targeted, fit, arrived, by_steps: steps, cannot, not_for: others, stages } = found;
        this.#stages.showSizes(stages);
        const lines = [
            element(
                "p",
                { class: "total" },
                `${count(fit)} of ${plural(targeted, "device")} can take it`,
            ),
        ];
        const say = (number, words) => {
            if (number > 0) lines.push(element("p", {}, `${count(number)} ${words}`));
        };
        say(arrived, "run it already");
        say(steps, "get another release before it");
        for (const { devices, words } of cannot) say(devices, words);
        say(others.pinned, "are pinned, and it is not for them");
        say(others.never_seen, "have never checked in");
        say(others.others, "of the product are not in its target");
        this.#verdict.replaceChildren(...lines);
    }

    async #submit(event) {
        event.preventDefault();
        setText(this.#problem, "");
        this.#start.disabled = true;
        try {
            this.#started((await this.#api.addRollout(this.#plan())).id);
        } catch (error) {
            setText(this.#problem, error.message);
            this.#start.disabled = false;
        }
    }
}

function text(id, more) {
    return element("input", { id, autocomplete: "off", spellcheck: "false", ...more });
}

function field(word, input) {
    return element("div", { class: "field" }, element("label", { for: input.id }, word), input);
}

function step(number, title, ...fields) {
    return element(
        "fieldset",
        { class: "card step" },
        element("legend", {}, element("i", { "aria-hidden": "true" }, String(number)), title),
        ...fields,
    );
}

function fill(select, names, none = null) {
    const options = names.map((name) => element("option", { value: name }, name));
    if (none !== null) options.unshift(element("option", { value: "" }, none));
    select.replaceChildren(...options);
}
