// The page of releases: publishing by drop, drafts to be looked at, and what is there.

import { byId, element } from "./dom.js";
import { Drop } from "./drop.js";
import { openPage } from "./frame.js";
import { isKeyUpdate, keyUpdateLines, publishKeyUpdate } from "./key_updates.js";
import { Latest } from "./latest.js";
import { ReleaseCard } from "./release_card.js";

const RELOAD_MS = 400;

class ReleasesPage {
    #api;
    #cards = new Map(); // by id
    #places = ""; // of the cards, as they were last put there
    #reads = new Latest();
    #timer = null;

    constructor(api) {
        this.#api = api;
        new Drop(async (file, query) => {
            if (await isKeyUpdate(file)) return this.#publishKeys(file, query);
            const release = await api.publish(file, query);
            await this.load();
            this.#cards.get(release.id)?.focus();
            return release;
        });
    }

    load() {
        return this.#reads.read(
            () =>
                Promise.all([
                    this.#api.releases(),
                    this.#api.rollouts(),
                    this.#api.keyUpdates(),
                ]),
            ([releases, rollouts, updates]) => {
                for (const release of releases) this.#card(release, rollouts);
                this.#arrange(releases, updates);
            },
        );
    }

    // Only when it changes: a card that is moved loses the focus, and a click that is under way.
    #arrange(releases, updates) {
        const places = JSON.stringify([
            releases.map(({ id, product, state, channel }) => [id, product, state, channel]),
            updates,
        ]);
        if (places === this.#places) return;
        this.#places = places;
        const drafts = releases.filter(({ state }) => state === "draft");
        this.#show("drafts", drafts, "Drafts");
        const products = Map.groupBy(
            releases.filter(({ state }) => state !== "draft"),
            ({ product }) => product,
        );
        const keys = Map.groupBy(updates, ({ product }) => product);
        byId("release-list").replaceChildren(
            ...[...new Set([...products.keys(), ...keys.keys()])].map((product) =>
                this.#section(
                    product,
                    products.get(product) ?? [],
                    keyUpdateLines(keys.get(product) ?? []),
                ),
            ),
        );
        if (releases.length + updates.length === 0) byId("release-list").replaceChildren(nothing());
        offer("known-products", new Set(releases.map(({ product }) => product)));
        offer("known-channels", new Set(["stable", ...releases.map(({ channel }) => channel)]));
    }

    event(name) {
        if (name === "device") return;
        this.#timer ??= setTimeout(() => {
            this.#timer = null;
            this.load().catch(() => {});
        }, RELOAD_MS);
    }

    async #publishKeys(file, query) {
        const update = await publishKeyUpdate(this.#api, file, query.product);
        await this.load();
        return update;
    }

    #card(release, rollouts) {
        if (!this.#cards.has(release.id))
            this.#cards.set(release.id, new ReleaseCard(this.#api, () => this.load()));
        const rollout = rollouts.find(
            ({ product, version }) => product === release.product && version === release.version,
        );
        this.#cards.get(release.id).show(release, rollout ?? null);
    }

    #show(id, releases, title) {
        byId(id).replaceChildren(...(releases.length > 0 ? [this.#section(title, releases)] : []));
    }

    #section(title, releases, keys = null) {
        return element(
            "section",
            { class: "release-group", "aria-label": title },
            element("h3", {}, title),
            keys,
            element(
                "ul",
                { class: "cards" },
                ...releases.map(({ id }) => this.#cards.get(id).node),
            ),
        );
    }
}

function nothing() {
    return element(
        "div",
        { class: "card empty" },
        element("h3", {}, "Nothing is published yet"),
        element("p", {}, "Export the compiled binary in the IDE, and drop the .bin file above."),
    );
}

function offer(id, names) {
    byId(id).replaceChildren(
        ...[...names].sort().map((name) => element("option", { value: name })),
    );
}

openPage((api) => new ReleasesPage(api));
