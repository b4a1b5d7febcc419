// What devices prove themselves with: list, make, revoke.

import { announce, byId, setText } from "./dom.js";
import { day, ManagedList } from "./managed_list.js";

const POLICIES = {
    open: "Devices need not prove anything; the server was started so.",
    shared: "Devices must show a secret: one they share, or one of their own.",
    own: "Each device must show a secret of its own.",
    certificate: "Devices must show a certificate; secrets do not count.",
};

export class DeviceSecretList extends ManagedList {
    #api;

    constructor(api, options) {
        super("device-secret", "device-secrets", options);
        this.#api = api;
    }

    async rows() {
        const { policy, secrets } = await this.#api.deviceSecrets();
        setText(byId("device-policy"), POLICIES[policy] ?? policy);
        return secrets.map((secret) => this.#row(secret));
    }

    async submit() {
        const name = byId("device-secret-name").value || null;
        const device = byId("device-secret-mac").value.trim() || null;
        const { secret } = await this.#api.addDeviceSecret({ name, device });
        this.showSecret(
            `The secret ${device ? `of ${device}` : "that devices share"}. It is shown this once: `,
            secret,
        );
        announce("The secret is made.");
    }

    #row({ id, name, device, created }) {
        const title = device ?? "shared";
        return this.row(
            title,
            [name ?? "", day(created)],
            this.deed("Revoke", `Revoke secret ${id}, ${title}`, async () => {
                await this.#api.revokeDeviceSecret(id);
                announce(`Secret ${id} is revoked.`);
            }),
        );
    }
}
