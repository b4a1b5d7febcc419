// Tokens for programs: list, make, revoke.

import { attempt } from "./attempt.js";
import { announce, byId, element } from "./dom.js";

export class TokenList {
    #api;
    #options;
    #problem = byId("token-problem");

    // options: mayChange; changed() is called after a change.
    constructor(api, options) {
        this.#api = api;
        this.#options = options;
        byId("tokens").hidden = false;
        byId("token-form").hidden = !options.mayChange;
        byId("token-form").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#change(async () => {
                this.#showSecret(await api.addToken(asked()));
                byId("token-form").reset();
            });
        });
    }

    load() {
        return attempt(this.#problem, async () => {
            const tokens = await this.#api.tokens();
            byId("token-rows").replaceChildren(...tokens.map((token) => this.#row(token)));
        });
    }

    async #change(act) {
        await attempt(this.#problem, async () => {
            await act();
            this.#options.changed();
        });
        if (this.#problem.textContent === "") await this.load();
    }

    #showSecret({ token, secret }) {
        byId("token-secret").hidden = false;
        byId("token-secret").replaceChildren(
            `The token ${token.name}. It is shown this once: `,
            element("code", {}, secret),
        );
        announce(`The token ${token.name} is made.`);
    }

    #row(token) {
        const cells = [rights(token), token.created_by, day(token.expires), day(token.used)];
        const revoke = element("button", { type: "button" }, "Revoke");
        revoke.setAttribute("aria-label", `Revoke ${token.name}`);
        revoke.addEventListener("click", () =>
            this.#change(async () => {
                await this.#api.revokeToken(token.id);
                announce(`The token ${token.name} is revoked.`);
            }),
        );
        return element(
            "tr",
            {},
            element("th", { scope: "row" }, token.name),
            ...cells.map((text) => element("td", {}, text)),
            element("td", { class: "deeds" }, this.#options.mayChange ? revoke : null),
        );
    }
}

function asked() {
    const expires = byId("token-expires").value;
    return {
        name: byId("token-name").value,
        role: byId("token-role").value,
        read_only: byId("token-reads").checked,
        product: byId("token-product").value || null,
        expires: expires ? `${expires}T23:59:59Z` : null,
    };
}

function rights({ role, read_only, product }) {
    return [role, read_only ? "read-only" : null, product ? `releases of ${product}` : null]
        .filter((word) => word !== null)
        .join(", ");
}

function day(time) {
    return time ? time.slice(0, 10) : "never";
}
