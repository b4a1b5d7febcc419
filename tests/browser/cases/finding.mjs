// Finding devices: filters, search, order, and all of it from the keyboard.

import { ok, test, until, untilEqual, untilHas } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const MACS = ["A1", "A2", "A3", "A4"].map((end) => `5C:CF:7F:00:02:${end}`);

export async function findingCases({ browser, watch, server }) {
    await server.api("PUT", `/devices/${MACS[0]}`, { product: "kitchen" });
    await server.api("PUT", `/devices/${MACS[1]}`, { product: "greenhouse" });
    await server.visit(MACS[2], { version: "7.7.7" });
    await server.visit(MACS[3]);
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();
    const macs = async () => (await page.locator("tbody .opener").allInnerTexts()).join();
    const press = (key) => page.keyboard.press(key);

    await test("a tile shows only its state, and again everything", async () => {
        await dashboard.tile("unassigned").click();
        await untilEqual("rows", () => dashboard.rowCount(), 2);
        const tile = dashboard.tile("unassigned");
        await untilEqual("pressed", () => tile.getAttribute("aria-pressed"), "true");
        await untilHas("the address", () => page.url(), /#state=unassigned$/);
        await tile.click();
        await until("more rows", async () => (await dashboard.rowCount()) > 2);
    });

    await test("search finds by part of a MAC without colons, product and version", async () => {
        for (const [query, mac] of [
            ["0002a1", MACS[0]],
            ["greenh", MACS[1]],
            ["7.7.7", MACS[2]],
        ]) {
            await page.fill("#search", query);
            await untilEqual(query, macs, mac);
        }
        await untilHas("count", () => dashboard.text("#shown"), /^1 of \d+ devices$/);
    });

    await test("the view survives a reload", async () => {
        await page.reload();
        await dashboard.live();
        await untilEqual("query", () => page.inputValue("#search"), "7.7.7");
        await untilEqual("its row", macs, MACS[2]);
    });

    await test("nothing found says so, and leads back", async () => {
        await page.fill("#search", "no such thing");
        await untilHas("the query", () => dashboard.text("#devices-empty"), "no such thing");
        await page.getByRole("button", { name: "Show all devices" }).click();
        await until("rows", async () => (await dashboard.rowCount()) >= 4);
    });

    await test("a column sorts, and back", async () => {
        const sorted = (await macs()).split(",").sort();
        const head = page.locator('th[data-key="mac"]');
        await untilEqual("order", macs, sorted.join());
        await head.locator("button").click();
        await untilEqual("aria-sort", () => head.getAttribute("aria-sort"), "descending");
        await untilEqual("backwards", macs, sorted.toReversed().join());
        await head.locator("button").click();
        await untilEqual("order again", macs, sorted.join());
    });

    await test("with the keyboard: / searches, arrows move, Enter opens, Escape returns", async () => {
        await press("/");
        await dashboard.untilFocused("focus after /", "id", "search");
        await page.keyboard.type("5ccf7f0002");
        await untilEqual("rows", () => dashboard.rowCount(), 4);
        for (let tabs = 0; tabs < 10; tabs++) {
            await press("Tab");
            if ((await dashboard.focused()).className === "opener") break;
        }
        await dashboard.untilFocused("the first row", "text", MACS[0]);
        await press("ArrowDown");
        await dashboard.untilFocused("the second", "text", MACS[1]);
        await press("End");
        await dashboard.untilFocused("the last", "text", MACS[3]);
        await press("ArrowUp");
        await press("Enter");
        await dashboard.untilFocused("the panel's title", "id", "detail-title");
        await dashboard.untilFocused("the panel's title", "text", MACS[2]);
        await press("Escape");
        await dashboard.untilFocused("a row", "className", "opener");
        await dashboard.untilFocused("back on the row", "text", MACS[2]);
    });

    await test("with the keyboard: an unassigned device is assigned", async () => {
        for (let tabs = 0; tabs < 3; tabs++) {
            await press("Tab");
            if ((await dashboard.focused()).text === "Assign product…") break;
        }
        await press("Enter");
        await dashboard.untilFocused("the field", "placeholder", "product");
        await page.keyboard.type("kitchen");
        await press("Enter");
        const product = async () => (await server.device(MACS[2])).product;
        await untilEqual("its product", product, "kitchen");
        await dashboard.untilFocused("back on the row", "text", MACS[2]);
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
        await dashboard.untilFocused("link", "className", "skip");
        await press("Enter");
        await dashboard.untilFocused("focus", "id", "devices");
    });

    await dashboard.close();
    for (const mac of MACS) await server.api("DELETE", `/devices/${mac}`);
}
