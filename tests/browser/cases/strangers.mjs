// What devices say is shown as they said it, and never runs.

import { equal, ok, test } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const MAC = "5C:CF:7F:00:03:01";
const VERSION = "<img/src=x/onerror=probe()>";
const SDK = "<script>probe()</script>";

export async function strangerCases({ browser, watch, server }) {
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();
    await page.evaluate(() => (globalThis.probe = () => (globalThis.wasProbed = true)));

    await test("markup in a version and an SDK name stays text", async () => {
        equal("answer", await server.visit(MAC, { version: VERSION, "sdk-version": SDK }), 304);
        await dashboard.untilState(MAC, "unassigned");
        equal("version", await dashboard.row(MAC).locator(".version-cell").innerText(), VERSION);
        await dashboard.row(MAC).click();
        ok("SDK", (await dashboard.text("#detail")).includes(SDK));
    });

    await test("markup in the search and in the address stays text", async () => {
        await page.fill("#search", VERSION + "nothing");
        ok("the query", (await dashboard.text("#devices-empty")).includes(VERSION));
        await page.evaluate(
            (text) => (location.hash = `state=${encodeURIComponent(text)}`),
            VERSION,
        );
        await page.locator("#devices-empty", { hasText: VERSION }).waitFor();
    });

    await test("nothing of it became an element or ran", async () => {
        equal("images", await page.locator("img").count(), 0);
        equal("scripts", await page.locator("script").count(), 1);
        equal("ran", await page.evaluate(() => globalThis.wasProbed), undefined);
    });

    await dashboard.close();
    await server.api("DELETE", `/devices/${MAC}`);
}
