// The token: from the address, from the field, refused. Users are in access.mjs.

import { equal, ok, test, untilEqual, untilHas } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

function keptToken(dashboard) {
    return dashboard.page.evaluate(() => sessionStorage.getItem("updraft.token"));
}

export async function signInCases({ browser, watch, server }) {
    await test("the token moves from the address into the tab", async () => {
        const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
        await dashboard.live();
        await untilEqual("address", () => dashboard.page.url(), `${server.origin}/`);
        equal("kept", await keptToken(dashboard), server.token);
        await dashboard.page.reload();
        await dashboard.live();
        await dashboard.close();
    });

    await test("without a token the page asks who it is, and takes a token, too", async () => {
        const dashboard = await DashboardPage.open(browser, watch, `${server.origin}/`);
        await dashboard.page.waitForSelector("#sign-in");
        await dashboard.untilFocused("focus", "id", "user");
        await dashboard.page.click("#sign-in summary");
        await untilHas("the file", () => dashboard.text("#sign-in"), "operator.token");
        await dashboard.page.fill("#token", server.token);
        await dashboard.page.keyboard.press("Enter");
        await dashboard.live();
        await dashboard.close();
        watch.forgive(/status of 401/);
    });

    await test("a wrong token is refused in words, the right one then works", async () => {
        const dashboard = await DashboardPage.open(browser, watch, `${server.origin}/#token=wrong`);
        const problem = dashboard.page.locator("#sign-in-problem");
        await problem.filter({ hasText: "token is not known" }).waitFor();
        equal("kept", await keptToken(dashboard), null);
        await dashboard.page.click("#sign-in summary");
        await dashboard.page.fill("#token", "wrong again");
        await dashboard.page.click("#token-form button");
        await dashboard.page
            .locator("#token-problem")
            .filter({ hasText: "token is not known" })
            .waitFor();
        await dashboard.page.fill("#token", ` ${server.token} `);
        await dashboard.page.click("#token-form button");
        await dashboard.live();
        await dashboard.close();
        watch.forgive(/status of 401/);
    });

    await test("signing out forgets the token", async () => {
        const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
        await dashboard.live();
        await dashboard.page.click("#sign-out");
        await dashboard.page.waitForSelector("#sign-in:not([hidden])");
        equal("kept", await dashboard.page.evaluate(() => sessionStorage.length), 0);
        await dashboard.close();
        watch.forgive(/status of 401/);
    });

    await test("the page may load nothing from elsewhere and be in no frame", async () => {
        const policy = (await fetch(server.origin)).headers.get("Content-Security-Policy");
        ok(`default-src 'self' in ${policy}`, policy.includes("default-src 'self'"));
        ok(`no inline exception in ${policy}`, !policy.includes("unsafe"));
    });
}
