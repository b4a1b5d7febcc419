// A thousand devices at once.

import { equal, ok, test, until } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const DEVICES = 1000;
const AT_ONCE = 20;
// On a machine that is busy with other tests; an idle one needs a tenth of it.
const REDRAW_MS = 2000;

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

export async function manyCases({ browser, watch, server, shoot }) {
    const numbers = Array.from({ length: DEVICES }, (_, number) => number);
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();

    await test("a thousand devices check in and are all listed", async () => {
        await inParallel(numbers, (number) =>
            server.visit(macOf(number), { version: `1.${number % 7}.0` }),
        );
        await page.fill("#search", "5ccf7f01");
        await until("all rows", async () => (await dashboard.rowCount()) === DEVICES, 30000);
        await shoot(page, "many");
    });

    await test("searching and sorting a thousand rows stays quick", async () => {
        const took = await page.evaluate(async () => {
            const painted = () =>
                new Promise((resolve) =>
                    requestAnimationFrame(() => requestAnimationFrame(resolve)),
                );
            const timed = async (action) => {
                const start = performance.now();
                action();
                await painted();
                return performance.now() - start;
            };
            const search = document.getElementById("search");
            return {
                sort: await timed(() =>
                    document.querySelector("th[data-key=version] button").click(),
                ),
                search: await timed(() => {
                    search.value = "01:02";
                    search.dispatchEvent(new Event("input"));
                }),
            };
        });
        ok(`sorting took ${took.sort} ms`, took.sort < REDRAW_MS);
        ok(`searching took ${took.search} ms`, took.search < REDRAW_MS);
        equal(
            "found",
            await dashboard.rowCount(),
            numbers.filter((number) => macOf(number).includes("01:02")).length,
        );
    });

    await test("check-ins of all of them leave the page at ease", async () => {
        await page.fill("#search", "");
        await inParallel(numbers, (number) => server.visit(macOf(number), { version: "2.0.0" }));
        await page.fill("#search", "2.0.0");
        await until("all changed", async () => (await dashboard.rowCount()) === DEVICES, 30000);
        equal("reloaded", await dashboard.wasReloaded(), false);
    });

    await dashboard.close();
    await inParallel(numbers, (number) => server.api("DELETE", `/devices/${macOf(number)}`));
}
