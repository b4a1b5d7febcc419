// Key updates: which there are of a product, and publishing one.

import { confirmed } from "./confirm.js";
import { announce, element } from "./dom.js";
import { plural } from "./format.js";

const MAGIC = "UDku";

export async function isKeyUpdate(file) {
    return (await file.slice(0, MAGIC.length).text()) === MAGIC;
}

// Resolves with it; null when that was thought better of. There are no drafts of these.
export async function publishKeyUpdate(api, file, product) {
    const isMeant = await confirmed({
        title: "Publish this key update?",
        text:
            "Every device of the product that takes key updates gets it at its next check-in, " +
            "before any release. Once one has it, it cannot be taken back, only followed by another.",
        word: "Publish",
        danger: false,
    });
    if (!isMeant) return null;
    const update = await api.publishKeyUpdate(file, product ? { product } : {});
    announce(`Key update ${update.number} of ${update.product} is published.`);
    return update;
}

// A line for each that is live, in the order devices get them; null without any.
export function keyUpdateLines(updates) {
    const live = updates.filter(({ state }) => state === "live").toReversed();
    if (live.length === 0) return null;
    return element(
        "ul",
        { class: "key-updates", "aria-label": "Key updates" },
        ...live.map((update) =>
            element(
                "li",
                { class: "release-facts", title: `SHA-256 ${update.sha256}` },
                [
                    `Key update ${update.number}`,
                    `${update.action === "add" ? "adds" : "revokes"} ${update.key}`,
                    `on ${plural(update.devices, "device")}`,
                ].join(" · "),
            ),
        ),
    );
}
