// How far the devices of a stage, or of a whole rollout, have come, as a bar. Decoration: the
// same is beside it in words.

import { element } from "./dom.js";

// counts: {arrived, failed, silent, pending}. `mark`: a threshold in percent.
export function stageBar(counts, mark = null) {
    const parts = [
        ["arrived", counts.arrived],
        ["failed", counts.failed + counts.silent],
        ["pending", counts.pending],
    ];
    const bar = element(
        "span",
        { class: "bar", "aria-hidden": "true" },
        ...parts.filter(([, number]) => number > 0).map(([name, number]) => share(name, number)),
    );
    if (mark !== null) bar.append(threshold(mark));
    return bar;
}

// By the object, not an attribute: the page's policy allows no inline styles.
function share(name, number) {
    const node = element("i", { class: name });
    node.style.flexGrow = number;
    return node;
}

function threshold(percent) {
    const node = element("u");
    node.style.left = `${percent}%`;
    return node;
}
