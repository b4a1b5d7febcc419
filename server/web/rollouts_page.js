// The page of rollouts: all of them, one of them (#id=3), or a new one (#new).

import { byId, element, setText } from "./dom.js";
import { age, exactTime, plural } from "./format.js";
import { serverNow } from "./clock.js";
import { openPage } from "./frame.js";
import { Latest } from "./latest.js";
import { mayChange } from "./session.js";
import { STATES } from "./rollout_words.js";
import { RolloutView } from "./rollout_view.js";
import { stageBar } from "./stage_bar.js";
import { Wizard } from "./wizard.js";

// Check-ins move the figures; many at once are one look.
const RELOAD_MS = 1000;
const SOON_MS = 150;

class RolloutsPage {
    #api;
    #view = null; // of one
    #id = null;
    #wizard = null;
    #reads = new Latest(); // for what is open
    #timer = null;

    constructor(api) {
        this.#api = api;
        addEventListener("hashchange", () => this.#open());
    }

    async load() {
        if (this.#view === null && this.#wizard === null) await this.#open();
        else await this.#refresh();
    }

    event(name) {
        this.#timer ??= setTimeout(
            () => {
                this.#timer = null;
                this.#refresh().catch(() => {});
            },
            name === "rollout" ? SOON_MS : RELOAD_MS,
        );
    }

    async #open() {
        const place = new URLSearchParams(location.hash.slice(1));
        this.#view = this.#wizard = null;
        this.#reads.end();
        this.#reads = new Latest();
        this.#id = place.get("id");
        if (place.has("new") && mayChange()) return this.#openWizard(place);
        if (this.#id !== null) return this.#openOne();
        document.title = "Rollouts · Updraft";
        await this.#refresh();
    }

    async #openOne() {
        const id = this.#id;
        const view = new RolloutView(async (deed) => {
            await this.#api.decideRollout(id, deed);
            await this.#refresh();
        });
        this.#view = view;
        const problem = await this.#refresh().catch((error) => error.message);
        if (view !== this.#view) return;
        if (problem !== undefined) {
            byId("page").replaceChildren(element("p", { class: "notice" }, problem));
            return;
        }
        byId("page").replaceChildren(view.node);
        view.focus();
    }

    #openWizard(place) {
        document.title = "New rollout · Updraft";
        return this.#reads.read(
            () => Promise.all([this.#api.releases(), this.#api.groups()]),
            ([releases, groups]) => {
                this.#wizard = new Wizard(this.#api, { releases, groups }, (id) => {
                    location.hash = `id=${id}`;
                });
                byId("page").replaceChildren(this.#wizard.node);
                this.#wizard.choose(place.get("product"), place.get("version"));
                this.#wizard.focus();
            },
        );
    }

    async #refresh() {
        if (this.#wizard !== null) return;
        if (this.#view === null) await this.#reads.read(() => this.#api.rollouts(), showList);
        else await this.#refreshOne(this.#id, this.#view);
    }

    #refreshOne(id, view) {
        return this.#reads.read(
            () => Promise.all([this.#api.rollout(id), this.#api.failures(id)]),
            ([rollout, failures]) => {
                document.title = `${rollout.product} ${rollout.version} · Updraft`;
                view.show(rollout, failures);
            },
        );
    }
}

function showList(rollouts) {
    const focused = document.activeElement?.getAttribute?.("href");
    byId("page").replaceChildren(
        element(
            "div",
            { class: "page-head" },
            element("h2", {}, "Rollouts"),
            element("a", { class: "button primary change", href: "#new" }, "New rollout"),
        ),
        rollouts.length === 0
            ? nothing()
            : element("ul", { class: "cards" }, ...rollouts.map(item)),
    );
    if (focused) document.querySelector(`#page a[href="${CSS.escape(focused)}"]`)?.focus();
}

function nothing() {
    return element(
        "div",
        { class: "card empty" },
        element("h3", {}, "No rollout yet"),
        element(
            "p",
            {},
            "A rollout takes a release to devices in stages. It goes on by itself while they " +
                "arrive, and halts by itself when they do not.",
        ),
    );
}

function item(rollout) {
    const { counts, targeted } = rollout;
    const later = Math.max(0, targeted - counts.devices);
    const started = element("time", {}, "");
    if (rollout.stage_opened) {
        setText(started, age(rollout.stage_opened, serverNow()));
        started.title = exactTime(rollout.stage_opened);
    }
    const failed = counts.failed + counts.silent;
    return element(
        "li",
        { class: "card", "data-rollout": rollout.state },
        element(
            "div",
            { class: "release-head" },
            element("a", { href: `#id=${rollout.id}` }, `${rollout.product} ${rollout.version}`),
            element("span", { class: "rollout-state" }, STATES[rollout.state] ?? rollout.state),
        ),
        rollout.reason ? element("p", { class: "rollout-reason" }, rollout.reason) : null,
        stageBar({ ...counts, pending: counts.pending + later }),
        element(
            "p",
            { class: "outcome" },
            rollout.stage === 0
                ? "not begun"
                : `${counts.arrived} of ${plural(targeted, "device")}` +
                      (failed > 0 ? `, ${failed} failed` : "") +
                      `, stage ${rollout.stage} of ${rollout.stages.length} opened `,
            started,
        ),
    );
}

openPage((api) => new RolloutsPage(api));
