// What devices say is shown as they said it, and never runs.

import { equal, test, untilEqual, untilHas } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const MAC = "5C:CF:7F:00:03:01";
const VERSION = "<img/src=x/onerror=probe()>";
const SDK = "<script>probe()</script>";

export async function strangerCases({ browser, watch, server }) {
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();
    await page.evaluate(() => {
        globalThis.probe = () => (globalThis.wasProbed = true);
    });
    // An element of it would be there as soon as the text is.
    const assertInert = async () => {
        equal("images", await page.locator("img").count(), 0);
        equal("scripts", await page.locator("script").count(), 1);
    };

    await test("markup in a version and an SDK name stays text", async () => {
        equal("answer", await server.visit(MAC, { version: VERSION, "sdk-version": SDK }), 304);
        await dashboard.untilState(MAC, "unassigned");
        const version = dashboard.row(MAC).locator(".version-cell");
        await untilEqual("version", () => version.innerText(), VERSION);
        await dashboard.row(MAC).click();
        await untilHas("SDK", () => dashboard.text("#detail"), SDK);
        await assertInert();
    });

    await test("markup in the search and in the address stays text", async () => {
        await page.fill("#search", VERSION + "nothing");
        await untilHas("the query", () => dashboard.text("#devices-empty"), VERSION);
        await assertInert();
        await page.evaluate(
            (text) => (location.hash = `state=${encodeURIComponent(text)}`),
            VERSION,
        );
        await untilHas("the state", () => dashboard.text("#devices-empty"), `state “${VERSION}”`);
        await assertInert();
    });

    await test("nothing of it ran", async () => {
        equal("ran", await page.evaluate(() => globalThis.wasProbed), undefined);
    });

    await dashboard.close();
    await server.api("DELETE", `/devices/${MAC}`);
}
