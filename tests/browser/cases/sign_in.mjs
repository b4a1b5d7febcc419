// The token: from the address, from the field, refused.

import { equal, ok, test } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

export async function signInCases({ browser, watch, server }) {
    await test("the token moves from the address into the tab", async () => {
        const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
        await dashboard.live();
        equal("address", dashboard.page.url(), `${server.origin}/`);
        const kept = await dashboard.page.evaluate(() => sessionStorage.getItem("updraft.token"));
        equal("kept", kept, server.token);
        await dashboard.page.reload();
        await dashboard.live();
        await dashboard.close();
    });

    await test("without a token the page asks for it and says where it is", async () => {
        const dashboard = await DashboardPage.open(browser, watch, `${server.origin}/`);
        await dashboard.page.waitForSelector("#sign-in");
        ok("the file is named", (await dashboard.text("#sign-in")).includes("operator.token"));
        equal("focus", (await dashboard.focused()).id, "token");
        await dashboard.page.fill("#token", server.token);
        await dashboard.page.keyboard.press("Enter");
        await dashboard.live();
        await dashboard.close();
    });

    await test("a wrong token is refused in words, the right one then works", async () => {
        const dashboard = await DashboardPage.open(browser, watch, `${server.origin}/#token=wrong`);
        const problem = dashboard.page.locator("#token-problem");
        await problem.filter({ hasText: "does not accept this token" }).waitFor();
        equal(
            "kept",
            await dashboard.page.evaluate(() => sessionStorage.getItem("updraft.token")),
            null,
        );
        await dashboard.page.fill("#token", ` ${server.token} `);
        await dashboard.page.click("#sign-in-form button");
        await dashboard.live();
        await dashboard.close();
        watch.forgive(/status of 401/);
    });

    await test("signing out forgets the token", async () => {
        const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
        await dashboard.live();
        await dashboard.page.click("#sign-out");
        await dashboard.page.waitForSelector("#sign-in");
        equal("kept", await dashboard.page.evaluate(() => sessionStorage.length), 0);
        await dashboard.close();
    });

    await test("the page may load nothing from elsewhere and be in no frame", async () => {
        const policy = (await fetch(server.origin)).headers.get("Content-Security-Policy");
        ok(`default-src 'self' in ${policy}`, policy.includes("default-src 'self'"));
        ok(`no inline exception in ${policy}`, !policy.includes("unsafe"));
    });
}
