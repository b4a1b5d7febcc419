// The fleet at a glance: which versions run, over time, and how lively it is.

import { areaChart, sparkline } from "./chart.js";
import { byId, element, setAttribute, setText } from "./dom.js";
import { count, percent } from "./format.js";
import { serverNow } from "./clock.js";
import { rates, versionsOverTime } from "./trend.js";

const SPANS = [
    { name: "hour", word: "Hour", readMs: 20000 },
    { name: "day", word: "Day", readMs: 120000 },
    { name: "month", word: "Month", readMs: 600000 },
];
const OVERVIEW_MS = 10000;
const HURRY_MS = 1500;
const SMALL = 2000; // devices

export class Glance {
    #api;
    #span = SPANS[0];
    #points = [];
    #overview = null;
    #overviewDue = 0;
    #trendDue = 0;

    constructor(api) {
        this.#api = api;
        byId("spans").replaceChildren(...SPANS.map((span) => this.#button(span)));
    }

    show(overview) {
        this.#overview = overview;
        this.#overviewDue = Date.now() + OVERVIEW_MS;
        byId("glance").hidden = overview.devices === 0;
        this.#draw();
        if (this.#trendDue === 0) this.#read();
    }

    // Something happened: small fleets are counted again soon.
    hurry() {
        if (this.#overview !== null && this.#overview.devices < SMALL)
            this.#overviewDue = Math.min(this.#overviewDue, Date.now() + HURRY_MS);
    }

    // Reads anew what is due; what cannot be read stays as it was.
    tick() {
        const now = Date.now();
        if (document.hidden || this.#overview === null) return;
        if (now >= this.#overviewDue) {
            this.#overviewDue = now + OVERVIEW_MS;
            this.#api.overview().then(
                (overview) => this.show(overview),
                () => {},
            );
        }
        if (now >= this.#trendDue) this.#read();
    }

    #read() {
        const span = this.#span;
        this.#trendDue = Date.now() + span.readMs;
        const take = (points) => {
            if (span !== this.#span) return;
            this.#points = points;
            this.#draw();
        };
        this.#api.trend(span.name).then(take, () => {});
    }

    #button(span) {
        return element(
            "button",
            {
                type: "button",
                "aria-pressed": String(span === this.#span),
                onclick: () => {
                    this.#span = span;
                    this.#read();
                    for (const [index, button] of [...byId("spans").children].entries())
                        setAttribute(button, "aria-pressed", String(SPANS[index] === span));
                },
            },
            span.word,
        );
    }

    #draw() {
        const { devices, silent, by_version: versions } = this.#overview;
        const now = { at: new Date(serverNow()).toISOString(), devices, versions };
        const first = this.#points.length === 0 ? [{ ...now, at: earlier(now.at) }] : this.#points;
        const { times, series } = versionsOverTime([...first, now]);
        byId("versions-chart").replaceChildren(areaChart(times, series));
        byId("versions-legend").replaceChildren(...series.map(legend));
        setText(byId("checkins"), count(this.#overview.checkins_per_minute));
        setText(byId("silent"), count(silent));
        setText(byId("failed"), count(this.#overview.failed_in_a_day));
        setText(byId("arrived"), count(this.#overview.arrived_in_a_day));
        byId("silent").parentElement.classList.toggle("none", silent === 0);
        byId("failed").parentElement.classList.toggle("bad", this.#overview.failed_in_a_day > 0);
        const lively = rates(this.#points);
        byId("checkins-chart").replaceChildren(
            ...(lively.length > 1 ? [sparkline(this.#points.slice(1).map(timeOf), lively)] : []),
        );
    }
}

const timeOf = ({ at }) => Date.parse(at);
const earlier = (at) => new Date(Date.parse(at) - 60000).toISOString();

function legend({ name, tone, devices, shares }) {
    return element(
        "li",
        {},
        element("i", { class: `v${tone}`, "aria-hidden": "true" }),
        element("b", { title: name }, name),
        element("span", {}, `${percent(shares.at(-1), 1)}\u202f%`),
        element("small", {}, count(devices)),
    );
}
