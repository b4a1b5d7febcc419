// The dashboard's parts that need no page, under Node alone. Prints TAP.

import { choose, matches } from "../../server/web/devices.js";
import { EventStreamParser } from "../../server/web/event_stream.js";
import { age, bytes, compareVersions, count, percent } from "../../server/web/format.js";
import { HEIGHT, WIDTH, stack } from "../../server/web/chart.js";
import { Latest } from "../../server/web/latest.js";
import { NAMED, rates, versionsOverTime } from "../../server/web/trend.js";
import { end, equal, ok, test } from "./harness.mjs";

const STREAM =
    ": a comment\n\n" +
    'event: device\ndata: {"mac":"5C:CF:7F:00:00:01"}\n\n' +
    "event: release\r\ndata: first\r\ndata: second\r\n\r\n" +
    "id: 7\nretry: 100\ndata:no space\n\n" +
    "event: lost without data\n\n" +
    "data: ünïcode\r\r" +
    "event: device\ndata: not ended";
const EVENTS = [
    ["device", '{"mac":"5C:CF:7F:00:00:01"}'],
    ["release", "first\nsecond"],
    ["message", "no space"],
    ["message", "ünïcode"],
];

function parse(pieces) {
    const parser = new EventStreamParser();
    const events = [];
    for (const piece of pieces) parser.push(piece, (name, data) => events.push([name, data]));
    return JSON.stringify(events);
}

const device = (mac, more = {}) => ({
    mac,
    state: "current",
    product: "kitchen",
    group: null,
    channel: null,
    version: "1.0.0",
    target: "1.0.0",
    address: "10.0.0.7",
    chip: "ESP8266",
    last_seen: null,
    ...more,
});

await test("events come whole, whatever pieces they arrive in", async () => {
    const wanted = JSON.stringify(EVENTS);
    equal("in one piece", parse([STREAM]), wanted);
    equal("in single characters", parse([...STREAM]), wanted);
    for (let at = 1; at < STREAM.length; at++)
        equal(`split at ${at}`, parse([STREAM.slice(0, at), STREAM.slice(at)]), wanted);
});

await test("ages are said in one unit", async () => {
    const now = Date.parse("2026-11-21T12:00:00.000Z");
    const table = [
        ["2026-11-21T12:00:03.000Z", "now"],
        ["2026-11-21T11:59:59.500Z", "now"],
        ["2026-11-21T11:59:59.000Z", "1 s ago"],
        ["2026-11-21T11:59:00.001Z", "59 s ago"],
        ["2026-11-21T11:59:00.000Z", "1 min ago"],
        ["2026-11-21T11:00:00.001Z", "59 min ago"],
        ["2026-11-21T11:00:00.000Z", "1 h ago"],
        ["2026-11-20T12:00:00.000Z", "1 d ago"],
        [null, "never"],
    ];
    for (const [instant, wanted] of table) equal(String(instant), age(instant, now), wanted);
});

await test("sizes are exact where flash is, rounded where it is not", async () => {
    const table = [
        [0, "0 bytes"],
        [1, "1 byte"],
        [1023, "1\u202f023 bytes"],
        [4096, "4 KB"],
        [4160, "4.1 KB"],
        [404160, "395 KB"],
        [4194304, "4 MB"],
        [2621440, "2\u202f560 KB"],
        [null, null],
    ];
    for (const [size, wanted] of table) equal(String(size), bytes(size), wanted);
    equal("thousands", count(1234567), "1\u202f234\u202f567");
});

await test("100 per cent means everything", async () => {
    equal("nothing", percent(0, 404160), 0);
    equal("all but one byte", percent(404159, 404160), 99);
    equal("all", percent(404160, 404160), 100);
    equal("of nothing", percent(0, 0), 0);
});

await test("versions order by their numbers", async () => {
    const sorted = ["1.10.0", "1.9.0", null, "1.2.0-rc1"].sort(compareVersions);
    equal("order", JSON.stringify(sorted), '[null,"1.2.0-rc1","1.9.0","1.10.0"]');
});

await test("search needs every word, and takes a MAC in any spelling", async () => {
    const kitchen = device("5C:CF:7F:00:0A:01", { state: "no-release", group: "lab" });
    const found = [
        "",
        "kitchen",
        "KITCHEN",
        "5ccf7f000a01",
        "5c-cf-7f",
        "0a:01",
        "lab 1.0",
        "no rel",
        "10.0.0",
    ];
    const missed = ["porch", "kitchen porch", "5ccf7f000b", "1-0-0"];
    for (const query of found) equal(query, matches(kitchen, query), true);
    for (const query of missed) equal(query, matches(kitchen, query), false);
});

await test("the table's order is the column's, then the MAC's", async () => {
    const devices = [
        device("5C:CF:7F:00:00:03", { version: "1.10.0" }),
        device("5C:CF:7F:00:00:02", { version: "1.9.0", state: "failing" }),
        device("5C:CF:7F:00:00:01", { version: "1.10.0" }),
    ];
    const order = (view) =>
        choose(devices, { state: null, query: "", sortKey: "mac", descending: false, ...view })
            .map(({ mac }) => mac.slice(-1))
            .join("");
    equal("by MAC", order({}), "123");
    equal("backwards", order({ descending: true }), "321");
    equal("by version", order({ sortKey: "version" }), "213");
    equal("by concern", order({ sortKey: "state" }), "213");
    equal("one state", order({ state: "failing" }), "2");
});

const at = (minute) => `2026-11-21T12:${String(minute).padStart(2, "0")}:00.000Z`;
const pointOf = (minute, devices, counts, more = {}) => ({
    at: at(minute),
    devices,
    checkins: 0,
    versions: Object.entries(counts).map(([version, number]) => ({
        product: "kitchen",
        version,
        devices: number,
    })),
    ...more,
});

await test("versions over time: the most frequent now comes first, shares add up", async () => {
    const { times, series } = versionsOverTime([
        pointOf(0, 0, {}),
        pointOf(1, 10, { "1.0": 10 }),
        pointOf(2, 10, { "1.0": 2, "2.0": 6 }),
    ]);
    equal("times", times.length, 2);
    equal("names", series.map(({ name }) => name).join(), "2.0,1.0,others");
    equal("now", series.map(({ devices }) => devices).join(), "6,2,2");
    equal("before", series.map(({ shares }) => shares[0]).join(), "0,1,0");
});

await test("more versions than colours are told together", async () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`1.${i}`, 9 - i]));
    const { series } = versionsOverTime([pointOf(0, 45, many), pointOf(1, 45, many)]);
    equal("series", series.length, NAMED + 1);
    equal("the rest", series.at(-1).devices, 4 + 3 + 2 + 1);
    const mixed = pointOf(1, 2, { "1.0": 1 });
    mixed.versions.push({ product: "porch", version: "1.0", devices: 1 });
    const names = versionsOverTime([mixed, mixed]).series.map(({ name }) => name);
    equal("two products", names.join(), "kitchen 1.0,porch 1.0");
});

await test("a fleet that has just begun has a chart, too", async () => {
    const { times, series } = versionsOverTime([pointOf(0, 0, {}), pointOf(1, 3, { "1.0": 3 })]);
    equal("times", times.length, 2);
    equal("shares", series[0].shares.join(), "1,1");
});

await test("check-ins become rates, and layers paths that lie on each other", async () => {
    const points = [pointOf(0, 1, {}), pointOf(2, 1, {}, { checkins: 10 })];
    equal("a minute", rates(points).join(), "5");
    const [low, high] = stack(
        [0, 60],
        [
            [0.5, 0.5],
            [0.5, 0.5],
        ],
    );
    equal(
        "low",
        low,
        `M0.0,${HEIGHT / 2}.0L${WIDTH}.0,${HEIGHT / 2}.0L${WIDTH}.0,${HEIGHT}.0L0.0,${HEIGHT}.0Z`,
    );
    ok("the high one begins at the top", high.startsWith("M0.0,0.0"));
});

// Questions that are answered when the test says so: their answers, in the order they were taken.
function askThree() {
    const latest = new Latest();
    const taken = [];
    const asked = [1, 2, 3].map((number) => {
        let settle;
        const question = new Promise((resolve, reject) => (settle = { resolve, reject }));
        const done = latest
            .read(
                () => question,
                (answer) => taken.push(answer),
            )
            .catch(() => taken.push(`failed ${number}`));
        return {
            answer: () => (settle.resolve(number), done),
            fail: () => (settle.reject(new Error()), done),
        };
    });
    return { latest, taken, asked };
}

await test("an answer that a later one has overtaken does not count", async () => {
    for (const [order, wanted] of [
        [[0, 1, 2], "1,2,3"],
        [[0, 2, 1], "1,3"],
        [[1, 0, 2], "2,3"],
        [[2, 1, 0], "3"],
    ]) {
        const { taken, asked } = askThree();
        for (const index of order) await asked[index].answer();
        equal(`in the order ${order}`, taken.join(), wanted);
    }
});

await test("a question that failed has overtaken nothing, and after the end none counts", async () => {
    const { latest, taken, asked } = askThree();
    await asked[2].fail();
    await asked[0].answer();
    latest.end();
    await asked[1].answer();
    equal("taken", taken.join(), "failed 3,1");
});

process.exitCode = end();
