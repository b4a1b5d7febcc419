// What happened with a device, on a time line, newest first.

import { element, icon } from "./dom.js";
import { age, bytes, exactTime } from "./format.js";
import { serverNow } from "./clock.js";

const EVENTS = {
    registered: {
        icon: "state-never-seen",
        say: ({ version }) => `Seen for the first time${version ? `, with ${version}` : ""}`,
    },
    runs: {
        icon: "state-current",
        say: ({ version, before }) =>
            `Runs ${version ?? "another sketch"}${before ? `, before that ${before}` : ""}`,
    },
    offered: {
        icon: "state-due",
        say: ({ version, reason }) => `Was offered ${version ?? reason}`,
    },
    sent: { icon: "state-updating", say: ({ version }) => `Downloaded ${version}` },
    "broke-off": {
        icon: "state-unfit",
        say: ({ version }) => `Broke off the download of ${version}`,
    },
    arrived: {
        icon: "state-current",
        say: ({ version, reason }) => (version ? `Arrived at ${version}` : `Took ${reason}`),
    },
    failed: { icon: "state-failing", say: ({ version }) => `Failed: came back without ${version}` },
};

export function showHistory(list, events) {
    const said = JSON.stringify(events);
    if (list.dataset.said === said) return;
    list.dataset.said = said;
    list.replaceChildren(
        ...(events.length > 0
            ? byDay(events)
            : [element("li", { class: "nothing" }, "Nothing yet.")]),
    );
}

// A heading before the first event of each day.
function byDay(events) {
    let last = null;
    return events.flatMap((event) => {
        const day = new Date(event.at).toLocaleDateString(undefined, { dateStyle: "medium" });
        const isNew = day !== last;
        last = day;
        return isNew ? [element("li", { class: "day" }, day), node(event)] : [node(event)];
    });
}

function node(event) {
    const kind = EVENTS[event.event] ?? { icon: "arrow", say: () => event.event };
    return element(
        "li",
        { "data-event": event.event },
        icon(kind.icon),
        element("span", { class: "what" }, kind.say(event), element("small", {}, moreOf(event))),
        element(
            "time",
            { datetime: event.at, title: exactTime(event.at) },
            new Date(event.at).toLocaleTimeString(undefined, { timeStyle: "short" }),
            element("small", {}, age(event.at, serverNow())),
        ),
    );
}

// Of a key update the reason is its name, which is said already.
function moreOf({ event, version, bytes: size, duration_ms: ms, reason }) {
    const isNamed = version === null && (event === "offered" || event === "arrived");
    return [size && bytes(size), ms && duration(ms), isNamed ? null : reason]
        .filter(Boolean)
        .join(", ");
}

function duration(ms) {
    if (ms < 1000) return `${ms} ms`;
    return ms < 60000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60000)} min`;
}
