// The server goes away and comes back.

import { equal, ok, test, untilEqual } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const MAC = "5C:CF:7F:00:04:01";

export async function linkCases({ browser, watch, server, shoot }) {
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();

    await test("a lost connection is said, and what is shown stays", async () => {
        await server.api("PUT", `/devices/${MAC}`, { product: "kitchen" });
        await dashboard.untilState(MAC, "never-seen");
        await server.stop("SIGKILL");
        await page.locator("#banner", { hasText: "Connection lost, retrying" }).waitFor();
        await untilEqual("status", () => dashboard.text("#link"), "Connection lost");
        ok("the rows", (await dashboard.rowCount()) > 0);
        await shoot(page, "lost");
    });

    await test("a change that cannot be sent says so and is kept for another try", async () => {
        await dashboard.row(MAC).click();
        await page.fill("#detail-group", "lab");
        await page.click(".assignment .primary");
        await page.locator(".assignment .problem", { hasText: "cannot be reached" }).waitFor();
        equal("group field", await page.inputValue("#detail-group"), "lab");
    });

    await test("when the server is back the page is live and has what changed meanwhile", async () => {
        await server.start();
        await server.api("PUT", `/devices/${MAC}`, { product: "greenhouse" });
        await dashboard.live();
        await page.locator("#banner").waitFor({ state: "hidden" });
        await dashboard.row(MAC).locator(".product", { hasText: "greenhouse" }).waitFor();
        equal("reloaded", await dashboard.wasReloaded(), false);
    });

    await test("and follows again", async () => {
        await page.click(".assignment .primary");
        await page.locator(`tbody tr[data-state] small`, { hasText: "lab" }).waitFor();
        equal("on the server", (await server.device(MAC)).group, "lab");
    });

    await dashboard.close();
    watch.forgive(/net::ERR_/);
    await server.api("DELETE", `/devices/${MAC}`);
}
