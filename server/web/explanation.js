// Why a device gets the answer it gets: the policy's questions, up to the one that decides.

import { element, icon } from "./dom.js";
import { bytes } from "./format.js";

const SOURCES = {
    pin: "its own pin",
    "group-pin": "its group’s pin",
    rollout: "a rollout",
    channel: "the newest of its channel",
};
const OUTCOMES = {
    passed: { icon: "state-current", word: "yes" },
    decided: { icon: "arrow", word: "no, and this decides" },
    "not-reached": { icon: "state-never-seen", word: "not asked" },
};

export function showExplanation(node, { offer, reason, source, target, next, file, rules }) {
    const said = JSON.stringify([offer, reason, source, target, next, file, rules]);
    if (node.dataset.said === said) return;
    node.dataset.said = said;
    const isStep = next !== null && next !== target;
    node.replaceChildren(
        element(
            "p",
            { class: "answer", "data-offer": String(offer) },
            element("b", {}, offer ? `200: ${next}` : "304: nothing"),
            offer ? ` ${formOf(file)}${isStep ? `, on the way to ${target}` : ""}` : "",
        ),
        element("p", { class: "reason" }, reason),
        source === null
            ? null
            : element(
                  "p",
                  { class: "source" },
                  `It should run ${target}, by ${SOURCES[source] ?? source}.`,
              ),
        element("ol", { class: "rules" }, ...rules.map((one) => rule(one, offer))),
    );
}

function formOf({ size, compressed, signed }) {
    return [bytes(size), compressed ? "compressed" : null, signed ? "signed" : null]
        .filter(Boolean)
        .join(", ");
}

function rule({ question, outcome }, offer) {
    const { icon: name, word } = OUTCOMES[outcome];
    const isOffer = offer && outcome === "decided";
    return element(
        "li",
        { "data-outcome": outcome },
        icon(name),
        element("span", {}, question),
        element("small", {}, isOffer ? "this decides" : word),
    );
}
