// One release: what is in its file, whom it fits, and what may be done with it.

import { announce, element, setText } from "./dom.js";
import { age, bytes, count, exactTime, plural } from "./format.js";
import { serverNow } from "./clock.js";
import { confirmed } from "./confirm.js";

export class ReleaseCard {
    #api;
    #changed;
    #shown = "";
    #title = element("h4", { tabindex: "-1" });
    #badge = element("span", { class: "rollout-state" });
    #body = element("div", { class: "release-body" });
    #fits = element("p", { class: "fits", role: "status" });
    #deeds = element("div", { class: "rollout-deeds" });
    #problem = element("p", { class: "problem", role: "alert" });
    node = element(
        "li",
        { class: "card" },
        element("div", { class: "release-head" }, this.#title, this.#badge),
        this.#body,
        this.#fits,
        this.#problem,
        this.#deeds,
    );

    // changed() is called after a change.
    constructor(api, changed) {
        this.#api = api;
        this.#changed = changed;
    }

    focus() {
        this.#title.focus();
        this.node.scrollIntoView({ block: "nearest" });
    }

    // rollout: the latest one of the release, or null.
    show(release, rollout) {
        const said = JSON.stringify([release, rollout?.id, rollout?.state]);
        if (said === this.#shown) return;
        this.#shown = said;
        this.node.dataset.release = release.state;
        setText(this.#title, `${release.product} ${release.version}`);
        setText(this.#badge, release.state === "live" ? release.channel : release.state);
        this.#body.replaceChildren(...describe(release));
        this.#deeds.replaceChildren(...this.#choices(release, rollout));
        if (release.state === "draft") this.#tryFit(release);
        else
            setText(
                this.#fits,
                release.devices > 0 ? `${plural(release.devices, "device")} should run it` : "",
            );
    }

    async #tryFit({ product, version }) {
        const said = this.#shown;
        const plan = { product, version, stages: [{ percent: 100 }] };
        try {
            const { targeted, fit, cannot } = await this.#api.tryRollout(plan);
            if (this.#shown !== said) return;
            const why = cannot.map(({ devices, words }) => `; ${count(devices)} ${words}`).join("");
            setText(this.#fits, `Fits ${count(fit)} of ${plural(targeted, "device")}${why}`);
        } catch (error) {
            if (this.#shown === said) setText(this.#fits, error.message);
        }
    }

    #choices(release, rollout) {
        const { id, product, version, channel } = release;
        const link = (word, hash, style) =>
            element("a", { class: style, href: `/rollouts.html#${hash}` }, word);
        const plan = `new=1&product=${product}&version=${encodeURIComponent(version)}`;
        const choices = [];
        if (release.state === "draft")
            choices.push(
                link("Roll out in stages…", plan, "button primary change"),
                this.#button("Make it live for all…", null, {
                    title: `Make ${product} ${version} live?`,
                    text: `It becomes the newest of ${channel}: all devices that follow it get it at their next check-in.`,
                    word: "Make it live",
                    danger: false,
                    act: () => this.#api.goLive(id),
                    done: `${product} ${version} is live.`,
                }),
            );
        else if (rollout !== null)
            choices.push(link(`Rollout: ${rollout.state}`, `id=${rollout.id}`, "button"));
        else if (release.state === "live")
            choices.push(link("Roll out in stages…", plan, "button change"));
        if (release.state !== "withdrawn")
            choices.push(
                this.#button("Withdraw…", "quiet", {
                    title: `Withdraw ${product} ${version}?`,
                    text: "It is never offered again, and the version cannot be published again. Who runs it keeps it; its rollouts halt.",
                    word: "Withdraw it",
                    act: () => this.#api.withdraw(id, null),
                    done: `${product} ${version} is withdrawn.`,
                }),
            );
        return choices;
    }

    #button(word, style, { act, done, ...question }) {
        const press = async () => {
            if (!(await confirmed(question))) return;
            setText(this.#problem, "");
            try {
                await act();
                announce(done);
                await this.#changed();
                this.focus();
            } catch (error) {
                setText(this.#problem, error.message);
            }
        };
        const className = style ? `${style} change` : "change";
        return element("button", { type: "button", class: className, onclick: press }, word);
    }
}

// What the server found in the file.
function describe(release) {
    const {
        chip,
        flash_mode: mode,
        flash_size: size,
        description,
        files,
        notes,
        requires,
    } = release;
    const facts = [
        ["Chip", chip],
        ["Flash", [size && bytes(size), mode?.toUpperCase()].filter(Boolean).join(", ")],
        ["Image", `${count(release.image_size)} bytes`],
        ["Says of itself", description && ofItself(description)],
        ["Channel", release.channel],
        ["Needs", requires && `${requires} or newer`],
        [
            "Published",
            `${age(release.published, serverNow())}, as ${release.name}`,
            exactTime(release.published),
        ],
        ["Withdrawn because", release.state === "withdrawn" ? release.reason : null],
    ].filter(([, said]) => said);
    const list = element(
        "dl",
        { class: "facts" },
        ...facts.flatMap(([word, said, title = null]) => [
            element("dt", {}, word),
            element("dd", { title }, said),
        ]),
        ...files.flatMap(fileFacts),
    );
    const said = notes === null ? [] : [element("p", { class: "notes" }, notes)];
    return release.state === "draft" ? [...said, list] : [...said, folded(release, list)];
}

// What is out already is looked at less: a line, and the rest on demand.
function folded({ chip, image_size: size, published, files }, list) {
    const signed = files.some((file) => file.signed) ? "signed" : "not signed";
    const words = [chip, bytes(size), signed, `published ${age(published, serverNow())}`];
    return element("details", {}, element("summary", {}, words.join(" · ")), list);
}

function ofItself({ project, version, sdk, built }) {
    return [
        `${project ?? ""} ${version ?? ""}`.trim(),
        sdk && `SDK ${sdk}`,
        built && `built ${built}`,
    ]
        .filter(Boolean)
        .join(", ");
}

function fileFacts({ size, compressed, signed, signed_by: signer, sha256 }) {
    const words = [
        bytes(size),
        compressed ? "compressed" : "as it is",
        signed ? `signed by ${signer ?? "a key not known here"}` : "not signed",
    ];
    return [
        element("dt", {}, "File"),
        element("dd", { title: `SHA-256 ${sha256}` }, words.join(", ")),
    ];
}
