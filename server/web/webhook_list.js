// Whom the server tells of events: list, add, test, switch off and on, remove.

import { confirmed } from "./confirm.js";
import { announce, byId } from "./dom.js";
import { plural } from "./format.js";
import { ManagedList } from "./managed_list.js";

export class WebhookList extends ManagedList {
    #api;

    constructor(api, options) {
        super("webhook", "webhooks", options);
        this.#api = api;
    }

    async rows() {
        return (await this.#api.webhooks()).map((webhook) => this.#row(webhook));
    }

    async submit() {
        const events = byId("webhook-events").value.split(/[\s,]+/).filter(Boolean);
        const { webhook, secret } = await this.#api.addWebhook({
            url: byId("webhook-url").value,
            events,
        });
        this.showSecret(`${webhook.url} is signed for with a secret, shown this once: `, secret);
        announce(`${webhook.url} is told of events now.`);
    }

    #row(webhook) {
        const { id, url, enabled } = webhook;
        return this.row(
            url,
            [webhook.events.join(", "), stateOf(webhook)],
            enabled
                ? this.deed("Test", `Send a test to ${url}`, async () => {
                      await this.#api.testWebhook(id);
                      announce(`A test is on its way to ${url}.`);
                  })
                : "",
            this.deed(
                enabled ? "Switch off" : "Switch on",
                `${enabled ? "Switch off" : "Switch on"} ${url}`,
                () => this.#api.changeWebhook(id, { enabled: !enabled }),
            ),
            this.deed("Remove", `Remove ${url}`, () => this.#remove(webhook)),
        );
    }

    async #remove({ id, url }) {
        const isMeant = await confirmed({
            title: "Remove this webhook?",
            text: `${url} is not told of anything any more, nor of what still waits for it.`,
            word: "Remove",
        });
        if (isMeant) await this.#api.removeWebhook(id);
    }
}

function stateOf({ enabled, reason, failing_since: failing, waiting, dropped }) {
    const trouble = enabled ? failing && `failing since ${failing.slice(0, 16)}` : reason;
    return [
        enabled ? "on" : "off",
        trouble,
        waiting > 0 ? plural(waiting, "event") + " waiting" : null,
        dropped > 0 ? `${dropped} dropped` : null,
    ]
        .filter(Boolean)
        .join(", ");
}
