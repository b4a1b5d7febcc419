// Users: the first one by the server's link, others by links of theirs, and what they may.

import { equal, ok, test, until, untilEqual, untilHas } from "../harness.mjs";
import { DashboardPage, PHONE } from "../page.mjs";

const PASSWORD = "correct horse";
const MAC = "5C:CF:7F:0A:CC:01";

async function setPassword(page, user, password = PASSWORD) {
    await page.waitForSelector("#setup:not([hidden])");
    if (user !== null) await page.fill("#new-user", user);
    await page.fill("#new-password", password);
    await page.fill("#repeated-password", password);
    await page.click("#setup-form button");
}

async function signIn(page, user, password = PASSWORD) {
    await page.waitForSelector("#sign-in:not([hidden])");
    await page.fill("#user", user);
    await page.fill("#password", password);
    await page.click("#sign-in-form button");
}

// The statuses of changes asked for by the page's own script, as the page's user.
function tryChanges(page) {
    return page.evaluate(async (mac) => {
        const { csrf } = await (await fetch("/api/v1/session")).json();
        const tries = [
            ["PUT", `/devices/${mac}`, { product: "stolen" }],
            ["DELETE", `/devices/${mac}`],
            ["POST", "/releases?product=a&version=1", {}],
            ["POST", "/users", { name: "me", role: "admin" }],
            ["GET", "/users"],
        ];
        const statuses = tries.map(async ([method, where, body]) => {
            const headers = { "X-CSRF-Token": csrf };
            const request = { method, headers, body: body && JSON.stringify(body) };
            return (await fetch(`/api/v1${where}`, request)).status;
        });
        return (await Promise.all(statuses)).join(" ");
    }, MAC);
}

export async function accessCases({ browser, watch, server, shoot }) {
    const setup = await server.says(/(http\S+#setup=\w+)/);
    let anna;
    let link;

    await test("the server's link makes the first user, who is signed in then", async () => {
        anna = await DashboardPage.open(browser, watch, setup);
        await anna.page.waitForSelector("#setup:not([hidden])");
        await until("the ticket is out of the address", () => !anna.page.url().includes("setup"));
        await anna.untilFocused("focus", "id", "new-user");
        await shoot(anna.page, "setup");
        await anna.page.fill("#new-user", "anna");
        await anna.page.fill("#new-password", PASSWORD);
        await anna.page.fill("#repeated-password", "something else");
        await anna.page.click("#setup-form button");
        await anna.page.locator("#setup-problem", { hasText: "differ" }).waitFor();
        await setPassword(anna.page, "anna");
        await anna.live();
        await untilEqual("who", () => anna.text("#whoami"), "anna, admin");
        await anna.page.reload();
        await anna.live();
        const seen = await anna.page.evaluate(() => document.cookie + sessionStorage.length);
        equal("what a script sees of the session", seen, "0");
    });

    await test("the link works once", async () => {
        const dashboard = await DashboardPage.open(browser, watch, setup);
        await dashboard.page.locator("#sign-in-problem", { hasText: "was used" }).waitFor();
        await dashboard.close();
        watch.forgive(/status of 4(01|10)/);
    });

    await test("an admin lets in a viewer", async () => {
        const { page } = anna;
        await server.api("PUT", `/devices/${MAC}`, { product: "kitchen" });
        await page.click("#access");
        await page.waitForSelector("#users:not([hidden])");
        await page.fill("#user-name", "vera");
        await page.selectOption("#user-role", "viewer");
        await page.click("#user-form button");
        link = await page.locator("#user-link code").innerText();
        await page.locator("#user-rows tr", { hasText: "vera" }).waitFor();
        await page.fill("#token-name", "build");
        await page.click("#token-form button");
        await page.locator("#token-secret", { hasText: "shown this once" }).waitFor();
        await page.locator("#audit-rows tr", { hasText: "token 1 (build)" }).first().waitFor();
        await page.click("#verify");
        await page.locator("#verdict", { hasText: "Sound: " }).waitFor();
        await shoot(page, "access");
    });

    await test("devices' secrets are made, shown once and revoked", async () => {
        const { page } = anna;
        await untilHas("the policy", () => page.innerText("#device-policy"), "need not prove");
        await page.fill("#device-secret-mac", "not a MAC");
        await page.click("#device-secret-form button");
        await page.fill("#device-secret-mac", MAC);
        await page.click("#device-secret-form button");
        const secret = await page.locator("#device-secret-secret code").innerText();
        ok("a secret", /^[0-9a-f]{64}$/.test(secret));
        const row = page.locator("#device-secret-rows tr", { hasText: MAC });
        await row.waitFor();
        equal("rows, none of a malformed one", await page.locator("#device-secret-rows tr").count(), 1);
        await row.getByRole("button", { name: "Revoke" }).click();
        await row.waitFor({ state: "detached" });
    });

    await test("a webhook is added, switched off and removed after a question", async () => {
        const { page } = anna;
        await page.fill("#webhook-url", "http://127.0.0.1:9/hook");
        await page.fill("#webhook-events", "rollout.*, release.published");
        await page.click("#webhook-form button");
        await page.locator("#webhook-secret", { hasText: "shown this once" }).waitFor();
        const row = page.locator("#webhook-rows tr", { hasText: "http://127.0.0.1:9/hook" });
        await untilHas("events", () => row.innerText(), "rollout.*, release.published");
        await row.getByRole("button", { name: "Switch off" }).click();
        await row.getByRole("button", { name: "Switch on" }).waitFor();
        await row.getByRole("button", { name: "Remove" }).click();
        await page.locator("dialog").getByRole("button", { name: "Remove" }).click();
        await row.waitFor({ state: "detached" });
        await page.fill("#webhook-url", "ftp://nowhere");
        await page.fill("#webhook-events", "*");
        await page.click("#webhook-form button");
        await until("a reason", async () => (await page.innerText("#webhook-problem")) !== "");
    });

    await test("a group is made, and edited from its row", async () => {
        const { page } = anna;
        await page.click("#nav a[href='/groups.html']");
        await page.waitForSelector("#page:not([hidden])");
        await page.fill("#group-name", "kitchens");
        await page.fill("#group-accept", "mac=5C:CF:7F*");
        await page.fill("#group-offset", "60");
        await page.click("#group-form button");
        const row = page.locator("#group-rows tr", { hasText: "kitchens" });
        await row.waitFor();
        await untilEqual("the form", () => page.inputValue("#group-name"), "");
        await row.getByRole("button", { name: "Edit" }).click();
        await untilEqual("what joins it", () => page.inputValue("#group-accept"), "mac=5C:CF:7F*");
        await page.fill("#group-channel", "beta");
        await page.fill("#group-accept", "");
        await page.click("#group-form button");
        await page.locator("#group-rows tr", { hasText: "beta" }).waitFor();
        const { groups } = await server.api("GET", "/groups");
        const group = groups.find(({ name }) => name === "kitchens");
        equal("its channel", group.channel, "beta");
        equal("what joins it now", group.accept, null);
        equal("its time zone", group.utc_offset_minutes, 60);
        await shoot(page, "groups");
        await page.goto(`${server.origin}/access.html`);
        await page.waitForSelector("#users:not([hidden])");
    });

    await test("a viewer sees the fleet and changes nothing", async () => {
        const vera = await DashboardPage.open(browser, watch, link, PHONE);
        await setPassword(vera.page, null);
        await vera.live();
        await vera.page.locator(".opener", { hasText: MAC }).click();
        await vera.page.waitForSelector("#detail:not([hidden])");
        const controls = vera.page.locator(".form-end, .removal, .rollout-deeds button, .assign button");
        await until("the panel is whole", async () => (await controls.count()) > 0);
        equal("controls that change", await controls.filter({ visible: true }).count(), 0);
        ok("fields are locked", await vera.page.locator(".assignment input").first().isDisabled());
        equal("what the server says", await tryChanges(vera.page), "403 403 403 403 403");
        equal("the product", (await server.device(MAC)).product, "kitchen");
        await vera.page.goto(`${server.origin}/access.html`);
        await vera.page.waitForSelector("#audit-rows tr");
        equal("users shown", await vera.page.locator("#users").isVisible(), false);
        ok("it fits the phone", !(await vera.overflows()));
        await shoot(vera.page, "access-phone");
        await vera.page.click("#sign-out");
        await signIn(vera.page, "vera", "not the word");
        await vera.page.locator("#sign-in-problem", { hasText: "no such user" }).waitFor();
        await signIn(vera.page, "vera");
        await vera.live();
        await vera.close();
        watch.forgive(/status of 40[13]/);
    });

    await test("a removed user is out at once", async () => {
        const { page } = anna;
        const row = page.locator("#user-rows tr", { hasText: "vera" });
        await row.getByRole("button", { name: "Remove vera" }).click();
        await row.getByRole("button", { name: "Remove vera" }).click();
        await untilEqual("vera's rows", () => row.count(), 0);
        equal("users", (await server.api("GET", "/users")).users.length, 1);
    });

    await test("signing out ends the session on the server", async () => {
        const { page } = anna;
        await page.click("#sign-out");
        await page.waitForSelector("#sign-in:not([hidden])");
        equal("sessions", (await server.api("GET", "/users")).users[0].sessions, 0);
        await shoot(page, "sign-in");
        await anna.close();
        await server.api("DELETE", `/devices/${MAC}`);
        watch.forgive(/status of 4(00|01|10)/);
    });
}
