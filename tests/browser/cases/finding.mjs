// Finding devices: filters, search, order, and all of it from the keyboard.

import { equal, ok, test, until } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const MACS = ["A1", "A2", "A3", "A4"].map((end) => `5C:CF:7F:00:02:${end}`);

export async function findingCases({ browser, watch, server }) {
    await server.api("PUT", `/devices/${MACS[0]}`, { product: "kitchen" });
    await server.api("PUT", `/devices/${MACS[1]}`, { product: "greenhouse" });
    await server.visit(MACS[2], { version: "7.7.7" });
    await server.visit(MACS[3]);
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();
    const macs = () => page.locator("tbody .opener").allInnerTexts();
    const press = (key) => page.keyboard.press(key);

    await test("a tile shows only its state, and again everything", async () => {
        await dashboard.tile("unassigned").click();
        await until("two rows", async () => (await dashboard.rowCount()) === 2);
        equal("pressed", await dashboard.tile("unassigned").getAttribute("aria-pressed"), "true");
        ok("the address says so", page.url().endsWith("#state=unassigned"));
        await dashboard.tile("unassigned").click();
        await until("more rows", async () => (await dashboard.rowCount()) > 2);
    });

    await test("search finds by part of a MAC without colons, product and version", async () => {
        for (const [query, mac] of [
            ["0002a1", MACS[0]],
            ["greenh", MACS[1]],
            ["7.7.7", MACS[2]],
        ]) {
            await page.fill("#search", query);
            await until(query, async () => (await macs()).join() === mac);
        }
        equal("count", /^1 of \d+ devices$/.test(await dashboard.text("#shown")), true);
    });

    await test("the view survives a reload", async () => {
        await page.reload();
        await dashboard.live();
        equal("query", await page.inputValue("#search"), "7.7.7");
        await until("its row", async () => (await macs()).join() === MACS[2]);
    });

    await test("nothing found says so, and leads back", async () => {
        await page.fill("#search", "no such thing");
        ok(
            "the query is quoted",
            (await dashboard.text("#devices-empty")).includes("no such thing"),
        );
        await page.getByRole("button", { name: "Show all devices" }).click();
        await until("rows", async () => (await dashboard.rowCount()) >= 4);
    });

    await test("a column sorts, and back", async () => {
        const sorted = [...(await macs())].sort();
        const head = page.locator('th[data-key="mac"]');
        equal("order", (await macs()).join(), sorted.join());
        await head.locator("button").click();
        equal("aria-sort", await head.getAttribute("aria-sort"), "descending");
        equal("order", (await macs()).join(), sorted.reverse().join());
        await head.locator("button").click();
    });

    await test("with the keyboard: / searches, arrows move, Enter opens, Escape returns", async () => {
        await press("/");
        equal("focus after /", (await dashboard.focused()).id, "search");
        await page.keyboard.type("5ccf7f0002");
        await until("four rows", async () => (await dashboard.rowCount()) === 4);
        for (let tabs = 0; tabs < 10; tabs++) {
            await press("Tab");
            if ((await dashboard.focused()).className === "opener") break;
        }
        equal("the first row", (await dashboard.focused()).text, MACS[0]);
        await press("ArrowDown");
        equal("the second", (await dashboard.focused()).text, MACS[1]);
        await press("End");
        equal("the last", (await dashboard.focused()).text, MACS[3]);
        await press("ArrowUp");
        await press("Enter");
        equal("the panel's title", (await dashboard.focused()).text, MACS[2]);
        await press("Escape");
        equal("back on the row", (await dashboard.focused()).text, MACS[2]);
    });

    await test("with the keyboard: an unassigned device is assigned", async () => {
        for (let tabs = 0; tabs < 3; tabs++) {
            await press("Tab");
            if ((await dashboard.focused()).text === "Assign product…") break;
        }
        await press("Enter");
        await page.keyboard.type("kitchen");
        await press("Enter");
        await until("assigned", async () => (await server.device(MACS[2])).product === "kitchen");
    });

    await test("the focus is always visible", async () => {
        await page.evaluate(() => document.activeElement.blur());
        for (let tabs = 0; tabs < 12; tabs++) {
            await press("Tab");
            const shown = await page.evaluate(() => {
                const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
                return (
                    document.activeElement === document.body ||
                    (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1)
                );
            });
            ok(`an outline on ${JSON.stringify(await dashboard.focused())}`, shown);
        }
    });

    await test("the first Tab stop skips to the devices", async () => {
        await page.evaluate(() => document.activeElement.blur());
        await page.reload();
        await dashboard.live();
        await press("Tab");
        equal("link", (await dashboard.focused()).className, "skip");
        await press("Enter");
        equal("focus", (await dashboard.focused()).id, "devices");
    });

    await dashboard.close();
    for (const mac of MACS) await server.api("DELETE", `/devices/${mac}`);
}
