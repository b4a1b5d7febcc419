// Tokens for programs: list, make, revoke.

import { announce, byId } from "./dom.js";
import { day, ManagedList } from "./managed_list.js";

export class TokenList extends ManagedList {
    #api;

    constructor(api, options) {
        super("token", "tokens", options);
        this.#api = api;
    }

    async rows() {
        return (await this.#api.tokens()).map((token) => this.#row(token));
    }

    async submit() {
        const { token, secret } = await this.#api.addToken(asked());
        this.showSecret(`The token ${token.name}. It is shown this once: `, secret);
        announce(`The token ${token.name} is made.`);
    }

    #row(token) {
        return this.row(
            token.name,
            [rights(token), token.created_by, day(token.expires), day(token.used)],
            this.deed("Revoke", `Revoke ${token.name}`, async () => {
                await this.#api.revokeToken(token.id);
                announce(`The token ${token.name} is revoked.`);
            }),
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
