// A thousand devices at once.

import { equal, note, ok, test, untilEqual } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const DEVICES = 1000;
const AT_ONCE = 20;

const macOf = (number) =>
    `5C:CF:7F:01:${[number >> 8, number & 255]
        .map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"))
        .join(":")}`;

async function inParallel(numbers, work) {
    const queue = [...numbers];
    const worker = async () => {
        while (queue.length) await work(queue.shift());
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

// Runs in the page: sorts the rows and then searches in them; how many rows each has put
// somewhere, and how many of them it has made anew.
async function sortAndSearch() {
    const rows = document.getElementById("rows");
    const old = new Set(rows.children);
    const watch = new MutationObserver(() => {});
    watch.observe(rows, { childList: true });
    const did = (act) => {
        const start = performance.now();
        act();
        const ms = Math.round(performance.now() - start);
        const added = watch.takeRecords().flatMap(({ addedNodes }) => [...addedNodes]);
        const put = added.filter((node) => node.localName === "tr");
        const made = put.filter((row) => !old.has(row));
        return { put: put.length, made: made.length, ms };
    };
    const search = document.getElementById("search");
    const sorted = did(() => document.querySelector("th[data-key=version] button").click());
    const found = did(() => {
        search.value = "01:02";
        search.dispatchEvent(new Event("input"));
    });
    return { sorted, found };
}

export async function manyCases({ browser, watch, server, shoot }) {
    const numbers = Array.from({ length: DEVICES }, (_, number) => number);
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();

    await test("a thousand devices check in and are all listed", async () => {
        await inParallel(numbers, (number) =>
            server.visit(macOf(number), { version: `1.${number % 7}.0` }),
        );
        await page.fill("#search", "5ccf7f01");
        await untilEqual("rows", () => dashboard.rowCount(), DEVICES);
        await shoot(page, "many");
    });

    await test("sorting a thousand rows only moves them, searching only takes some away", async () => {
        const { sorted, found } = await page.evaluate(sortAndSearch);
        note(`sorting took ${sorted.ms} ms, searching ${found.ms} ms`);
        ok(`sorting moved ${sorted.put} rows`, sorted.put > 0 && sorted.put < DEVICES);
        equal("rows made anew by sorting", sorted.made, 0);
        equal("rows moved by searching", found.put, 0);
        await untilEqual(
            "found",
            () => dashboard.rowCount(),
            numbers.filter((number) => macOf(number).includes("01:02")).length,
        );
    });

    await test("check-ins of all of them leave the page at ease", async () => {
        await page.fill("#search", "");
        await inParallel(numbers, (number) => server.visit(macOf(number), { version: "2.0.0" }));
        await page.fill("#search", "2.0.0");
        await untilEqual("rows that changed", () => dashboard.rowCount(), DEVICES);
        equal("reloaded", await dashboard.wasReloaded(), false);
    });

    await dashboard.close();
    await inParallel(numbers, (number) => server.api("DELETE", `/devices/${macOf(number)}`));
}
